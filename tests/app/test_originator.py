"""Calls wait their turn: each account's own queue, in order, and no faster than its pace."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.api.interfaces import Order
from b2bua.app.originator import Originator
from b2bua.routing.plan import Direction, LegFacts, NumberSettings, Status, Target


class Dialler:
    """Notes when each call was dialled; takes none while `has_room` is off."""

    def __init__(self, clock: Clock, rate: float = 1.0, most: int = 100) -> None:
        self.clock = clock
        self.dialled: list[tuple[float, str]] = []
        self.has_room = True
        self.originator = Originator(clock, rate, most, self._dial)

    def put(self, sid: str, account: str = "AC1") -> bool:
        facts = LegFacts(sid, account, Direction.OUTBOUND_API, Status.QUEUED, "+1", "+2")
        number = NumberSettings("+2", "rcml", account)
        return self.originator.put(Order(account, "+1", Target(number="+2"), number), facts)

    def advance(self, seconds: float) -> None:
        self.clock.pump([0, *[0.125] * round(seconds * 8)])

    def _dial(self, _order: Order, facts: LegFacts) -> bool:
        if self.has_room:
            self.dialled.append((self.clock.seconds(), facts.call_sid))
        return self.has_room


@pytest.fixture
def dialler(clock: Clock) -> Dialler:
    return Dialler(clock)


def test_the_first_is_dialled_in_the_next_turn(dialler: Dialler) -> None:
    dialler.put("CA1")
    assert dialler.dialled == []
    dialler.clock.advance(0)
    assert dialler.dialled == [(0.0, "CA1")]


def test_the_others_follow_one_a_second_in_order(dialler: Dialler) -> None:
    for sid in ("CA1", "CA2", "CA3"):
        dialler.put(sid)
    dialler.advance(5)
    assert [sid for _, sid in dialler.dialled] == ["CA1", "CA2", "CA3"]
    assert [at for at, _ in dialler.dialled] == [0.0, 1.0, 2.0]


def test_a_pause_between_calls_counts(dialler: Dialler) -> None:
    dialler.put("CA1")
    dialler.advance(0.5)
    dialler.put("CA2")
    dialler.advance(0.25)
    assert len(dialler.dialled) == 1
    dialler.advance(0.5)
    assert len(dialler.dialled) == 2


def test_the_rate_is_a_setting(clock: Clock) -> None:
    dialler = Dialler(clock, rate=4.0)
    for number in range(10):
        dialler.put(f"CA{number}")
    dialler.advance(1.0)
    assert len(dialler.dialled) == 5
    dialler.advance(2.0)
    assert len(dialler.dialled) == 10


def test_one_accounts_queue_does_not_hold_up_another(dialler: Dialler) -> None:
    for number in range(5):
        dialler.put(f"CA{number}")
    dialler.put("CA9", "AC2")
    dialler.clock.advance(0)
    assert (0.0, "CA9") in dialler.dialled
    dialler.advance(5)


def test_only_so_many_wait(clock: Clock) -> None:
    dialler = Dialler(clock, most=2)
    assert [dialler.put("CA1"), dialler.put("CA2"), dialler.put("CA3")] == [True, True, False]
    assert len(dialler.originator) == 2
    dialler.clock.advance(0)
    assert dialler.put("CA3")
    dialler.advance(5)


def test_a_call_taken_out_of_the_queue_is_not_dialled(dialler: Dialler) -> None:
    dialler.put("CA1")
    dialler.put("CA2")
    assert dialler.originator.cancel("CA1")
    assert not dialler.originator.cancel("CA1")
    dialler.advance(3)
    assert [sid for _, sid in dialler.dialled] == ["CA2"]


def test_a_call_there_is_no_room_for_keeps_its_turn(dialler: Dialler) -> None:
    dialler.has_room = False
    dialler.put("CA1")
    dialler.put("CA2")
    dialler.advance(3)
    assert len(dialler.originator) == 2
    dialler.has_room = True
    dialler.advance(3)
    assert [sid for _, sid in dialler.dialled] == ["CA1", "CA2"]


def test_stopping_names_those_that_waited(dialler: Dialler) -> None:
    dialler.put("CA1")
    dialler.put("CA2")
    dialler.clock.advance(0)
    assert list(dialler.originator.stop()) == ["CA2"]
    assert len(dialler.originator) == 0
    assert dialler.clock.getDelayedCalls() == []
