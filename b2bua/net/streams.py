"""All open stream connections: accept, open, reuse, and keep within limits (RFC 3261 section 18).

A message goes on the connection that it names; else on any that is open with that address and
port; else on a new one.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IConnector
from twisted.internet.protocol import ClientFactory, ServerFactory
from twisted.python.failure import Failure

from b2bua.net.local import Local, Locals
from b2bua.net.tcp import Failed, Stream, StreamLimits
from b2bua.net.timers import Timetable
from b2bua.sip.message import Message
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits, Malformed

BACKLOG = 512

Receive = Callable[[Message | Malformed, Hop, Local], None]


class Streams:
    """Owns every TCP connection, in both directions."""

    def __init__(
        self, reactor: Any, locals_: Locals, limits: StreamLimits, reading: Limits
    ) -> None:
        self.clock = reactor
        self.limits = limits
        self.reading = reading
        self.timetable = Timetable(reactor)
        self.receive: Receive | None = None
        self.refused = 0
        self._locals = locals_
        self._numbers = count(1)
        self._open: dict[int, tuple[Stream, Local]] = {}
        self._by_peer: dict[tuple[str, int], Stream] = {}
        self._per_address: Counter[str] = Counter()
        self._connectors: dict[int, IConnector] = {}
        self._emptied: Deferred[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def send(self, data: bytes, hop: Hop, failed: Failed) -> None:
        """Send `data` on the connection of `hop`, if it is open, or on one to its host and port."""
        named = self._open.get(hop.connection)
        stream = named[0] if named is not None else None
        if stream is None or stream.is_closing:
            stream = self._by_peer.get((hop.host, hop.port))
        if stream is None or stream.is_closing:
            stream = self._connect(hop.host, hop.port)
        if stream is None:
            failed("too many connections")
        else:
            stream.send(data, failed)

    def accept(self, host: str, port: int, local: Local) -> Stream | None:
        """Return a stream for a connection from `host`; None: it is one too many."""
        if not self._has_room(host):
            self.refused += 1
            return None
        return self._add(host, port, local)

    def stop(self) -> Deferred[None]:
        """Close all connections; fires when the last is gone."""
        done: Deferred[None] = Deferred()
        for stream, _ in [*self._open.values()]:
            if stream.number in self._connectors:
                self._connectors[stream.number].disconnect()
            else:
                stream.close()
        if self._open:
            self._emptied = done
        else:
            done.callback(None)
        return done

    def _has_room(self, host: str) -> bool:
        return (
            self._emptied is None
            and len(self._open) < self.limits.connections
            and self._per_address[host] < self.limits.per_address
        )

    def _add(self, host: str, port: int, local: Local) -> Stream:
        stream = Stream(self, next(self._numbers), host, port)
        self._open[stream.number] = (stream, local)
        self._by_peer[host, port] = stream
        self._per_address[host] += 1
        return stream

    def _connect(self, host: str, port: int) -> Stream | None:
        if not self._has_room(host):
            return None
        stream = self._add(host, port, self._locals.choose("tcp", host)[1])
        patience = self.limits.connect_timeout
        self._connectors[stream.number] = self.clock.connectTCP(
            host, port, _Opening(stream), timeout=patience
        )
        return stream

    # What a stream tells (`StreamOwner`)

    def stream_opened(self, stream: Stream) -> None:
        self._connectors.pop(stream.number, None)

    def stream_received(self, stream: Stream, message: Message | Malformed) -> None:
        if self.receive is not None:
            source = Hop("tcp", stream.host, stream.port, stream.number)
            self.receive(message, source, self._open[stream.number][1])

    def stream_closed(self, stream: Stream) -> None:
        if self._open.pop(stream.number, None) is None:
            return
        self._connectors.pop(stream.number, None)
        if self._by_peer.get((stream.host, stream.port)) is stream:
            del self._by_peer[stream.host, stream.port]
        self._per_address[stream.host] -= 1
        if not self._per_address[stream.host]:
            del self._per_address[stream.host]
        if self._emptied is not None and not self._open:
            self._emptied.callback(None)


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

    def __init__(self, streams: Streams, local_for: Callable[[str], Local]) -> None:
        self._streams = streams
        self._local_for = local_for

    def buildProtocol(self, addr: Any) -> Stream | None:
        return self._streams.accept(addr.host, addr.port, self._local_for(addr.host))


class Port(tcp.Port):
    """A TCP port for IPv4 or for IPv6 alone, so that both wildcard addresses can be bound."""

    def createInternetSocket(self) -> socket.socket:  # noqa: N802
        made: socket.socket = super().createInternetSocket()  # type: ignore[no-untyped-call]
        if self.addressFamily == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return made


def listen(reactor: Any, host: str, port: int, factory: Accepting) -> Port:
    """Open a socket on numeric `host` and `port` (0: any) for `factory`.

    Raises:
        CannotListenError: the address is not ours, or taken.
    """
    opened = Port(port, factory, BACKLOG, host, reactor)
    opened.startListening()
    return opened
