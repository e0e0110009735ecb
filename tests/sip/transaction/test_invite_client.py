"""The INVITE client transaction: RFC 3261 17.1.1, RFC 6026, and cancelling (9.1)."""

from __future__ import annotations

from itertools import product

import pytest
from twisted.internet.task import Clock

from b2bua.machine import ImpossibleInputError
from b2bua.sip.message import Request
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.invite_client import TABLE, Input, InviteClient, State
from b2bua.sip.transaction.timers import Timer, Timers
from tests.support.messages import request
from tests.support.rig import Rig


def outgoing(clock: Clock, *, reliable: bool = False, invite: Request | None = None) -> Rig:
    rig = Rig(clock, InviteClient(invite or request("INVITE"), Timers(), reliable=reliable))
    rig.perform(rig.machine.begin())
    return rig


def answer(rig: Rig, status: int, tag: str = "b") -> None:
    rig.perform(rig.machine.receive(rig.machine.invite.reply(status, to_tag=tag)))


def test_resends_double_until_timer_b(clock: Clock) -> None:
    """17.1.1.2: seven INVITEs at 0, 0.5, 1.5, ... 31.5 s, then timeout at 32 s."""
    rig = outgoing(clock)
    clock.pump([0.5] * 63)
    assert rig.ended is None
    clock.advance(0.5)
    assert [at for at, _ in rig.sent] == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert {name for _, name in rig.sent} == {"INVITE"}
    assert rig.ended is Why.TIMEOUT


def test_a_reliable_transport_sends_once_and_still_times_out(clock: Clock) -> None:
    rig = outgoing(clock, reliable=True)
    clock.pump([0.5] * 64)
    assert rig.sent == [(0, "INVITE")]
    assert rig.ended is Why.TIMEOUT


def test_a_provisional_response_stops_both_timers(clock: Clock) -> None:
    rig = outgoing(clock)
    answer(rig, 100)
    answer(rig, 180)
    clock.advance(600)
    assert rig.sent == [(0, "INVITE")]
    assert rig.delivered == ["100", "180"]
    rig.perform(rig.machine.fail())


@pytest.mark.parametrize("provisional", [False, True])
def test_a_refusal_is_acknowledged_each_time_it_comes_and_delivered_once(
    clock: Clock, provisional: bool
) -> None:
    """17.1.1.2: COMPLETED answers repeated refusals for timer D, 32 s on UDP."""
    rig = outgoing(clock)
    if provisional:
        answer(rig, 180)
    answer(rig, 486)
    clock.advance(31.9)
    answer(rig, 486)
    assert [name for _, name in rig.sent] == ["INVITE", "ACK", "ACK"]
    assert rig.delivered.count("486") == 1
    clock.advance(0.1)
    assert rig.ended is Why.NORMAL


def test_a_refusal_on_a_reliable_transport_ends_at_once(clock: Clock) -> None:
    """17.1.1.2: timer D is zero on reliable transports."""
    rig = outgoing(clock, reliable=True)
    answer(rig, 486)
    assert [name for _, name in rig.sent] == ["INVITE", "ACK"]
    assert rig.delivered == ["486"]
    assert rig.ended is Why.NORMAL


def test_the_ack_is_the_one_of_section_17_1_1_3() -> None:
    invite = request("INVITE", headers=["Route: <sip:p1;lr>", "Route: <sip:p2;lr>"], cseq=7)
    machine = InviteClient(invite, Timers(), reliable=False)
    machine.begin()
    machine.receive(refusal := invite.reply(486, to_tag="b"))
    ack = Rig(Clock(), machine)
    ack.perform(machine.receive(refusal))
    [message] = ack.messages
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("ACK", invite.uri)
    assert message.headers.get_all("Via") == [invite.headers.get("Via")]
    assert message.headers.get_all("Route") == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert message.headers.get("From") == invite.headers.get("From")
    assert message.headers.get("To") == refusal.headers.get("To")
    assert message.call_id == invite.call_id
    assert str(message.cseq) == "7 ACK"
    assert message.max_forwards == 70
    assert message.body == b""


def test_a_2xx_is_left_to_the_user_and_so_are_further_ones_for_timer_m(clock: Clock) -> None:
    """RFC 6026: ACCEPTED passes on 2xx from other branches of a fork for 64*T1."""
    rig = outgoing(clock)
    answer(rig, 200, "b")
    clock.advance(31.9)
    answer(rig, 200, "c")
    assert [name for _, name in rig.sent] == ["INVITE"]
    assert rig.delivered == ["200", "200"]
    clock.advance(0.1)
    assert rig.ended is Why.NORMAL


def test_timer_m_runs_on_reliable_transports_too(clock: Clock) -> None:
    rig = outgoing(clock, reliable=True)
    answer(rig, 200)
    assert rig.ended is None
    clock.advance(32)
    assert rig.ended is Why.NORMAL


def test_after_a_2xx_other_responses_are_dropped(clock: Clock) -> None:
    rig = outgoing(clock)
    answer(rig, 200)
    answer(rig, 180)
    answer(rig, 486)
    assert rig.delivered == ["200"]
    clock.advance(32)


def test_a_cancel_waits_for_the_first_provisional_response(clock: Clock) -> None:
    """9.1: a CANCEL must not be sent before a provisional response."""
    rig = outgoing(clock)
    rig.perform(rig.machine.cancel([("Reason", "SIP;cause=200")]))
    assert rig.begun == []
    answer(rig, 100)
    [cancel] = rig.begun
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    answer(rig, 487)
    clock.advance(32)
    assert rig.ended is Why.NORMAL


def test_the_cancel_is_the_one_of_section_9_1(clock: Clock) -> None:
    invite = request("INVITE", headers=["Route: <sip:p1;lr>"], cseq=7)
    rig = outgoing(clock, invite=invite)
    answer(rig, 180)
    rig.perform(rig.machine.cancel())
    [cancel] = rig.begun
    assert (cancel.method, cancel.uri) == ("CANCEL", invite.uri)
    for name in ("Via", "Route", "From", "To", "Call-ID"):
        assert cancel.headers.get_all(name) == invite.headers.get_all(name)
    assert str(cancel.cseq) == "7 CANCEL"
    rig.perform(rig.machine.fail())


def test_cancelling_twice_sends_one_cancel(clock: Clock) -> None:
    rig = outgoing(clock)
    answer(rig, 180)
    rig.perform(rig.machine.cancel())
    rig.perform(rig.machine.cancel())
    answer(rig, 183)
    assert len(rig.begun) == 1
    rig.perform(rig.machine.fail())


def test_a_cancelled_invite_without_final_response_ends_after_64_t1(clock: Clock) -> None:
    """9.1: a UAC does not wait longer than 64*T1 for the 487."""
    rig = outgoing(clock)
    answer(rig, 180)
    clock.advance(100)
    rig.perform(rig.machine.cancel())
    clock.advance(31.9)
    assert rig.ended is None
    clock.advance(0.1)
    assert rig.ended is Why.TIMEOUT


@pytest.mark.parametrize("before", [(), (100,), (180, 183)], ids=str)
def test_a_200_that_crosses_the_cancel_is_delivered(clock: Clock, before: tuple[int, ...]) -> None:
    rig = outgoing(clock)
    for status in before:
        answer(rig, status)
    rig.perform(rig.machine.cancel())
    answer(rig, 200)
    assert rig.delivered[-1] == "200"
    assert len(rig.begun) == bool(before)
    clock.advance(32)
    assert rig.ended is Why.NORMAL


def test_nothing_is_cancelled_after_a_final_response(clock: Clock) -> None:
    rig = outgoing(clock)
    answer(rig, 486)
    rig.perform(rig.machine.cancel())
    assert rig.begun == []
    clock.advance(32)


@pytest.mark.parametrize("responses", [(), (100,), (180, 183)], ids=str)
@pytest.mark.parametrize("cancelled", [False, True])
def test_a_lost_transport_ends_it_and_leaves_no_timer(
    clock: Clock, responses: tuple[int, ...], cancelled: bool
) -> None:
    rig = outgoing(clock)
    for status in responses:
        answer(rig, status)
    if cancelled:
        rig.perform(rig.machine.cancel())
    rig.perform(rig.machine.fail())
    assert rig.ended is Why.TRANSPORT
    assert rig.armed == set()


def test_a_lost_ack_is_no_news_to_a_user_that_was_refused(clock: Clock) -> None:
    rig = outgoing(clock)
    answer(rig, 486)
    rig.perform(rig.machine.fail())
    assert rig.ended is Why.NORMAL


LIVE = [state for state in State if state is not State.TERMINATED]
OUTSIDE = [i for i in Input if not i.name.startswith("TIMER")]


@pytest.mark.parametrize(("state", "input_"), list(product(LIVE, OUTSIDE)), ids=str)
def test_every_input_from_outside_has_a_row(state: State, input_: Input) -> None:
    assert (state, input_) in TABLE


def test_a_timer_that_cannot_run_is_a_defect_of_ours() -> None:
    machine = InviteClient(request("INVITE"), Timers(), reliable=False)
    with pytest.raises(ImpossibleInputError):
        machine.expire(Timer.D)
