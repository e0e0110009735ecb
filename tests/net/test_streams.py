"""All streams together: reuse, the way of a response, and limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from b2bua.net.local import Listener, Local, Locals
from b2bua.net.streams import Accepting, Streams
from b2bua.net.tcp import Stream, StreamLimits
from b2bua.sip.message import Message
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits, Malformed
from tests.support.messages import request_text
from tests.support.streams import MemoryTransport

PEER = Hop("tcp", "192.0.2.9", 5060)
LOCAL = Local("tcp", "192.0.2.1", 5060)


class Address:
    """Where an accepted connection comes from."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port


class Scene:
    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        locals_ = Locals(self.reactor, "", lambda _: "192.0.2.1")
        locals_.add(Listener("tcp", "0.0.0.0", 5060, 1))
        limits = StreamLimits(per_address=2, connections=3)
        self.streams = Streams(self.reactor, locals_, limits, Limits())
        self.streams.receive = self._receive
        self.received: list[tuple[Message | Malformed, Hop, Local]] = []
        self.failures: list[str] = []
        self.accepting = Accepting(self.streams, lambda _: LOCAL)

    def _receive(self, message: Message | Malformed, source: Hop, local: Local) -> None:
        self.received.append((message, source, local))

    def send(self, data: bytes, hop: Hop = PEER) -> None:
        self.streams.send(data, hop, self.failures.append)

    def accept(self, host: str = "192.0.2.9", port: int = 40_000) -> MemoryTransport | None:
        stream = self.accepting.buildProtocol(Address(host, port))
        if stream is None:
            return None
        transport = MemoryTransport(stream)
        stream.makeConnection(transport)
        return transport

    def connecting(self, index: int = -1) -> tuple[str, int, Any]:
        """Return host, port and factory of a connection being opened."""
        host, port, factory, _, _ = self.reactor.tcpClients[index]
        return host, port, factory

    def connected(self, index: int = -1) -> MemoryTransport:
        stream: Stream = self.connecting(index)[2].buildProtocol(None)
        transport = MemoryTransport(stream)
        stream.makeConnection(transport)
        return transport


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.streams.stop()
    scene.reactor.advance(10)
    assert scene.reactor.getDelayedCalls() == []


def test_a_connection_is_opened_once_and_carries_all_that_goes_there(scene: Scene) -> None:
    scene.send(b"one ")
    scene.send(b"two ")
    assert len(scene.reactor.tcpClients) == 1
    assert scene.connecting()[:2] == ("192.0.2.9", 5060)
    transport = scene.connected()
    scene.send(b"three")
    assert transport.value() == b"one two three"
    assert len(scene.reactor.tcpClients) == 1
    transport.closed_by_peer()
    assert len(scene.streams) == 0


def test_a_refused_connection_fails_what_waited(scene: Scene) -> None:
    scene.send(b"one")
    scene.connecting()[2].clientConnectionFailed(None, Failure(Refused()))
    assert len(scene.failures) == 1
    assert len(scene.streams) == 0


def test_a_message_comes_with_the_number_of_its_connection(scene: Scene) -> None:
    transport = scene.accept()
    assert transport is not None
    transport._protocol.dataReceived(request_text("OPTIONS"))
    [(message, source, local)] = scene.received
    assert not isinstance(message, Malformed)
    assert (source.host, source.port, local) == ("192.0.2.9", 40_000, LOCAL)
    scene.send(b"answer", Hop("tcp", "192.0.2.9", 5060, source.connection))
    assert transport.value() == b"answer"
    transport.closed_by_peer()


def test_a_response_whose_connection_has_closed_opens_another_to_sent_by(scene: Scene) -> None:
    """18.2.2."""
    transport = scene.accept()
    assert transport is not None
    transport._protocol.dataReceived(request_text("OPTIONS"))
    number = scene.received[0][1].connection
    transport.closed_by_peer()
    scene.send(b"answer", Hop("tcp", "192.0.2.9", 5070, number))
    assert scene.connecting()[:2] == ("192.0.2.9", 5070)
    opened = scene.connected()
    assert opened.value() == b"answer"
    opened.closed_by_peer()


def test_a_connection_that_is_closing_is_not_used_again(scene: Scene) -> None:
    scene.send(b"one")
    first = scene.connected()
    first._protocol.dataReceived(b"x" * 20_000)
    assert first.disconnecting
    scene.send(b"two")
    second = scene.connected()
    assert second.value() == b"two"
    first.closed_by_peer()
    scene.send(b" three")
    assert second.value() == b"two three"
    second.closed_by_peer()


def test_one_address_has_so_many_connections_and_all_together_so_many(scene: Scene) -> None:
    """n is allowed and n + 1 is not: 2 for an address and 3 in all here."""
    held = [scene.accept(port=port) for port in (1, 2)]
    assert scene.accept(port=3) is None
    held.append(scene.accept("192.0.2.10", 1))
    assert None not in held
    assert scene.accept("192.0.2.11", 1) is None
    assert scene.streams.refused == 2
    for transport in held:
        assert transport is not None
        transport.closed_by_peer()
    last = scene.accept(port=3)
    assert last is not None
    last.closed_by_peer()


def test_when_there_are_too_many_connections_sending_fails(scene: Scene) -> None:
    held = [scene.accept(port=port) for port in (1, 2)]
    scene.send(b"one")
    assert scene.failures == ["too many connections"]
    for transport in held:
        assert transport is not None
        transport.closed_by_peer()


def test_stopping_closes_every_connection_and_cuts_off_those_that_linger(scene: Scene) -> None:
    transport = scene.accept()
    scene.send(b"one", Hop("tcp", "192.0.2.10", 5060))
    assert transport is not None
    done = scene.streams.stop()
    assert transport.disconnecting
    assert scene.accept() is None
    scene.connecting()[2].clientConnectionFailed(None, Failure(Refused()))
    assert not done.called
    scene.reactor.advance(5)
    assert done.called
    assert transport.disconnected
