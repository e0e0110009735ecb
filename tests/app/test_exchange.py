"""What the API asks of live calls, where no flow says it: drained, gone, or somebody's own."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.api.interfaces import Order
from b2bua.routing.plan import NumberSettings, Status, StatusPlan, Target
from b2bua.store.calls import CallRecord
from b2bua.store.numbers import NumberRecord
from tests.store.test_calls import now
from tests.support.flow import Flow

PLAN = StatusPlan("http://app.example/s")
NUMBER = NumberSettings("100", "rcml", "AC1", voice_document="<Response/>")


@pytest.fixture
def flow(clock: Clock) -> Flow:
    return Flow("phone b +15550000101\n", clock)


def order(account: str = "AC1") -> Order:
    return Order(account, "+15550009999", Target(number="+15550000101"), NUMBER)


def record(flow: Flow, sid: str) -> CallRecord:
    found = now(flow.api.exchange.calls.get("AC1", sid))
    assert found is not None
    return found


def test_nobody_is_dialled_once_calls_are_drained(flow: Flow) -> None:
    exchange = flow.api.exchange
    first, second = exchange.originate(order()), exchange.originate(order())
    assert first is not None
    assert second is not None
    exchange.stop()
    assert [record(flow, each.sid).status for each in (first, second)] == [Status.CANCELED] * 2
    assert exchange.takes_calls
    flow.switchboard.is_draining = True
    assert not exchange.takes_calls
    assert flow.clock.getDelayedCalls() == []


def test_a_call_that_is_not_there_cannot_be_changed(flow: Flow) -> None:
    exchange = flow.api.exchange
    assert not exchange.redirect("CA0", NUMBER)
    assert not exchange.end("CA0")
    assert not exchange.limit("CA0", 5.0)
    assert not exchange.report_to("CA0", PLAN)


def test_an_accounts_number_comes_before_the_settings(flow: Flow) -> None:
    plan = NumberSettings("100", "rcml", "AC1", voice_url="http://app.example/mine")
    now(flow.api.exchange.numbers.put(NumberRecord("PN1", 1, plan, "mine", 0.0, 0.0)))
    assert flow.api.exchange._equipment.number_for("100") is plan


def test_a_number_whose_account_is_gone_takes_no_calls(flow: Flow) -> None:
    plan = NumberSettings("100", "rcml", "AC9", voice_url="http://app.example/mine")
    now(flow.api.exchange.numbers.put(NumberRecord("PN1", 1, plan, "mine", 0.0, 0.0)))
    found = flow.api.exchange._equipment.number_for("100")
    assert found is not None
    assert found.account_sid == "AC1"
