"""One stream: framing, patience with slow and hostile peers, and bounded writing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from b2bua.net.tcp import Stream, StreamLimits
from b2bua.net.timers import Timetable
from b2bua.sip.message import Message, Request
from b2bua.sip.reader import Limits, Malformed
from tests.support.messages import request_text
from tests.support.streams import MemoryTransport

LIMITS = StreamLimits(write_bytes=100)


class Owner:
    """Provides `StreamOwner`."""

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self.timetable = Timetable(clock)
        self.limits = LIMITS
        self.reading = Limits()
        self.opened = 0
        self.closed = 0
        self.received: list[Message | Malformed] = []

    def stream_opened(self, stream: Stream) -> None:
        self.opened += 1

    def stream_received(self, stream: Stream, message: Message | Malformed) -> None:
        self.received.append(message)

    def stream_closed(self, stream: Stream) -> None:
        self.closed += 1


class Scene:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.owner = Owner(clock)
        self.stream = Stream(self.owner, 1, "192.0.2.9", 40000)
        self.transport = MemoryTransport(self.stream)
        self.failures: list[str] = []

    def open(self) -> None:
        self.stream.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        self.stream.send(data, self.failures.append)


@pytest.fixture
def scene(clock: Clock) -> Iterator[Scene]:
    scene = Scene(clock)
    yield scene
    if not scene.owner.closed:
        scene.stream.connectionLost(Failure(ConnectionDone()))


def test_two_messages_in_one_piece_are_two_messages(scene: Scene) -> None:
    scene.open()
    scene.stream.dataReceived(request_text("OPTIONS") + request_text("BYE"))
    methods = [one.method for one in scene.owner.received if isinstance(one, Request)]
    assert methods == ["OPTIONS", "BYE"]


def test_a_message_may_come_byte_by_byte_within_its_time(scene: Scene) -> None:
    scene.open()
    data = request_text("OPTIONS")
    for byte in data:
        scene.stream.dataReceived(bytes([byte]))
        scene.clock.advance(4.9 / len(data))
    assert len(scene.owner.received) == 1
    scene.clock.advance(10)
    assert not scene.transport.disconnected


def test_a_message_that_comes_too_slowly_cuts_the_stream_off(scene: Scene) -> None:
    """One byte a tenth of a second buys no time: 5 s after its first byte the peer is gone."""
    scene.open()
    for byte in request_text("OPTIONS"):
        if scene.transport.disconnected:
            break
        scene.stream.dataReceived(bytes([byte]))
        scene.clock.advance(0.1)
    assert 5.0 <= scene.clock.seconds() <= 5.11
    assert scene.owner.received == []
    assert scene.owner.closed == 1


def test_each_message_has_its_own_time(scene: Scene) -> None:
    scene.open()
    data = request_text("OPTIONS")
    half = len(data) // 2
    for _ in range(3):
        scene.stream.dataReceived(data[:half])
        scene.clock.advance(4)
        scene.stream.dataReceived(data[half:])
    assert len(scene.owner.received) == 3
    scene.stream.dataReceived(data + data[:half])
    scene.clock.advance(4.9)
    assert not scene.transport.disconnected
    scene.clock.advance(0.1)
    assert scene.transport.disconnected


def test_bytes_that_break_the_framing_are_answered_and_close_the_stream(scene: Scene) -> None:
    scene.open()
    text = request_text("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: x")
    scene.stream.dataReceived(text)
    assert [type(one) for one in scene.owner.received] == [Malformed]
    assert scene.transport.disconnecting
    scene.stream.dataReceived(request_text("OPTIONS"))
    assert len(scene.owner.received) == 1


def test_a_peer_that_does_not_read_its_last_answer_is_cut_off(scene: Scene) -> None:
    scene.open()
    scene.stream.dataReceived(b"x" * 20_000)
    assert scene.transport.disconnecting
    assert not scene.transport.disconnected
    scene.clock.advance(5)
    assert scene.transport.disconnected


def test_a_ping_is_answered(scene: Scene) -> None:
    """RFC 5626 section 4.4.1."""
    scene.open()
    scene.stream.dataReceived(b"\r\n\r\n")
    assert scene.transport.value() == b"\r\n"


def test_an_idle_stream_is_closed_and_a_busy_one_is_not(scene: Scene) -> None:
    scene.open()
    for _ in range(5):
        scene.clock.advance(500)
        scene.stream.dataReceived(b"\r\n\r\n")
    assert not scene.transport.disconnecting
    scene.clock.advance(600)
    scene.clock.advance(600)
    assert scene.transport.disconnecting


def test_what_is_sent_before_the_stream_is_open_waits_and_leaves_in_order(scene: Scene) -> None:
    scene.send(b"one ")
    scene.send(b"two ")
    scene.open()
    scene.send(b"three")
    assert scene.transport.value() == b"one two three"


def test_what_waited_fails_when_the_stream_never_opens(scene: Scene) -> None:
    scene.send(b"one")
    scene.send(b"two")
    scene.stream.connectionLost(Failure(ConnectionLost()))
    assert len(scene.failures) == 2
    scene.send(b"three")
    assert len(scene.failures) == 3


def test_while_the_peer_does_not_read_little_is_kept(scene: Scene) -> None:
    scene.open()
    scene.stream.pauseProducing()
    scene.send(b"x" * 100)
    assert scene.transport.value() == b""
    assert scene.failures == []
    scene.send(b"y")
    assert scene.transport.disconnected
    assert len(scene.failures) == 2


def test_when_the_peer_reads_again_what_waited_is_written(scene: Scene) -> None:
    scene.open()
    scene.stream.pauseProducing()
    scene.send(b"one ")
    scene.send(b"two")
    scene.stream.resumeProducing()
    assert scene.transport.value() == b"one two"
    assert scene.failures == []


def test_too_much_for_a_stream_that_is_opening_closes_it_once_open(scene: Scene) -> None:
    scene.send(b"x" * 100)
    scene.send(b"y")
    assert len(scene.failures) == 1
    scene.open()
    assert scene.transport.disconnected
    assert len(scene.failures) == 2


def test_a_lost_stream_fails_what_the_peer_has_not_answered(scene: Scene) -> None:
    """18.4: bytes written to a peer that vanished are lost, though they were written."""
    scene.open()
    scene.send(b"heard")
    scene.stream.dataReceived(b"\r\n\r\n")
    scene.send(b"unheard")
    scene.transport.abortConnection()
    assert len(scene.failures) == 1


def test_a_stream_that_the_peer_closes_fails_nothing_that_was_written(scene: Scene) -> None:
    """18.2.2: the response may come on another connection."""
    scene.open()
    scene.send(b"request")
    scene.stream.connectionLost(Failure(ConnectionDone()))
    assert scene.failures == []
