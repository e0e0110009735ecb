"""What the driver does with requests of ours, and with the responses of peers."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.net.driver import Sent, ServerTransaction
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from b2bua.sip.uri import Uri
from b2bua.sip.writer import UnwritableError, write
from tests.support.messages import new_token
from tests.support.network import MemoryNetwork
from tests.support.users import Caller, Host, Server, Wiretap


def request(method: str, *headers: tuple[str, str]) -> Request:
    """Return a request of ours, which has no Via yet."""
    fields = [
        ("Max-Forwards", "70"),
        ("From", "<sip:us@192.0.2.1>;tag=a"),
        ("To", "<sip:bob@192.0.2.2>"),
        ("Call-ID", new_token()),
        ("CSeq", f"1 {method}"),
        *headers,
    ]
    return Request(method, Uri("sip", "192.0.2.2", "bob"), Headers(fields))


class Pair:
    """Two hosts: `us`, whose driver is looked at, and `peer`, which answers as it is told."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.network = MemoryNetwork(clock)
        self.us = Host(clock, self.network, "192.0.2.1", names={"peer.example": "192.0.2.2"})
        self.peer = Host(clock, self.network, "192.0.2.2")
        self.caller = Caller()

    @property
    def server(self) -> Server:
        return self.peer.user

    def send(self, method: str, hop: Hop | None = None) -> Sent:
        return self.us.driver.send_request(request(method), hop or self.peer.hop(), self.caller)

    def answer(self, status: int, tag: str = "b") -> None:
        transaction = self.server.requests[0]
        transaction.respond(transaction.request.reply(status, to_tag=tag))
        self.clock.advance(0.01)

    def run(self, seconds: float) -> None:
        """Let time pass in steps of the network's delay."""
        self.clock.pump([0.01] * round(seconds / 0.01))

    def finish(self) -> None:
        self.clock.pump([0.5] * 140)
        assert self.us.is_at_rest
        assert self.peer.is_at_rest


@pytest.fixture
def pair(clock: Clock) -> Pair:
    return Pair(clock)


def test_a_request_gets_a_via_of_ours_and_its_response_reaches_its_user(pair: Pair) -> None:
    pair.send("OPTIONS")
    pair.run(0.01)
    via = pair.server.requests[0].request.via
    assert (via.transport, via.host, via.port) == ("UDP", "192.0.2.1", 5060)
    assert via.branch is not None
    assert via.branch.startswith("z9hG4bK")
    assert via.rport == 5060
    pair.answer(200)
    assert pair.caller.statuses == [200]
    pair.finish()


def test_a_request_that_is_sent_anew_has_one_via_and_another_branch(pair: Pair) -> None:
    again = request("OPTIONS")
    for _ in range(2):
        pair.us.driver.send_request(again, pair.peer.hop(), pair.caller)
    pair.run(0.01)
    first, second = (transaction.request for transaction in pair.server.requests)
    assert first.via.branch != second.via.branch
    assert len(second.vias) == 1
    pair.us.driver.stop()
    pair.peer.driver.stop()


def test_a_100_is_not_news_for_the_user(pair: Pair) -> None:
    pair.send("INVITE")
    pair.run(0.05)
    pair.answer(180)
    pair.answer(486)
    assert pair.caller.statuses == [180, 486]
    pair.finish()


def test_further_2xx_reach_the_user(pair: Pair) -> None:
    pair.send("INVITE")
    pair.run(0.02)
    pair.answer(200)
    pair.answer(200)
    assert pair.caller.statuses == [200, 200]
    pair.finish()


def test_a_silent_peer_is_a_timeout_told_once(pair: Pair) -> None:
    pair.send("INVITE", Hop("udp", "192.0.2.77", 5060))
    pair.clock.pump([0.5] * 64)
    assert pair.caller.failures == [Why.TIMEOUT]
    assert len(pair.network.sent) == 7
    pair.finish()


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_a_stream_that_is_refused_fails_the_request_after_send_request_returned(
    pair: Pair, method: str
) -> None:
    pair.send(method, Hop("tcp", "192.0.2.77", 5060))
    assert pair.caller.failures == []
    pair.clock.advance(0)
    assert pair.caller.failures == [Why.TRANSPORT]
    assert pair.us.is_at_rest


def test_over_a_stream_nothing_is_sent_twice(pair: Pair) -> None:
    pair.send("INVITE", pair.peer.hop("tcp"))
    pair.run(0.02)
    via = pair.server.requests[0].request.via
    assert (via.transport, via.rport) == ("TCP", None)
    pair.answer(180)
    pair.clock.advance(60)
    pair.answer(486)
    pair.clock.advance(1)
    lines = [data.split(b" SIP/2.0\r\n")[0][:12] for _, _, _, data in pair.network.sent]
    assert len(lines) == len(["INVITE", "100", "180", "486", "ACK"])
    assert pair.us.is_at_rest
    assert pair.peer.is_at_rest


def test_a_name_is_resolved(pair: Pair) -> None:
    pair.send("OPTIONS", Hop("udp", "peer.example", 5060))
    pair.run(0.01)
    pair.answer(200)
    assert pair.caller.statuses == [200]
    pair.finish()


def test_a_name_that_nobody_has_fails_the_request_after_send_request_returned(pair: Pair) -> None:
    pair.send("OPTIONS", Hop("udp", "nobody.example", 5060))
    assert pair.caller.failures == []
    pair.clock.advance(0)
    assert pair.caller.failures == [Why.TRANSPORT]
    assert pair.us.is_at_rest


def test_a_cancel_waits_for_the_100_and_the_487_comes_through(pair: Pair) -> None:
    transaction = pair.send("INVITE")
    transaction.cancel([("Reason", "SIP;cause=200")])
    assert len(pair.network.sent) == 1
    pair.run(0.04)
    [cancelled] = pair.server.cancelled
    assert pair.us.driver.transactions["client"] == 1
    cancelled.respond(cancelled.request.reply(487, to_tag="b"))
    pair.run(0.01)
    assert pair.caller.statuses == [487]
    pair.finish()


def test_a_200_that_crosses_the_cancel_is_delivered_and_both_sides_come_to_rest(pair: Pair) -> None:
    """9.1: CANCEL and 200 pass each other; the caller sees the 200, the callee no CANCEL."""
    transaction = pair.send("INVITE")
    pair.run(0.05)
    invite = pair.server.requests[0]
    invite.respond(invite.request.reply(200, to_tag="b"))
    transaction.cancel()
    pair.run(0.05)
    assert pair.caller.statuses == [200]
    assert pair.server.cancelled == []
    assert any(data.startswith(b"CANCEL ") for _, _, _, data in pair.network.sent)
    pair.finish()


def test_only_an_invite_can_be_cancelled(pair: Pair) -> None:
    transaction = pair.send("BYE")
    with pytest.raises(ValueError, match="BYE"):
        transaction.cancel()
    pair.us.driver.stop()
    pair.run(0.01)
    pair.peer.driver.stop()


def test_an_ack_for_a_2xx_has_a_via_and_no_transaction(pair: Pair) -> None:
    pair.us.driver.send_ack(request("ACK"), pair.peer.hop())
    pair.us.driver.send_ack(request("ACK"), Hop("udp", "peer.example", 5060))
    pair.us.driver.send_ack(request("ACK"), Hop("udp", "nobody.example", 5060))
    pair.run(0.01)
    assert [ack.via.host for ack in pair.server.acks] == ["192.0.2.1"] * 2
    assert pair.us.is_at_rest


@pytest.mark.parametrize("hop", [Hop("udp", "192.0.2.2", 5060), Hop("udp", "peer.example", 5060)])
def test_what_cannot_be_written_raises_and_leaves_nothing(pair: Pair, hop: Hop) -> None:
    bad = request("INVITE", ("X-Name", "a\r\nVia: b"))
    with pytest.raises(UnwritableError):
        pair.us.driver.send_request(bad, hop, pair.caller)
    with pytest.raises(UnwritableError):
        pair.us.driver.send_ack(bad, hop)
    assert pair.us.is_at_rest
    assert pair.network.sent == []


def test_stray_responses_are_dropped(pair: Pair) -> None:
    peer = Wiretap(pair.network)
    stray = request("INVITE", ("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnone"))
    peer.send(write(stray.reply(200)), pair.us)
    pair.run(0.02)
    assert peer.lines == []
    assert pair.us.is_at_rest


def test_a_response_with_two_vias_is_not_for_us(pair: Pair) -> None:
    """8.1.3.3."""

    def answer(transaction: ServerTransaction) -> None:
        response = transaction.request.reply(200, to_tag="b")
        response.headers.add("Via", "SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKx")
        transaction.respond(response)

    pair.server.react = answer
    pair.send("OPTIONS")
    pair.clock.pump([0.5] * 64)
    assert pair.caller.statuses == []
    assert pair.caller.failures == [Why.TIMEOUT]
    pair.finish()


def test_a_user_that_breaks_does_not_keep_the_transaction_from_ending(pair: Pair) -> None:
    class Broken(Caller):
        def response_received(self, response: object) -> None:
            raise RuntimeError("a defect of the user")

    pair.us.driver.send_request(request("INVITE"), pair.peer.hop(), Broken())
    pair.run(0.05)
    pair.answer(180)
    pair.answer(486)
    pair.finish()


def test_a_user_may_send_the_next_request_from_within_a_response(pair: Pair) -> None:
    class Chain(Caller):
        def response_received(self, response: object) -> None:
            pair.send("OPTIONS")

    pair.us.driver.send_request(request("OPTIONS"), pair.peer.hop(), Chain())
    pair.server.react = lambda one: one.respond(one.request.reply(200, to_tag="b"))
    pair.clock.pump([0.01] * 4)
    assert pair.caller.statuses == [200]
    pair.finish()


def test_a_peer_that_vanishes_leaves_nothing_behind(pair: Pair) -> None:
    pair.send("BYE")
    pair.network.leave(("192.0.2.2", 5060))
    pair.finish()
    assert pair.caller.failures == [Why.TIMEOUT]


def test_a_cancel_that_nobody_answers_ends_with_its_invite(pair: Pair) -> None:
    transaction = pair.send("INVITE")
    pair.run(0.05)
    pair.network.leave(("192.0.2.2", 5060))
    transaction.cancel()
    pair.clock.pump([0.5] * 64)
    assert pair.caller.failures == [Why.TIMEOUT]
    assert pair.us.is_at_rest
    pair.peer.driver.stop()


def test_stopping_forgets_failures_that_have_not_been_told(pair: Pair) -> None:
    pair.send("BYE", Hop("tcp", "192.0.2.77", 5060))
    pair.us.driver.stop()
    pair.clock.advance(1)
    assert pair.caller.failures == []


def test_a_transaction_that_has_ended_can_still_be_cancelled_in_vain(pair: Pair) -> None:
    transaction = pair.send("INVITE", Hop("tcp", "192.0.2.77", 5060))
    pair.clock.advance(0)
    transaction.cancel()
    assert pair.network.sent == []


def quoted(pair: Pair) -> bytes:
    """Return what an ICMP error would quote of the last message we sent."""
    return pair.network.sent[-1][3][:300]


def test_what_cannot_be_delivered_fails_its_request_alone(pair: Pair) -> None:
    """18.4: at once, not after 64*T1."""
    pair.peer.driver.stop()
    pair.send("OPTIONS")
    pair.send("INVITE")
    pair.us.driver.undelivered(quoted(pair), pair.peer.hop())
    assert pair.caller.failures == [Why.TRANSPORT]
    assert pair.us.driver.transactions["client"] == 1
    pair.finish()


def test_a_forged_error_fails_nothing(pair: Pair) -> None:
    pair.peer.driver.stop()
    pair.send("INVITE")
    told = quoted(pair)
    forged = [
        b"",
        told[:40],
        told.replace(b"branch=z9hG4bK", b"branch=z9hG4bKx"),
        told[1:],
        b"\xff",
    ]
    for quote in forged:
        pair.us.driver.undelivered(quote, pair.peer.hop())
    pair.us.driver.undelivered(told, Hop("udp", "192.0.2.66", 5060))
    assert pair.caller.failures == []
    pair.finish()
