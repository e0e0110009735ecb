"""From the host of a URI to the places where its server may be, best first (RFC 3263 section 4).

A number is its own place and costs nothing.  A name with a port has addresses; without one the
DNS is asked for services before.  Places that could not be reached lately come last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from b2bua.net.names import CACHE_ENTRIES, CACHE_SECONDS, Names, is_name, is_numeric
from b2bua.net.srv import PREFIXES, Naptr, Srv, in_order, services
from b2bua.sip.nexthop import DEFAULT_PORTS, Hop

UNREACHABLE_SECONDS = 60.0
"""How long a place that could not be reached is tried last."""
MOST_TARGETS = 8

Found = Callable[[tuple[Hop, ...]], None]
Offered = tuple[tuple[str, tuple[Srv, ...]], ...]  # transports, and where each is spoken


class Records(Protocol):
    """What is asked of the DNS; see `Dns`."""

    async def naptr(self, domain: str) -> tuple[Naptr, ...] | None:
        """Return the NAPTR records of `domain`; None: no server answers."""

    async def srv(self, name: str) -> tuple[Srv, ...] | None:
        """Return the SRV records of `name`; None: no server answers."""


class Unreachable:
    """The places that could not be reached, each for a bounded time."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._until: dict[tuple[str, str, int], float] = {}

    def __contains__(self, hop: Hop) -> bool:
        until = self._until.get((hop.transport, hop.host, hop.port))
        return until is not None and self._clock.seconds() < until

    def add(self, hop: Hop, seconds: float = UNREACHABLE_SECONDS) -> None:
        """Take note that nobody serves at `hop`, for `seconds`."""
        if len(self._until) >= CACHE_ENTRIES:
            self._until.clear()
        self._until[hop.transport, hop.host, hop.port] = self._clock.seconds() + seconds


class Locator:
    """Finds the targets of hops.  `speaks` tells whether a transport can leave for an address."""

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        names: Names,
        records: Records,
        speaks: Callable[[str, str], bool],
        fraction: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._names = names
        self._records = records
        self._speaks = speaks
        self._fraction = fraction
        self._known: dict[tuple[str, str], tuple[float, Offered]] = {}
        self._stopped = False
        self.unreachable = Unreachable(clock)

    def locate(self, hop: Hop, found: Found) -> None:
        """Call `found` once, now or later, with the targets of `hop`: numeric hosts, best first."""
        if is_numeric(hop.host):
            found((hop,))
            return

        def answered(targets: tuple[Hop, ...]) -> None:
            if not self._stopped:
                found(tuple(sorted(targets, key=self.unreachable.__contains__)))

        done: Deferred[tuple[Hop, ...]] = Deferred.fromCoroutine(self._targets(hop))
        done.addErrback(self._broke)
        done.addCallback(answered)

    def stop(self) -> None:
        """Call nobody any more."""
        self._stopped = True

    def _broke(self, failure: Any) -> tuple[Hop, ...]:
        self._log.failure("locating a server broke", failure)
        return ()

    async def _targets(self, hop: Hop) -> tuple[Hop, ...]:
        if hop.port:
            place = Srv(0, 0, hop.port, hop.host)
            offered: Offered = ((hop.transport or "udp", (place,)),)
        else:
            offered = await self._offered(hop.transport, hop.host)
        wanted = [
            (transport, place)
            for transport, places in offered
            for place in in_order(places, self._fraction)
        ][:MOST_TARGETS]
        answers = await gatherResults([self._addresses(place.target) for _, place in wanted])
        targets = [
            Hop(transport, address, place.port, domain=hop.host)
            for (transport, place), addresses in zip(wanted, answers, strict=True)
            for address in addresses
            if self._speaks(transport, address)
        ]
        return tuple(dict.fromkeys(targets))[:MOST_TARGETS]

    def _addresses(self, name: str) -> Deferred[tuple[str, ...]]:
        done: Deferred[tuple[str, ...]] = Deferred()
        self._names.resolve(name, done.callback)
        return done

    async def _offered(self, transport: str, domain: str) -> Offered:
        """Return what `domain` offers of `transport`, "" for any, as known or as asked."""
        until, offered = self._known.get((transport, domain), (0.0, ()))
        if self._clock.seconds() < until or not is_name(domain):
            return offered
        offered = await self._ask(transport, domain)
        if offered:
            if len(self._known) >= CACHE_ENTRIES:
                self._known.clear()
            self._known[transport, domain] = (self._clock.seconds() + CACHE_SECONDS, offered)
        return offered

    async def _ask(self, transport: str, domain: str) -> Offered:
        options: list[tuple[str, str]] = []
        if transport in ("", "tls"):  # only these names may say more than their transport does
            # Some servers are silent on NAPTR alone.
            naptr = await self._records.naptr(domain) or ()
            options = services(naptr, (transport,) if transport else tuple(PREFIXES))
        if not options:
            options = [(one, f"{PREFIXES[one]}.{domain}") for one in _usual(transport)]
        names = [name for _, name in options]
        answers = await gatherResults([_deferred(self._records.srv(name)) for name in names])
        found = zip(options, answers, strict=True)
        offered = tuple((one, records) for (one, _), records in found if records)
        if offered or all(records is None for records in answers):
            return offered
        usual = _usual(transport)[0]
        return ((usual, (Srv(0, 0, DEFAULT_PORTS[usual], domain),)),)


def _usual(transport: str) -> tuple[str, ...]:
    """Return the transports of a name that says `transport`; nothing said is no TLS (4.1)."""
    return (transport,) if transport else ("udp", "tcp")


def _deferred(coroutine: Any) -> Deferred[tuple[Srv, ...] | None]:
    return Deferred.fromCoroutine(coroutine)


def stand_in(hop: Hop) -> Hop:
    """Return where a request goes that is too large for the datagrams of `hop` (18.1.1)."""
    return replace(hop, transport="tcp", connection=0)
