"""Our end of the wire, as we write it in Via and Contact.

A listener on a wildcard address is known to a peer by the address that a route to that peer would
use.  The kernel tells it when a datagram socket is connected; nothing is sent by that.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IReactorTime

from b2bua.net.names import is_numeric
from b2bua.sip.nexthop import DEFAULT_PORTS

WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to
# Addresses of nobody (RFC 5737, RFC 3849): the way to them is the way to a name not yet located.
_ELSEWHERE, _ELSEWHERE6 = "192.0.2.1", "2001:db8::1"
CACHE_SECONDS = 60.0
CACHE_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class Local:
    """Our end: `transport` in lower case, `host` as advertised (IPv6 without brackets)."""

    transport: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Listener:
    """An open listening socket: `host` is what it is bound to, `number` is never 0."""

    transport: str
    host: str
    port: int
    number: int

    @property
    def is_v6(self) -> bool:
        """Whether it listens on IPv6."""
        return ":" in self.host


def route_source(host: str) -> str | None:
    """Return the address that the kernel would send from to numeric `host`; None: no route."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, DEFAULT_PORTS["udp"]))
            return str(probe.getsockname()[0])
    except OSError:
        return None


class Locals:
    """Chooses the listener for a peer, and what to call it; remembers both for a minute."""

    def __init__(
        self,
        clock: IReactorTime,
        advertise: str = "",
        source_for: Callable[[str], str | None] = route_source,
    ) -> None:
        self._clock = clock
        self._advertise = advertise.strip("[]")
        self._source_for = source_for
        self._listeners: list[Listener] = []
        self._chosen: dict[tuple[str, str], tuple[Listener | None, Local]] = {}
        self._seen: dict[tuple[int, str], Local] = {}
        self._forget_at = 0.0

    def add(self, listener: Listener) -> None:
        """Take note of an open listener; the first of equals is preferred."""
        self._listeners.append(listener)
        self._forget_at = 0.0

    def clear(self) -> None:
        """Forget all listeners."""
        self._listeners.clear()
        self._forget_at = 0.0

    def choose(self, transport: str, host: str) -> tuple[Listener | None, Local]:
        """Return the listener that `host` should see as its peer, and how to call it.

        There is none for a transport or an address family on which nothing listens; then the
        name is what a listener would have been called.  A transport of "" is UDP if we have that,
        else the first that we have.
        """
        transport = transport or self._usual()
        self._forget()
        found = self._chosen.get((transport, host))
        if found is None:
            found = self._chosen[transport, host] = self._find(transport, host)
        return found

    def seen_by(self, host: str, listener: Listener) -> Local:
        """Return how to call `listener` to numeric `host`."""
        self._forget()
        found = self._seen.get((listener.number, host))
        if found is None:
            source = self._source_for(host) if listener.host in WILDCARDS else None
            found = self._seen[listener.number, host] = self._call(listener, source)
        return found

    def speaks(self, transport: str, host: str) -> bool:
        """Tell whether a message to numeric `host` could leave: a stream needs no listener."""
        return transport != "udp" or self.choose(transport, host)[0] is not None

    def _forget(self) -> None:
        now = self._clock.seconds()
        if now >= self._forget_at or len(self._chosen) + len(self._seen) >= CACHE_ENTRIES:
            self._chosen.clear()
            self._seen.clear()
            self._forget_at = now + CACHE_SECONDS

    def _usual(self) -> str:
        spoken = [one.transport for one in self._listeners]
        return "udp" if "udp" in spoken or not spoken else spoken[0]

    def _find(self, transport: str, host: str) -> tuple[Listener | None, Local]:
        fitting = [one for one in self._listeners if one.transport == transport]
        if is_numeric(host):
            source = self._source_for(host)
            fitting = [one for one in fitting if one.is_v6 == (":" in host)]
        else:
            elsewhere = _ELSEWHERE6 if fitting and fitting[0].is_v6 else _ELSEWHERE
            source = self._source_for(elsewhere)
        exact = [one for one in fitting if one.host == source]
        wildcards = [one for one in fitting if one.host in WILDCARDS]
        best = next(iter([*exact, *wildcards, *fitting]), None)
        if best is not None:
            return best, self._call(best, source)
        port = DEFAULT_PORTS.get(transport, 5060)
        return None, Local(transport, self._advertised(source or "127.0.0.1"), port)

    def _call(self, listener: Listener, source: str | None) -> Local:
        host = listener.host
        if host in WILDCARDS:
            host = source or ("::1" if listener.is_v6 else "127.0.0.1")
        return Local(listener.transport, self._advertised(host), listener.port)

    def _advertised(self, host: str) -> str:
        """Return the advertised host, unless it is an address of the other family."""
        if not self._advertise:
            return host
        if is_numeric(self._advertise) and (":" in self._advertise) != (":" in host):
            return host
        return self._advertise
