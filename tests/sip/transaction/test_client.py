"""The client transaction of other requests: RFC 3261 17.1.2."""

from __future__ import annotations

from itertools import product

import pytest
from twisted.internet.task import Clock

from b2bua.sip.transaction.client import TABLE, Client, Input, State
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.timers import Timers
from tests.support.messages import request
from tests.support.rig import Rig

BYE = request("BYE", to_tag="b")


def outgoing(clock: Clock, *, reliable: bool = False) -> Rig:
    rig = Rig(clock, Client(BYE, Timers(), reliable=reliable))
    rig.perform(rig.machine.begin())
    return rig


def answer(rig: Rig, status: int) -> None:
    rig.perform(rig.machine.receive(BYE.reply(status)))


def test_resends_double_up_to_t2_until_timer_f(clock: Clock) -> None:
    """17.1.2.2: intervals of 500 ms, 1 s, 2 s, 4 s, 4 s, ...; timeout at 32 s."""
    rig = outgoing(clock)
    clock.pump([0.5] * 64)
    expected = [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert [at for at, _ in rig.sent] == expected
    assert rig.ended is Why.TIMEOUT


def test_after_a_provisional_response_it_resends_every_t2(clock: Clock) -> None:
    rig = outgoing(clock)
    clock.advance(0.25)
    answer(rig, 100)
    clock.pump([0.25] * 128)
    assert [at for at, _ in rig.sent] == [0, 0.5, *(4.5 + 4 * n for n in range(7))]
    assert rig.ended is Why.TIMEOUT


def test_a_reliable_transport_sends_once_and_still_times_out(clock: Clock) -> None:
    rig = outgoing(clock, reliable=True)
    clock.pump([0.5] * 64)
    assert len(rig.sent) == 1
    assert rig.ended is Why.TIMEOUT


@pytest.mark.parametrize("status", [200, 481])
def test_repeated_responses_are_absorbed_for_t4(clock: Clock, status: int) -> None:
    rig = outgoing(clock)
    answer(rig, status)
    clock.advance(4.9)
    answer(rig, status)
    answer(rig, 100)
    assert rig.delivered == [str(status)]
    clock.advance(0.1)
    assert rig.ended is Why.NORMAL


def test_on_a_reliable_transport_a_final_response_ends_it(clock: Clock) -> None:
    rig = outgoing(clock, reliable=True)
    answer(rig, 200)
    assert rig.delivered == ["200"]
    assert rig.ended is Why.NORMAL


@pytest.mark.parametrize("responses", [(), (100,)], ids=str)
def test_a_lost_transport_ends_it_and_leaves_no_timer(
    clock: Clock, responses: tuple[int, ...]
) -> None:
    rig = outgoing(clock)
    for status in responses:
        answer(rig, status)
    rig.perform(rig.machine.fail())
    assert rig.ended is Why.TRANSPORT


def test_a_transport_error_after_the_final_response_is_no_news(clock: Clock) -> None:
    rig = outgoing(clock)
    answer(rig, 200)
    rig.perform(rig.machine.fail())
    clock.advance(5)
    assert rig.ended is Why.NORMAL


LIVE = [state for state in State if state is not State.TERMINATED]
OUTSIDE = [i for i in Input if not i.name.startswith("TIMER")]


@pytest.mark.parametrize(("state", "input_"), list(product(LIVE, OUTSIDE)), ids=str)
def test_every_input_from_outside_has_a_row(state: State, input_: Input) -> None:
    assert (state, input_) in TABLE
