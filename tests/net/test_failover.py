"""From one target to the next, and from datagrams to a stream, on a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from b2bua.net.driver import Sent, ServerTransaction
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from b2bua.sip.uri import Uri
from tests.support.messages import new_token
from tests.support.network import MemoryNetwork
from tests.support.users import Caller, Host

FIRST, SECOND = "192.0.2.2", "192.0.2.3"


def request(method: str, to_tag: str = "", body_bytes: int = 0) -> Request:
    fields = [
        ("Max-Forwards", "70"),
        ("From", "<sip:us@192.0.2.1>;tag=a"),
        ("To", "<sip:bob@example.com>" + (f";tag={to_tag}" if to_tag else "")),
        ("Call-ID", new_token()),
        ("CSeq", f"1 {method}"),
    ]
    return Request(method, Uri("sip", "example.com", "bob"), Headers(fields), b"x" * body_bytes)


class Scene:
    """Two servers of one domain, and us."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.network = MemoryNetwork(clock)
        names = {"example.com": f"{FIRST} {SECOND}"}
        self.us = Host(clock, self.network, "192.0.2.1", names=names)
        self.first = Host(clock, self.network, FIRST)
        self.second = Host(clock, self.network, SECOND)
        self.caller = Caller()

    def send(self, request: Request, hop: Hop | None = None) -> Sent:
        hop = hop or Hop("", "example.com", 0)
        return self.us.driver.send_request(request, hop, self.caller)

    def run(self, seconds: float) -> None:
        self.clock.pump([0.1] * round(seconds / 0.1))

    def finish(self) -> None:
        self.clock.pump([0.5] * 140)
        assert self.us.is_at_rest


@pytest.fixture
def scene(clock: Clock) -> Scene:
    return Scene(clock)


def answering(status: int, *headers: tuple[str, str]) -> Callable[[ServerTransaction], None]:
    def react(transaction: ServerTransaction) -> None:
        transaction.respond(transaction.request.reply(status, to_tag="b", headers=headers))

    return react


def hosts_reached(scene: Scene) -> list[int]:
    return [len(scene.first.user.requests), len(scene.second.user.requests)]


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_503_sends_a_request_on_to_the_next_target(scene: Scene, method: str) -> None:
    """RFC 3263 section 4.3: with a branch of its own."""
    scene.first.user.react = answering(503)
    scene.second.user.react = answering(200)
    scene.send(request(method))
    scene.run(1)
    assert scene.caller.statuses == [200]
    first, second = (host.user.requests[0].request for host in (scene.first, scene.second))
    assert first.via.branch != second.via.branch
    assert len(second.vias) == 1
    assert first.call_id == second.call_id
    scene.finish()


def test_a_target_that_is_silent_is_left_after_64_t1(scene: Scene) -> None:
    scene.second.user.react = answering(200)
    scene.network.leave((FIRST, 5060))
    scene.send(request("INVITE"))
    scene.run(31.9)
    assert scene.caller.statuses == []
    scene.run(0.5)
    assert scene.caller.statuses == [200]
    scene.finish()


def test_a_target_that_failed_is_remembered(scene: Scene) -> None:
    scene.network.leave((FIRST, 5060))
    scene.second.user.react = answering(200)
    scene.send(request("OPTIONS"))
    scene.run(33)
    assert Hop("udp", FIRST, 5060) in scene.us.connections.unreachable
    scene.finish()


def test_a_503_is_remembered_as_long_as_it_asks(scene: Scene) -> None:
    scene.first.user.react = answering(503, ("Retry-After", "120 (busy)"))
    scene.second.user.react = answering(200)
    scene.send(request("OPTIONS"))
    scene.finish()
    unreachable = scene.us.connections.unreachable
    assert Hop("udp", FIRST, 5060) in unreachable
    scene.clock.advance(60)
    assert Hop("udp", FIRST, 5060) not in unreachable


def test_the_last_503_is_the_answer(scene: Scene) -> None:
    for host in (scene.first, scene.second):
        host.user.react = answering(503)
    scene.send(request("OPTIONS"))
    scene.run(1)
    assert scene.caller.statuses == [503]
    assert hosts_reached(scene) == [1, 1]
    scene.finish()


@pytest.mark.parametrize("status", [200, 404, 486, 500, 603])
def test_another_answer_is_final(scene: Scene, status: int) -> None:
    scene.first.user.react = answering(status)
    scene.send(request("OPTIONS"))
    scene.run(1)
    assert scene.caller.statuses == [status]
    assert hosts_reached(scene) == [1, 0]
    scene.finish()


def test_a_request_within_a_dialog_has_one_target(scene: Scene) -> None:
    scene.first.user.react = answering(503)
    scene.send(request("BYE", to_tag="b"))
    scene.run(1)
    assert scene.caller.statuses == [503]
    assert hosts_reached(scene) == [1, 0]
    scene.finish()


def test_no_target_is_a_failure_told_later(scene: Scene) -> None:
    scene.send(request("INVITE"), Hop("", "nowhere.example", 0))
    assert scene.caller.failures == []
    scene.run(0.1)
    assert scene.caller.failures == [Why.TRANSPORT]
    scene.finish()


def test_a_cancelled_invite_goes_no_further(scene: Scene) -> None:
    scene.first.user.react = answering(180)
    sent = scene.send(request("INVITE"))
    scene.run(1)
    sent.cancel()
    scene.run(1)
    [invite] = scene.first.user.cancelled
    invite.respond(invite.request.reply(503, to_tag="b"))
    scene.run(1)
    assert scene.caller.statuses == [180, 503]
    assert hosts_reached(scene) == [1, 0]
    scene.finish()


LARGE = 1_300
PEER = Hop("udp", FIRST, 5060)


def test_a_request_of_more_than_1300_bytes_goes_by_stream(scene: Scene) -> None:
    """18.1.1, at n and n + 1."""
    sizes: dict[str, list[int]] = {"UDP": [], "TCP": []}
    for body_bytes in range(1_000, 1_100):
        sent = len(scene.network.sent)
        scene.send(request("OPTIONS", body_bytes=body_bytes), PEER)
        data = scene.network.sent[sent][3]
        rport = b"" if b";rport" in data else b";rport"  # as it would stand in a datagram
        sizes["TCP" if rport else "UDP"].append(len(data + rport))
    assert max(sizes["UDP"]) == LARGE
    assert min(sizes["TCP"]) == LARGE + 1
    scene.run(1)
    for transaction in scene.first.user.requests:
        answering(200)(transaction)
    scene.finish()


def test_a_large_request_goes_by_datagrams_to_a_peer_without_tcp(scene: Scene) -> None:
    scene.network.refuse((FIRST, 5060))
    scene.first.user.react = answering(200)
    for _ in range(2):
        scene.send(request("INVITE", body_bytes=LARGE), PEER)
        scene.run(1)
    assert scene.caller.statuses == [200, 200]
    assert {one.request.via.transport for one in scene.first.user.requests} == {"UDP"}
    assert Hop("tcp", FIRST, 5060) in scene.us.connections.unreachable
    scene.finish()


def test_a_large_request_in_a_dialog_goes_by_stream_too(scene: Scene) -> None:
    scene.first.user.react = answering(200)
    scene.send(request("INFO", to_tag="b", body_bytes=LARGE), PEER)
    scene.run(1)
    assert scene.caller.statuses == [200]
    assert scene.first.user.requests[0].source.transport == "tcp"
    scene.finish()


def test_a_large_request_to_a_name_is_tried_at_each_place_by_stream_first(scene: Scene) -> None:
    scene.network.refuse((FIRST, 5060))
    scene.network.leave((FIRST, 5060))
    scene.second.user.react = answering(200)
    scene.send(request("OPTIONS", body_bytes=LARGE))
    scene.run(40)
    assert scene.caller.statuses == [200]
    assert scene.second.user.requests[0].source.transport == "tcp"
    scene.finish()


def test_a_503_by_stream_is_not_asked_again_by_datagram(scene: Scene) -> None:
    scene.first.user.react = answering(503)
    scene.send(request("OPTIONS", body_bytes=LARGE), PEER)
    scene.run(1)
    assert scene.caller.statuses == [503]
    assert hosts_reached(scene) == [1, 0]
    scene.finish()
