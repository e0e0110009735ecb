"""The lag meter, on a clock that can be late."""

from __future__ import annotations

from twisted.internet.task import Clock

from b2bua.app.lag import LagMeter


def test_a_reactor_in_time_has_no_lag() -> None:
    clock = Clock()
    meter = LagMeter(clock)
    meter.start()
    clock.pump([0.1] * 50)
    assert meter.read()["max"] < 0.001
    meter.stop()
    assert clock.getDelayedCalls() == []


def test_lateness_is_told_in_milliseconds() -> None:
    clock = Clock()
    meter = LagMeter(clock)
    meter.start()
    clock.pump([0.1] * 98)
    clock.advance(0.35)
    clock.advance(0.12)
    lag = meter.read()
    assert (round(lag["p50"]), round(lag["p99"]), round(lag["max"])) == (0, 20, 250)
    meter.stop()


def test_only_the_last_minute_counts() -> None:
    clock = Clock()
    meter = LagMeter(clock)
    meter.start()
    clock.advance(5.0)
    clock.pump([0.1] * 599)
    assert round(meter.read()["max"]) == 4900
    clock.pump([0.1])
    assert meter.read()["max"] < 0.001
    meter.stop()


def test_shedding_goes_by_the_last_second() -> None:
    clock = Clock()
    meter = LagMeter(clock)
    assert meter.recent_ms() == 0.0
    meter.start()
    clock.pump([0.1] * 100)
    clock.pump([0.7] * 6)
    assert round(meter.recent_ms()) == 600
    assert meter.read()["p50"] < 0.001
    meter.stop()


def test_nothing_measured_is_no_lag() -> None:
    assert LagMeter(Clock()).read() == {"p50": 0.0, "p99": 0.0, "max": 0.0}
