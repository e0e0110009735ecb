"""The INVITE server transaction: RFC 3261 17.2.1 and RFC 6026."""

from __future__ import annotations

from itertools import product

import pytest
from twisted.internet.task import Clock

from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.invite_server import TABLE, Input, InviteServer, State
from b2bua.sip.transaction.timers import Timers
from tests.support.messages import request
from tests.support.rig import Rig

INVITE = request("INVITE")
ACK = request("ACK")


def incoming(clock: Clock, *, reliable: bool = False) -> Rig:
    rig = Rig(clock, InviteServer(INVITE, Timers(), reliable=reliable))
    rig.perform(rig.machine.begin(INVITE))
    return rig


def respond(rig: Rig, status: int) -> None:
    rig.perform(rig.machine.respond(INVITE.reply(status, to_tag="b")))


def receive(rig: Rig, method: str) -> None:
    rig.perform(rig.machine.receive(ACK if method == "ACK" else INVITE))


def statuses(rig: Rig) -> list[str]:
    return [name for _, name in rig.sent]


def test_it_answers_100_at_once_and_delivers_the_invite() -> None:
    rig = incoming(Clock())
    assert rig.sent == [(0, "100")]
    assert rig.delivered == ["INVITE"]


def test_a_repeated_invite_gets_the_latest_provisional_response() -> None:
    rig = incoming(Clock())
    receive(rig, "INVITE")
    respond(rig, 180)
    receive(rig, "INVITE")
    assert statuses(rig) == ["100", "100", "180", "180"]
    assert rig.delivered == ["INVITE"]


def test_a_refusal_is_resent_until_timer_h(clock: Clock) -> None:
    """17.2.1: timer G doubles from T1 up to T2; timer H ends it at 64*T1, and says so."""
    rig = incoming(clock)
    respond(rig, 486)
    clock.pump([0.5] * 64)
    resent = [at for at, name in rig.sent if name == "486"]
    assert resent == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert rig.ended is Why.TIMEOUT


def test_on_a_reliable_transport_a_refusal_is_sent_once(clock: Clock) -> None:
    rig = incoming(clock, reliable=True)
    respond(rig, 486)
    clock.pump([0.5] * 64)
    assert statuses(rig) == ["100", "486"]
    assert rig.ended is Why.TIMEOUT


def test_the_ack_stops_the_resends_and_further_acks_are_absorbed_for_t4(clock: Clock) -> None:
    rig = incoming(clock)
    respond(rig, 486)
    receive(rig, "ACK")
    clock.advance(4.9)
    receive(rig, "ACK")
    receive(rig, "INVITE")
    assert statuses(rig) == ["100", "486"]
    assert rig.delivered == ["INVITE"]
    clock.advance(0.1)
    assert rig.ended is Why.NORMAL


def test_on_a_reliable_transport_the_ack_ends_it(clock: Clock) -> None:
    rig = incoming(clock, reliable=True)
    respond(rig, 486)
    receive(rig, "ACK")
    assert rig.ended is Why.NORMAL


def test_a_repeated_invite_gets_the_refusal_again(clock: Clock) -> None:
    rig = incoming(clock)
    respond(rig, 486)
    receive(rig, "INVITE")
    assert statuses(rig) == ["100", "486", "486"]
    clock.advance(0.5)
    assert statuses(rig) == ["100", "486", "486", "486"]
    receive(rig, "ACK")
    clock.advance(5)


def test_a_2xx_is_repeated_by_the_user_alone_and_invites_are_absorbed(clock: Clock) -> None:
    """RFC 6026: in ACCEPTED nothing is resent; timer L, 64*T1, ends it."""
    rig = incoming(clock)
    respond(rig, 200)
    receive(rig, "INVITE")
    clock.advance(31.9)
    receive(rig, "INVITE")
    assert statuses(rig) == ["100", "200"]
    respond(rig, 200)
    assert statuses(rig) == ["100", "200", "200"]
    clock.advance(0.1)
    assert rig.ended is Why.NORMAL


def test_the_ack_of_a_2xx_goes_to_the_user(clock: Clock) -> None:
    rig = incoming(clock)
    respond(rig, 200)
    receive(rig, "ACK")
    assert rig.delivered == ["INVITE", "ACK"]
    clock.advance(32)


@pytest.mark.parametrize("first", [200, 486])
@pytest.mark.parametrize("late", [180, 603])
def test_what_the_user_sends_after_a_final_response_is_discarded(
    clock: Clock, first: int, late: int
) -> None:
    rig = incoming(clock)
    respond(rig, first)
    respond(rig, late)
    assert statuses(rig) == ["100", str(first)]
    clock.pump([0.5] * 64)


@pytest.mark.parametrize(
    ("responses", "reports"), [((), 1), ((180,), 1), ((200,), 1), ((486,), 1)], ids=str
)
def test_a_transport_error_is_reported_and_ends_nothing(
    clock: Clock, responses: tuple[int, ...], reports: int
) -> None:
    """RFC 6026 7.1: the machine stays where it is, and its timers end it."""
    rig = incoming(clock)
    for status in responses:
        respond(rig, status)
    state = rig.machine.state
    rig.perform(rig.machine.fail())
    assert rig.reports == [Why.TRANSPORT] * reports
    assert rig.machine.state is state
    clock.pump([0.5] * 64)


LIVE = [state for state in State if state is not State.TERMINATED]
OUTSIDE = [i for i in Input if not i.name.startswith("TIMER")]


@pytest.mark.parametrize(("state", "input_"), list(product(LIVE, OUTSIDE)), ids=str)
def test_every_input_from_outside_has_a_row(state: State, input_: Input) -> None:
    assert (state, input_) in TABLE
