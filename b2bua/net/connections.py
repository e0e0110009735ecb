"""All transports behind one door: what listens, which way a message leaves, what we are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import SystemRandom
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.internet.error import CannotListenError

from b2bua.net import streams, udp
from b2bua.net.certificates import Certificates
from b2bua.net.dns import Dns, Server
from b2bua.net.local import Listener, Local, Locals, route_source
from b2bua.net.locate import Locator, Unreachable
from b2bua.net.names import Names, is_numeric
from b2bua.net.tcp import StreamLimits
from b2bua.net.udp import Receive
from b2bua.sip.nexthop import DEFAULT_PORTS, RELIABLE, SECURE, Hop
from b2bua.sip.reader import Limits

__all__ = ["Connections", "Listener", "Local", "StreamLimits", "read_listen"]

_RANDOM = SystemRandom()
_LISTEN = re.compile(r"([a-z]+):(?:\[([^\[\]]+)\]|([^:\[\]]+)):([0-9]{1,5})")


def read_listen(text: str) -> tuple[str, str, int]:
    """Read "udp:0.0.0.0:5060" or "tcp:[::]:5060" into transport, host and port (0: any).

    Raises:
        ValueError: it is not of that form, or of a transport that we do not speak.
    """
    match = _LISTEN.fullmatch(text)
    if match is None:
        raise ValueError(f'cannot listen on "{text}": write it like "udp:0.0.0.0:5060"')
    transport, v6, v4, port = match.groups()
    if transport not in DEFAULT_PORTS:
        raise ValueError(f'cannot listen on "{text}": transports are {", ".join(DEFAULT_PORTS)}')
    if not is_numeric(v6 or v4) or (v6 is None) == (":" in (v6 or v4)) or int(port) > 65_535:
        raise ValueError(f'cannot listen on "{text}": it needs an address and a port')
    return transport, v6 or v4, int(port)


class Connections:
    """The sockets of one process."""

    def __init__(
        self,
        reactor: Any,
        listen: Sequence[str],
        *,
        advertise: str = "",
        limits: StreamLimits | None = None,
        reading: Limits | None = None,
        source_for: Callable[[str], str | None] = route_source,
        certificates: Certificates | None = None,
        nameservers: Sequence[Server] = (),
        fraction: Callable[[], float] = _RANDOM.random,
    ) -> None:
        """Make ready to listen on `listen`; nothing is opened before `start`.

        `advertise` is the host we go by in Via and Contact, "" for the address that a peer sees.
        `certificates` are those of TLS; the machine's authorities, and none of ours, by default.
        `nameservers` are asked for names, those of the machine by default; `fraction` returns a
        random number in [0, 1).

        Raises:
            ValueError: an element of `listen` is not a transport with an address and a port.
        """
        self._reactor = reactor
        self._wanted = [read_listen(text) for text in listen]
        self._reading = reading or Limits()
        self._locals = Locals(reactor, advertise, source_for)
        resolver = Dns(reactor, nameservers)
        self._names = Names(reactor, resolver)
        speaks = self._locals.speaks
        self._locator = Locator(reactor, self._names, resolver, speaks, fraction)
        self._streams = streams.Streams(
            reactor, self._locals, limits or StreamLimits(), self._reading, certificates
        )
        self._ports: list[udp.Port | streams.Port] = []
        self._datagrams: dict[int, udp.Datagrams] = {}
        self.listeners: list[Listener] = []
        self.undelivered: udp.Undelivered | None = None  # told of datagrams that came to nothing

    async def start(self, receive: Receive) -> None:
        """Open all listeners; from now on `receive` gets what arrives.

        Raises:
            ValueError: an address cannot be listened on; nothing stays open.
        """
        try:
            self.open(receive)
        except ValueError:
            await self.stop()
            raise

    def open(self, receive: Receive) -> None:
        """Do what `start` does, at once; after a failure `stop` closes what was opened.

        Raises:
            ValueError: an address cannot be listened on, or a certificate not be used.
        """
        self._streams.receive = receive
        self.reread()
        try:
            for number, (transport, host, port) in enumerate(self._wanted, 1):
                self._open(receive, Listener(transport, host, port, number))
        except CannotListenError as problem:
            raise ValueError(str(problem)) from problem

    async def stop(self) -> None:
        """Close all listeners and connections; return when they are closed."""
        for port in self._ports:
            await maybeDeferred(port.stopListening)
        self._ports.clear()
        self._datagrams.clear()
        self.listeners.clear()
        self._locals.clear()
        self._locator.stop()
        self._names.stop()
        await self._streams.stop()

    def local_for(self, hop: Hop) -> Local:
        """Return our end as the peer at `hop` should know it, for Via and Contact."""
        return self._locals.choose(hop.transport, hop.host)[1]

    def send(self, data: bytes, hop: Hop, failed: Callable[[str], None]) -> None:
        """Send `data` to the numeric host of `hop`; call `failed` when that cannot be done.

        A datagram leaves at once, from the socket that `hop.connection` names if it names one.  On
        a stream `data` may wait for the connection, and `failed` comes later.
        """
        if hop.transport == "udp":
            datagrams = self._datagrams.get(hop.connection) or self._datagrams_for(hop.host)
            if datagrams is None:
                failed(f"no UDP listener can reach {hop.host}")
            else:
                datagrams.send(data, hop.host, hop.port, failed)
        elif hop.transport in RELIABLE:
            self._streams.send(data, hop, failed)
        else:
            failed(f"{hop.transport} is not spoken here")

    def locate(self, hop: Hop, found: Callable[[tuple[Hop, ...]], None]) -> None:
        """Call `found` once with the numeric places that `hop` may mean, best first."""
        self._locator.locate(hop, found)

    def is_open(self, hop: Hop) -> bool:
        """Whether the stream connection that `hop` names is still there."""
        return self._streams.is_open(hop.connection)

    @property
    def unreachable(self) -> Unreachable:
        """The places that could not be reached lately."""
        return self._locator.unreachable

    def reread(self) -> None:
        """Read the certificates again; what is wrong with them changes nothing.

        Raises:
            CertificateError: one cannot be used.
        """
        secured = any(transport in SECURE for transport, _, _ in self._wanted)
        self._streams.certificates.read(for_server=secured)

    @property
    def stream_count(self) -> int:
        """The number of stream connections, open or opening."""
        return len(self._streams)

    @property
    def streams_refused(self) -> int:
        """The number of connections refused because there were too many."""
        return self._streams.refused

    def _open(self, receive: Receive, wanted: Listener) -> None:
        seen_as = partial(self._seen_as, wanted.number)
        port: udp.Port | streams.Port
        if wanted.transport == "udp":
            number = wanted.number if self._has_sibling(wanted) else 0
            datagrams = udp.Datagrams(receive, seen_as, self._reading, number, self.undelivered)
            port = udp.listen(self._reactor, wanted.host, wanted.port, datagrams)
            self._datagrams[wanted.number] = datagrams
        else:
            factory = streams.Accepting(self._streams, seen_as, wanted.transport)
            shown = self._streams.certificates if wanted.transport in SECURE else None
            port = streams.listen(self._reactor, wanted.host, wanted.port, factory, shown)
        self._ports.append(port)
        opened = replace(wanted, port=port.getHost().port)  # type: ignore[no-untyped-call]
        self.listeners.append(opened)
        self._locals.add(opened)

    def _has_sibling(self, wanted: Listener) -> bool:
        """Tell whether another socket of the same transport and family could send for this one."""
        same = [
            transport
            for transport, host, _ in self._wanted
            if transport == wanted.transport and (":" in host) == wanted.is_v6
        ]
        return len(same) > 1

    def _datagrams_for(self, host: str) -> udp.Datagrams | None:
        listener = self._locals.choose("udp", host)[0]
        return None if listener is None else self._datagrams.get(listener.number)

    def _seen_as(self, number: int, host: str) -> Local:
        return self._locals.seen_by(host, self.listeners[number - 1])
