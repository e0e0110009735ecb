"""What the driver does with requests of peers: to the user, or answered here."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.net.driver import DriverLimits, ServerTransaction, stateless_tag
from b2bua.net.local import Local
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Malformed
from b2bua.sip.writer import UnwritableError
from tests.support.messages import request as read_request
from tests.support.messages import request_text
from tests.support.network import MemoryNetwork
from tests.support.users import Host, Wiretap

VIA = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKx"


class Scene:
    """A host, and a bare peer that can see every message."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.network = MemoryNetwork(clock)
        self.host = Host(clock, self.network, "192.0.2.1")
        self.user = self.host.user
        self.peer = Wiretap(self.network)

    def receive(self, method: str, **fields: object) -> None:
        fields.setdefault("via", VIA)
        fields.setdefault("call_id", "c")
        self.peer.send(request_text(method, **fields), self.host)  # type: ignore[arg-type]
        self.clock.advance(0.01)

    def settle(self) -> list[str]:
        """Let what is under way arrive; return all that the peer has heard."""
        self.clock.advance(0.01)
        return self.peer.lines


@pytest.fixture
def scene(clock: Clock) -> Scene:
    return Scene(clock)


def reply(transaction: ServerTransaction, status: int) -> None:
    transaction.respond(transaction.request.reply(status, to_tag="b"))


def test_a_new_invite_is_answered_100_and_reaches_the_user_once(scene: Scene) -> None:
    scene.receive("INVITE")
    scene.receive("INVITE")
    assert scene.settle() == ["100 Trying", "100 Trying"]
    [invite] = scene.user.requests
    assert invite.request.method == "INVITE"
    assert invite.source == Hop("udp", "192.0.2.9", 5060)
    assert (invite.local.transport, invite.local.host) == ("udp", "192.0.2.1")
    scene.host.driver.stop()


def test_answers_given_at_once_leave_in_order_after_the_100(scene: Scene) -> None:
    """The user is called while effects are performed; its answers wait for their end."""

    def answer(transaction: ServerTransaction) -> None:
        reply(transaction, 180)
        reply(transaction, 200)

    scene.user.react = answer
    scene.receive("INVITE")
    assert scene.settle() == ["100 Trying", "180 Ringing", "200 OK"]
    scene.clock.advance(32)
    assert scene.host.is_at_rest


@pytest.mark.parametrize("method", ["BYE", "OPTIONS", "INFO", "NEWFANGLED"])
def test_other_requests_wait_for_the_user(scene: Scene, method: str) -> None:
    scene.receive(method)
    assert scene.settle() == []
    reply(scene.user.requests[0], 200)
    scene.receive(method)
    assert scene.settle() == ["200 OK", "200 OK"]
    scene.clock.advance(32)
    assert scene.host.is_at_rest


def test_the_ack_of_a_refusal_is_absorbed(scene: Scene) -> None:
    scene.receive("INVITE")
    reply(scene.user.requests[0], 486)
    scene.receive("ACK", to_tag="b")
    scene.clock.advance(5)
    assert scene.user.acks == []
    assert scene.host.is_at_rest


@pytest.mark.parametrize("via", [VIA, "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKnew"])
def test_the_ack_of_a_200_reaches_the_user_even_with_the_branch_of_its_invite(
    scene: Scene, via: str
) -> None:
    scene.receive("INVITE")
    reply(scene.user.requests[0], 200)
    scene.receive("ACK", via=via, to_tag="b")
    assert [ack.method for ack in scene.user.acks] == ["ACK"]
    scene.clock.advance(32)
    assert scene.host.is_at_rest


def test_an_ack_of_nothing_is_never_answered(scene: Scene) -> None:
    scene.receive("ACK", to_tag="b")
    assert len(scene.user.acks) == 1
    assert scene.settle() == []
    assert scene.host.is_at_rest


def test_a_cancel_is_answered_200_and_the_user_then_refuses_the_invite(scene: Scene) -> None:
    scene.receive("INVITE")
    scene.receive("CANCEL")
    assert scene.settle() == ["100 Trying", "200 OK"]
    assert scene.user.cancelled == scene.user.requests
    reply(scene.user.cancelled[0], 487)
    scene.receive("ACK", to_tag="b")
    assert scene.settle()[-1] == "487 Request Terminated"
    scene.clock.advance(32)
    assert scene.host.is_at_rest


def test_a_repeated_cancel_is_answered_again_and_told_once(scene: Scene) -> None:
    scene.receive("INVITE")
    scene.receive("CANCEL")
    scene.receive("CANCEL")
    assert scene.settle() == ["100 Trying", "200 OK", "200 OK"]
    assert len(scene.user.cancelled) == 1
    scene.host.driver.stop()


@pytest.mark.parametrize("status", [200, 486])
def test_a_cancel_after_the_final_response_is_answered_and_has_no_effect(
    scene: Scene, status: int
) -> None:
    """9.2, and the crossing of 200 and CANCEL as the callee sees it."""
    scene.receive("INVITE")
    reply(scene.user.requests[0], status)
    scene.receive("CANCEL")
    assert scene.settle()[-1] == "200 OK"
    assert scene.user.cancelled == []
    scene.host.driver.stop()


def test_a_cancel_of_nothing_is_answered_481(scene: Scene) -> None:
    scene.receive("CANCEL")
    assert scene.settle() == ["481 Call/Transaction Does Not Exist"]
    assert scene.host.is_at_rest  # a flood of them leaves nothing behind


def test_the_response_to_a_cancel_has_the_to_tag_of_the_invite(scene: Scene) -> None:
    scene.receive("INVITE")
    reply(scene.user.requests[0], 180)
    scene.receive("CANCEL")
    scene.settle()
    assert "To: <sip:bob@192.0.2.1>;tag=b\r\n" in scene.peer.heard[-1]
    scene.host.driver.stop()


def test_an_invite_that_comes_by_two_ways_is_refused_on_the_second(scene: Scene) -> None:
    """8.2.2.2."""
    scene.receive("INVITE")
    scene.receive("INVITE", via="SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKother")
    assert scene.settle() == ["100 Trying", "482 Loop Detected"]
    assert len(scene.user.requests) == 1
    scene.host.driver.stop()


def test_a_malformed_request_is_answered_without_state_and_counted(scene: Scene) -> None:
    scene.receive("INVITE", headers=["Max-Forwards: 1000"])
    [line] = scene.settle()
    assert line.startswith("400 ")
    assert len(scene.user.faults) == 1
    assert scene.host.is_at_rest


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00garbage", b"INVITE sip:a SIP/2.0\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n"]
)
def test_what_cannot_be_answered_is_dropped_and_counted(scene: Scene, data: bytes) -> None:
    scene.peer.send(data, scene.host)
    assert scene.settle() == []
    scene.clock.advance(0.01)
    assert scene.peer.lines == []
    assert len(scene.user.faults) == 1


def test_a_malformed_ack_is_not_answered(scene: Scene) -> None:
    scene.receive("ACK", headers=["Max-Forwards: 1000"])
    assert scene.settle() == []
    assert len(scene.user.faults) == 1


def test_a_keep_alive_is_neither_answered_nor_counted(scene: Scene) -> None:
    scene.peer.send(b"\r\n\r\n", scene.host)
    scene.clock.advance(0.01)
    assert scene.settle() == []
    assert scene.user.faults == []


def test_the_source_is_noted_on_the_via_and_answered(scene: Scene) -> None:
    """18.2.1 and RFC 3581: what the peer believes its address to be does not matter."""
    scene.receive("OPTIONS", via="SIP/2.0/UDP 10.0.0.1:9999;branch=z9hG4bKnat;rport")
    reply(scene.user.requests[0], 200)
    scene.settle()
    assert "rport=5060" in scene.peer.heard[0]
    assert "received=192.0.2.9" in scene.peer.heard[0]
    scene.clock.advance(32)


def test_a_user_that_breaks_costs_its_caller_500_and_nothing_else(scene: Scene) -> None:
    def broken(_: ServerTransaction) -> None:
        raise RuntimeError("a defect of the user")

    scene.user.react = broken
    scene.receive("INVITE")
    assert scene.settle() == ["100 Trying", "500 Server Internal Error"]
    scene.receive("ACK", to_tag="b")
    scene.clock.advance(32)
    assert scene.host.is_at_rest


def test_what_cannot_be_written_raises_and_changes_nothing(scene: Scene) -> None:
    scene.receive("OPTIONS")
    [transaction] = scene.user.requests
    with pytest.raises(UnwritableError):
        transaction.respond(transaction.request.reply(200, headers=[("X-A", "b\r\nX-C: d")]))
    reply(transaction, 500)
    assert scene.settle() == ["500 Server Internal Error"]
    scene.clock.advance(32)


def test_a_refusal_that_nobody_acknowledges_is_reported(scene: Scene) -> None:
    lost: list[bool] = []
    scene.receive("INVITE")
    [transaction] = scene.user.requests
    transaction.on_lost = lambda: lost.append(True)
    reply(transaction, 486)
    scene.clock.pump([0.5] * 64)
    assert lost == [True]
    assert scene.host.is_at_rest
    reply(transaction, 486)


def test_a_response_on_a_stream_that_nobody_accepts_is_reported(scene: Scene) -> None:
    lost: list[bool] = []
    scene.network.carry_on_stream(
        request_text("OPTIONS", via="SIP/2.0/TCP 192.0.2.8;branch=z9hG4bKx"),
        ("192.0.2.8", 5060),
        ("192.0.2.1", 5060),
    )
    scene.clock.advance(0.01)
    [transaction] = scene.user.requests
    transaction.on_lost = lambda: lost.append(True)
    reply(transaction, 100)
    assert lost == []
    scene.clock.advance(0)
    assert lost == [True]
    reply(transaction, 200)
    scene.clock.advance(0)
    assert scene.host.is_at_rest


def test_beyond_its_limit_of_transactions_it_answers_503_without_state(clock: Clock) -> None:
    network = MemoryNetwork(clock)
    host = Host(clock, network, "192.0.2.1", limits=DriverLimits(server_transactions=1))
    peer = Wiretap(network)
    for number in range(2):
        peer.send(request_text("OPTIONS", cseq=number), host)
        clock.pump([0.01] * 2)
    assert peer.lines == ["503 Service Unavailable"]
    assert "Retry-After: 5\r\n" in peer.heard[0]
    assert host.driver.transactions["server"] == 1
    host.driver.stop()


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE"])
def test_a_new_request_may_be_refused_before_there_is_any_state(clock: Clock, method: str) -> None:
    sources: list[Hop] = []

    def refuse(request: Request, source: Hop) -> Response | None:
        sources.append(source)
        return request.reply(503, to_tag=stateless_tag(request), headers=[("Retry-After", "3")])

    network = MemoryNetwork(clock)
    host = Host(clock, network, "192.0.2.1", refuse=refuse)
    peer = Wiretap(network)
    peer.send(request_text(method, via=VIA, call_id="c"), host)
    peer.send(request_text(method, via=VIA, call_id="c"), host)
    clock.pump([0.01] * 2)
    assert peer.lines == ["503 Service Unavailable"] * 2
    assert peer.heard[0] == peer.heard[1]
    assert sources == [Hop("udp", "192.0.2.9", 5060)] * 2
    assert host.is_at_rest


def test_neither_ack_nor_cancel_is_asked_about(clock: Clock) -> None:
    def refuse(request: Request, _source: Hop) -> Response | None:
        return request.reply(503) if request.method in ("ACK", "CANCEL") else None

    network = MemoryNetwork(clock)
    host = Host(clock, network, "192.0.2.1", refuse=refuse)
    peer = Wiretap(network)
    for method in ("INVITE", "CANCEL", "ACK"):
        peer.send(request_text(method, via=VIA, call_id="c"), host)
        clock.pump([0.01] * 2)
    assert peer.lines == ["100 Trying", "200 OK"]
    host.driver.stop()


def test_a_judge_that_breaks_costs_500_and_nothing_else(clock: Clock) -> None:
    def refuse(_request: Request, _source: Hop) -> Response | None:
        raise RuntimeError("a defect of the user")

    network = MemoryNetwork(clock)
    host = Host(clock, network, "192.0.2.1", refuse=refuse)
    peer = Wiretap(network)
    peer.send(request_text("INVITE"), host)
    clock.pump([0.01] * 2)
    assert peer.lines == ["500 Server Internal Error"]
    assert host.is_at_rest


def test_a_stopped_driver_has_no_timers_and_takes_nothing(scene: Scene) -> None:
    scene.receive("INVITE")
    reply(scene.user.requests[0], 486)
    scene.host.driver.stop()
    assert scene.host.is_at_rest
    scene.receive("INVITE", call_id="d", via=None)
    assert len(scene.user.requests) == 1


def unwritable(method: str, field: str) -> Request:
    """Return a request with a field that cannot be written back; the reader lets none pass."""
    request = read_request(method)
    request.headers.set(field, "a\r\nb")
    return request


def test_a_field_of_the_peer_that_cannot_be_written_back_is_not(scene: Scene) -> None:
    source, local = Hop("udp", "192.0.2.9", 5060), Local("udp", "192.0.2.1", 5060)
    scene.host.driver.message_received(unwritable("INVITE", "Timestamp"), source, local)
    fault = Malformed(400, "it is malformed", unwritable("OPTIONS", "From"))
    scene.host.driver.message_received(fault, source, local)
    scene.clock.advance(0)
    assert scene.settle() == []
    assert scene.user.faults == ["it is malformed"]
    scene.host.driver.stop()
