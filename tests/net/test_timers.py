"""The timetable: exact, in order, and quiet when nothing runs."""

from __future__ import annotations

import random

import pytest
from twisted.internet.task import Clock

from b2bua.net.timers import Countdown, Timetable


def test_a_timer_expires_exactly_when_it_is_due(clock: Clock) -> None:
    timetable, log = Timetable(clock), list[tuple[float, object]]()
    for seconds in (32.0, 0.5, 5.0):
        timetable.start(seconds, lambda what: log.append((clock.seconds(), what)), seconds)
    clock.pump([0.5] * 64)
    assert log == [(0.5, 0.5), (5.0, 5.0), (32.0, 32.0)]
    assert timetable.running == 0


def test_a_stopped_timer_does_not_expire_and_those_behind_it_do(clock: Clock) -> None:
    timetable, log = Timetable(clock), list[object]()
    countdowns = []
    for name in "abc":
        countdowns.append(timetable.start(1.0, log.append, name))
        clock.advance(0.25)
    countdowns[0].stop()
    countdowns[0].stop()
    assert timetable.running == 2
    clock.advance(0.49)
    assert log == []
    clock.advance(0.01)
    assert log == ["b"]
    clock.advance(0.25)
    assert log == ["b", "c"]


def test_when_the_last_is_stopped_the_reactor_has_no_timer(clock: Clock) -> None:
    timetable = Timetable(clock)
    countdowns = [timetable.start(seconds, print, None) for seconds in (1.0, 1.0, 2.0)]
    for countdown in countdowns:
        countdown.stop()
    assert clock.getDelayedCalls() == []


def test_many_timers_of_one_duration_cost_the_reactor_one(clock: Clock) -> None:
    timetable = Timetable(clock)
    for _ in range(1000):
        timetable.start(32.0, print, None)
    assert len(clock.getDelayedCalls()) == 1
    timetable.stop()


def test_a_timer_may_start_and_stop_others_when_it_expires(clock: Clock) -> None:
    timetable, log = Timetable(clock), list[str]()
    countdowns: dict[str, Countdown] = {}

    def expire(name: str) -> None:
        log.append(name)
        if name == "a":
            countdowns["b"].stop()
            timetable.start(1.0, expire, "d")

    for name in "abc":
        countdowns[name] = timetable.start(1.0, expire, name)
    clock.advance(1)
    assert log == ["a", "c"]
    clock.advance(1)
    assert log == ["a", "c", "d"]
    assert timetable.running == 0


def test_the_last_to_expire_may_be_stopped_by_the_one_before(clock: Clock) -> None:
    timetable = Timetable(clock)
    countdowns: list[Countdown] = []
    timetable.start(1.0, lambda _: countdowns[0].stop(), None)
    countdowns.append(timetable.start(1.0, print, None))
    clock.advance(1)
    assert timetable.running == 0


def test_a_defect_in_one_expiry_does_not_keep_others_from_expiring(clock: Clock) -> None:
    timetable, log = Timetable(clock), list[object]()

    def broken(_: object) -> None:
        raise RuntimeError("a defect")

    timetable.start(1.0, broken, None)
    timetable.start(1.0, log.append, "b")
    with pytest.raises(RuntimeError):
        clock.advance(1)
    clock.advance(0)
    assert log == ["b"]


def test_odd_sums_of_seconds_neither_delay_nor_repeat_an_expiry(clock: Clock) -> None:
    """0.1 + 0.2 is not 0.3; the queue must not wait again for the difference."""
    timetable, log = Timetable(clock), list[object]()
    choose = random.Random(7)
    for number in range(500):
        timetable.start(0.7, log.append, number)
        clock.advance(choose.choice([0.1, 0.01, 0.3, 0.0]))
    clock.advance(0.7)
    assert log == list(range(500))


def test_stopping_the_timetable_stops_all(clock: Clock) -> None:
    timetable, log = Timetable(clock), list[object]()
    late = timetable.start(1.0, log.append, 1)
    timetable.start(2.0, log.append, 2)
    timetable.stop()
    clock.advance(5)
    late.stop()
    assert log == []
    assert timetable.running == 0
