"""All open stream connections: accept, open, reuse, and keep within limits (RFC 3261 section 18).

A message goes on the connection that it names; else on any that is open with that address and
port; else on a new one.  On TLS a connection of ours serves the one domain that its peer was found
to be, and nobody else's (RFC 5922 section 7.3).
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from secrets import token_bytes
from typing import Any

from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IConnector, IDelayedCall
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from b2bua.net.certificates import Certificates
from b2bua.net.framing import Bare, Framing
from b2bua.net.local import Local, Locals
from b2bua.net.tcp import Failed, Judge, Stream, StreamLimits
from b2bua.net.timers import Timetable
from b2bua.net.websocket import WebSocket
from b2bua.sip.grammar import write_host
from b2bua.sip.message import Message
from b2bua.sip.nexthop import SECURE, WEBSOCKETS, Hop
from b2bua.sip.reader import Limits, Malformed

BACKLOG = 512
GOODBYE_SECONDS = 0.5
"""How long connections may take to close when all are to."""

Receive = Callable[[Message | Malformed, Hop, Local], None]


_Peer = tuple[str, str, int, str]  # transport, host, port, and the domain it has shown


class Streams:
    """Owns every stream connection, in both directions."""

    def __init__(
        self,
        reactor: Any,
        locals_: Locals,
        limits: StreamLimits,
        reading: Limits,
        certificates: Certificates | None = None,
    ) -> None:
        self.clock = reactor
        self.limits = limits
        self.reading = reading
        self.timetable = Timetable(reactor)
        self.receive: Receive | None = None
        self.refused = 0
        self.certificates = certificates or Certificates()
        self._locals = locals_
        self._numbers = count(1)
        self._open: dict[int, tuple[Stream, Local]] = {}
        self._by_peer: dict[_Peer, Stream] = {}
        self._peers: dict[int, _Peer] = {}
        self._per_address: Counter[str] = Counter()
        self._connectors: dict[int, IConnector] = {}
        self._emptied: Deferred[None] | None = None
        self._last: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._open)

    def send(self, data: bytes, hop: Hop, failed: Failed) -> None:
        """Send `data` on the connection of `hop`, if it is open, or on one to its host and port."""
        named = self._open.get(hop.connection)
        stream = named[0] if named is not None else None
        if stream is None or stream.is_closing:
            stream = self._by_peer.get(_peer_of(hop))
        if stream is None or stream.is_closing:
            stream = self._connect(hop)
        if stream is None:
            failed("too many connections")
        else:
            stream.send(data, failed)

    def is_open(self, number: int) -> bool:
        """Whether the connection of this number can be written to."""
        found = self._open.get(number)
        return found is not None and not found[0].is_closing

    def accept(self, peer: Hop, local: Local) -> Stream | None:
        """Return a stream for a connection from `peer`; None: it is one too many."""
        if not self._has_room(peer.host):
            self.refused += 1
            return None
        judge = _anybody if peer.transport in SECURE else None
        key = (peer.transport, peer.host, peer.port, "")
        return self._add(key, local, self._framing(peer, is_ours=False), judge)

    def stop(self) -> Deferred[None]:
        """Close all connections; fires when the last is gone.

        A TLS peer need not answer our goodbye (RFC 5246 section 7.2.1): it is not waited for long.
        """
        done: Deferred[None] = Deferred()
        for stream, _ in [*self._open.values()]:
            if stream.number in self._connectors:
                self._connectors[stream.number].disconnect()
            else:
                stream.close()
        if self._open:
            self._emptied = done
            self._last = self.clock.callLater(GOODBYE_SECONDS, self._abort_all)
        else:
            done.callback(None)
        return done

    def _abort_all(self) -> None:
        self._last = None
        for stream, _ in [*self._open.values()]:
            stream.abort()

    def _has_room(self, host: str) -> bool:
        return (
            self._emptied is None
            and len(self._open) < self.limits.connections
            and self._per_address[host] < self.limits.per_address
        )

    def _framing(self, peer: Hop, *, is_ours: bool) -> Framing:
        if peer.transport not in WEBSOCKETS:
            return Bare(self.reading)
        if not is_ours:
            return WebSocket(self.reading)
        host = f"{write_host(peer.domain or peer.host)}:{peer.port}"
        return WebSocket(self.reading, host, partial(token_bytes, 16))

    def _add(self, peer: _Peer, local: Local, framing: Framing, judge: Judge | None) -> Stream:
        _, host, port, _ = peer
        stream = Stream(self, next(self._numbers), host, port, framing, judge)
        self._open[stream.number] = (stream, local)
        self._by_peer[peer] = stream
        self._peers[stream.number] = peer
        self._per_address[host] += 1
        return stream

    def _connect(self, hop: Hop) -> Stream | None:
        if not self._has_room(hop.host):
            return None
        peer, framing = _peer_of(hop), self._framing(hop, is_ours=True)
        local = self._locals.choose(hop.transport, hop.host)[1]
        factory: ClientFactory | TLSMemoryBIOFactory
        if hop.transport in SECURE:
            towards = self.certificates.towards(hop.domain or hop.host)
            stream = self._add(peer, local, framing, towards.fault)
            factory = TLSMemoryBIOFactory(towards, True, _Opening(stream), self.clock)
        else:
            stream = self._add(peer, local, framing, None)
            factory = _Opening(stream)
        self._connectors[stream.number] = self.clock.connectTCP(
            hop.host, hop.port, factory, timeout=self.limits.connect_timeout
        )
        return stream

    # What a stream tells (`StreamOwner`)

    def stream_opened(self, stream: Stream) -> None:
        self._connectors.pop(stream.number, None)

    def stream_received(self, stream: Stream, message: Message | Malformed) -> None:
        if self.receive is not None:
            transport = self._peers[stream.number][0]
            source = Hop(transport, stream.host, stream.port, stream.number)
            self.receive(message, source, self._open[stream.number][1])

    def stream_closed(self, stream: Stream) -> None:
        if self._open.pop(stream.number, None) is None:
            return
        self._connectors.pop(stream.number, None)
        peer = self._peers.pop(stream.number)
        if self._by_peer.get(peer) is stream:
            del self._by_peer[peer]
        self._per_address[stream.host] -= 1
        if not self._per_address[stream.host]:
            del self._per_address[stream.host]
        if self._emptied is not None and not self._open:
            if self._last is not None:
                self._last.cancel()
                self._last = None
            self._emptied.callback(None)


def _peer_of(hop: Hop) -> _Peer:
    domain = (hop.domain or hop.host) if hop.transport in SECURE else ""
    return (hop.transport, hop.host, hop.port, domain)


def _anybody(_certificate: object) -> None:
    """Find no fault in a peer that connects: OpenSSL has judged what it was asked to show."""


class _Opening(ClientFactory):
    """The opening of one stream of ours."""

    noisy = False

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def buildProtocol(self, addr: IAddress | None) -> Stream:
        return self._stream

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:  # noqa: N802
        self._stream.connectionLost(reason)


class Accepting(ServerFactory):
    """The streams that peers open to one listener; `local_for` tells what a peer calls us."""

    noisy = False

    def __init__(
        self, streams: Streams, local_for: Callable[[str], Local], transport: str = "tcp"
    ) -> None:
        self._streams = streams
        self._local_for = local_for
        self._transport = transport

    def buildProtocol(self, addr: Any) -> Stream | None:
        peer = Hop(self._transport, addr.host, addr.port)
        return self._streams.accept(peer, self._local_for(addr.host))


class _Securing(TLSMemoryBIOFactory):
    """Puts TLS around the streams of an `Accepting`, where there is room for one."""

    noisy = False

    def buildProtocol(self, addr: Any) -> Any:
        inner = self.wrappedFactory.buildProtocol(addr)
        return None if inner is None else self.protocol(self, inner)


class Port(tcp.Port):
    """A TCP port for IPv4 or for IPv6 alone, so that both wildcard addresses can be bound."""

    def createInternetSocket(self) -> socket.socket:  # noqa: N802
        made: socket.socket = super().createInternetSocket()  # type: ignore[no-untyped-call]
        if self.addressFamily == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return made


def listen(
    reactor: Any,
    host: str,
    port: int,
    factory: Accepting,
    certificates: Certificates | None = None,
) -> Port:
    """Open a socket on numeric `host` and `port` (0: any) for `factory`.

    With `certificates` TLS is spoken on it.

    Raises:
        CannotListenError: the address is not ours, or taken.
    """
    served: ServerFactory | TLSMemoryBIOFactory = factory
    if certificates is not None:
        served = _Securing(certificates, False, factory, reactor)
    opened = Port(port, served, BACKLOG, host, reactor)
    opened.startListening()
    return opened
