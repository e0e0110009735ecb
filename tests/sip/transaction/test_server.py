"""The server transaction of other requests: RFC 3261 17.2.2."""

from __future__ import annotations

from itertools import product

import pytest
from twisted.internet.task import Clock

from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.server import TABLE, Input, Server, State
from b2bua.sip.transaction.timers import Timers
from tests.support.messages import request
from tests.support.rig import Rig

BYE = request("BYE", to_tag="b")


def incoming(clock: Clock, *, reliable: bool = False) -> Rig:
    rig = Rig(clock, Server(Timers(), reliable=reliable))
    rig.perform(rig.machine.begin(BYE))
    return rig


def respond(rig: Rig, status: int) -> None:
    rig.perform(rig.machine.respond(BYE.reply(status)))


def repeat(rig: Rig) -> None:
    rig.perform(rig.machine.receive(BYE))


def statuses(rig: Rig) -> list[str]:
    return [name for _, name in rig.sent]


def test_the_request_is_delivered_once_and_nothing_is_sent_unasked() -> None:
    rig = incoming(Clock())
    repeat(rig)
    assert rig.delivered == ["BYE"]
    assert rig.sent == []


def test_a_repeated_request_gets_the_latest_response_for_64_t1(clock: Clock) -> None:
    rig = incoming(clock)
    respond(rig, 100)
    repeat(rig)
    respond(rig, 200)
    clock.advance(31.9)
    repeat(rig)
    assert statuses(rig) == ["100", "100", "200", "200"]
    clock.advance(0.1)
    assert rig.ended is Why.NORMAL


def test_on_a_reliable_transport_the_final_response_ends_it(clock: Clock) -> None:
    rig = incoming(clock, reliable=True)
    respond(rig, 200)
    assert statuses(rig) == ["200"]
    assert rig.ended is Why.NORMAL


def test_a_second_final_response_is_discarded(clock: Clock) -> None:
    rig = incoming(clock)
    respond(rig, 200)
    respond(rig, 500)
    respond(rig, 100)
    assert statuses(rig) == ["200"]
    clock.advance(32)


@pytest.mark.parametrize(("responses", "reports"), [((), 0), ((100,), 1), ((200,), 1)], ids=str)
def test_a_transport_error_is_reported_if_something_was_sent_and_ends_nothing(
    clock: Clock, responses: tuple[int, ...], reports: int
) -> None:
    rig = incoming(clock)
    for status in responses:
        respond(rig, status)
    rig.perform(rig.machine.fail())
    assert rig.reports == [Why.TRANSPORT] * reports
    assert rig.ended is None
    clock.advance(32)


LIVE = [state for state in State if state is not State.TERMINATED]
OUTSIDE = [i for i in Input if not i.name.startswith("TIMER")]


@pytest.mark.parametrize(("state", "input_"), list(product(LIVE, OUTSIDE)), ids=str)
def test_every_input_from_outside_has_a_row(state: State, input_: Input) -> None:
    assert (state, input_) in TABLE
