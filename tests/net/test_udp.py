"""One datagram, one message; and what a socket may say to a send."""

from __future__ import annotations

import pytest

from b2bua.net.local import Local
from b2bua.net.udp import Datagrams
from b2bua.sip.message import Message, Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits, Malformed
from tests.support.messages import request_text

LOCAL = Local("udp", "192.0.2.1", 5060)


class Socket:
    """A transport that meets `problem` at each write."""

    def __init__(self, problem: Exception | None = None) -> None:
        self._problem = problem
        self.written: list[bytes] = []

    def write(self, data: bytes, _to: tuple[str, int]) -> None:
        if self._problem is not None:
            raise self._problem
        self.written.append(data)


class Scene:
    def __init__(self, number: int = 0) -> None:
        self.received: list[tuple[Message | Malformed, Hop, Local]] = []
        self.failures: list[str] = []
        self.datagrams = Datagrams(self._receive, lambda _: LOCAL, Limits(), number)

    def _receive(self, message: Message | Malformed, source: Hop, local: Local) -> None:
        self.received.append((message, source, local))

    def send(self, socket: Socket | None) -> None:
        if socket is not None:
            self.datagrams.makeConnection(socket)  # type: ignore[arg-type]
        self.datagrams.send(b"data", "192.0.2.9", 5060, self.failures.append)


def test_a_datagram_comes_with_its_source_and_the_number_of_its_socket() -> None:
    scene = Scene(number=3)
    scene.datagrams.datagramReceived(request_text("OPTIONS"), ("192.0.2.9", 5070))
    [(message, source, local)] = scene.received
    assert isinstance(message, Request)
    assert (source, local) == (Hop("udp", "192.0.2.9", 5070, 3), LOCAL)


def test_a_keep_alive_is_no_message() -> None:
    scene = Scene()
    scene.datagrams.datagramReceived(b"\r\n\r\n", ("192.0.2.9", 5070))
    assert scene.received == []


def test_a_full_buffer_is_a_loss_like_any_other() -> None:
    scene = Scene()
    scene.send(Socket(BlockingIOError()))
    assert scene.failures == []


@pytest.mark.parametrize("problem", [OSError(101, "Network is unreachable"), OverflowError()])
def test_what_the_socket_refuses_fails(problem: Exception) -> None:
    scene = Scene()
    scene.send(Socket(problem))
    assert len(scene.failures) == 1


def test_a_socket_that_is_not_open_fails() -> None:
    scene = Scene()
    scene.send(None)
    assert scene.failures == ["the socket is closed"]
