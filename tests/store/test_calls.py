"""Records of calls: a step at a time, page by page, and no more of them than there is room for."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from b2bua.routing.plan import Direction, Event, LegFacts, Status
from b2bua.store.calls import CallQuery, CallRecord, MemoryCalls
from b2bua.store.paging import Mark

ResultT = TypeVar("ResultT")


def now(waiting: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return the result of a coroutine that has nothing to wait for."""
    try:
        waiting.send(None)
    except StopIteration as returned:
        result: ResultT = returned.value
        return result
    raise AssertionError("it waits")


def leg(number: int, status: Status = Status.INITIATED, **more: Any) -> LegFacts:
    facts = LegFacts(f"CA{number:032x}", "AC1", Direction.INBOUND, status, "+1555", f"+{number}")
    return replace(facts, **more)


def over(calls: MemoryCalls, number: int) -> None:
    calls.note(leg(number), Event.INITIATED, float(number))
    calls.note(leg(number, Status.COMPLETED), Event.COMPLETED, float(number) + 0.5, 0)


def listed(calls: MemoryCalls, mark: Mark | None = None, size: int = 50) -> list[int]:
    page = now(calls.page("AC1", CallQuery(), mark, size))
    return [int(record.sid[2:], 16) for record in page.records]


def get(calls: MemoryCalls, number: int) -> CallRecord | None:
    return now(calls.get("AC1", f"CA{number:032x}"))


def test_a_record_follows_its_leg() -> None:
    calls = MemoryCalls(10)
    calls.add(leg(1, Status.QUEUED), 100.0)
    calls.note(leg(1), Event.INITIATED, 102.5)
    calls.note(leg(1, Status.IN_PROGRESS), Event.ANSWERED, 105.0)
    calls.note(leg(1, Status.COMPLETED), Event.COMPLETED, 112.0, 7)
    record = get(calls, 1)
    assert record is not None
    assert (record.created_at, record.started_at, record.answered_at) == (100.0, 102.5, 105.0)
    assert (record.ended_at, record.duration, record.status) == (112.0, 7, Status.COMPLETED)
    assert record.queued == 2.5


def test_initiated_shows_as_ringing() -> None:
    calls = MemoryCalls(10)
    calls.note(leg(1), Event.INITIATED, 1.0)
    assert now(calls.get("AC1", leg(1).call_sid)).status is Status.RINGING  # type: ignore[union-attr]


def test_another_account_sees_nothing() -> None:
    calls = MemoryCalls(10)
    over(calls, 1)
    assert now(calls.get("AC2", leg(1).call_sid)) is None
    assert now(calls.page("AC2", CallQuery(), None, 50)).records == ()
    assert not now(calls.remove("AC2", leg(1).call_sid))


def test_the_oldest_that_is_over_makes_room_and_a_live_one_never() -> None:
    calls = MemoryCalls(2)
    calls.note(leg(1), Event.INITIATED, 1.0)
    for number in (2, 3, 4):
        over(calls, number)
    assert listed(calls) == [4, 3, 1]


def test_a_step_after_the_record_was_deleted_is_dropped() -> None:
    calls = MemoryCalls(10)
    calls.note(leg(1), Event.INITIATED, 1.0)
    assert now(calls.remove("AC1", leg(1).call_sid))
    calls.note(leg(1, Status.COMPLETED), Event.COMPLETED, 2.0, 0)
    assert len(calls) == 0


def test_pages_are_stable_while_calls_are_made_and_deleted() -> None:
    calls = MemoryCalls(100)
    for number in range(1, 8):
        over(calls, number)
    assert listed(calls, size=3) == [7, 6, 5]
    over(calls, 8)
    now(calls.remove("AC1", leg(5).call_sid))
    assert listed(calls, Mark(5), 3) == [4, 3, 2]
    assert listed(calls, Mark(2), 3) == [1]


def test_a_page_can_be_turned_back() -> None:
    calls = MemoryCalls(100)
    for number in range(1, 8):
        over(calls, number)
    page = now(calls.page("AC1", CallQuery(), Mark(3, is_newer=True), 3))
    assert [record.place for record in page.records] == [6, 5, 4]
    assert (page.has_older, page.has_newer) == (True, True)
    page = now(calls.page("AC1", CallQuery(), Mark(6, is_newer=True), 3))
    assert [record.place for record in page.records] == [7]
    assert not page.has_newer


def test_a_full_last_page_has_nothing_older() -> None:
    calls = MemoryCalls(100)
    for number in range(1, 5):
        over(calls, number)
    assert now(calls.page("AC1", CallQuery(), None, 2)).has_older
    assert not now(calls.page("AC1", CallQuery(), Mark(3), 2)).has_older


def test_a_query_wants_what_it_says() -> None:
    calls = MemoryCalls(100)
    over(calls, 1)
    calls.note(leg(2, parent_call_sid="CA1", from_="+2"), Event.INITIATED, 2.0)
    cases = [
        (CallQuery(), [2, 1]),
        (CallQuery(to="+1"), [1]),
        (CallQuery(from_="+2"), [2]),
        (CallQuery(parent_call_sid="CA1"), [2]),
        (CallQuery(status=Status.RINGING), [2]),
        (CallQuery(started=(2.0, None)), [2]),
        (CallQuery(started=(None, 2.0)), [1]),
        (CallQuery(started=(1.0, 2.0)), [1]),
        (CallQuery(ended=(0.0, None)), [1]),
    ]
    for query, wanted in cases:
        page = now(calls.page("AC1", query, None, 50))
        assert [int(record.sid[2:], 16) for record in page.records] == wanted, query
