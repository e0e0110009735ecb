"""Records of calls over a restart: what was listed before is listed after."""

from __future__ import annotations

from pathlib import Path

from b2bua.routing.plan import Direction, Event, Status
from b2bua.store.calls import CallQuery, CallRecord
from b2bua.store.kept_calls import KeptCalls
from b2bua.store.paging import Mark
from tests.store.conftest import Store
from tests.store.test_calls import get, leg, listed, now
from tests.store.test_outbox import found


class Life:
    """One process, of many on one file."""

    def __init__(self, folder: Path, limit: int = 1_000, after: float = 0.0) -> None:
        self.store = Store("sqlite:///calls.sqlite", folder, now=1_700_000_000.0 + after)
        self.calls = KeptCalls(limit, self.store.journal, self.store.places.next)

    def step(self, number: int, event: Event, status: Status, duration: int | None = None) -> None:
        """Let a leg take a step, as the call does it."""
        facts = leg(number, status)
        self.store.journal.append(facts, event, duration)
        self.calls.note(facts, event, self.at, duration)
        self.store.clock.advance(1)

    def over(self, *numbers: int) -> None:
        """Let legs be answered, and end after two seconds."""
        for number in numbers:
            self.step(number, Event.INITIATED, Status.INITIATED)
            self.step(number, Event.ANSWERED, Status.IN_PROGRESS)
            self.store.clock.advance(1)
            self.step(number, Event.COMPLETED, Status.COMPLETED, 2)

    @property
    def at(self) -> float:
        return 1_700_000_000.0 + self.store.clock.seconds()

    def again(self, limit: int = 1_000) -> Life:
        """Begin the next life."""
        self.store.clock.advance(1)
        self.store.database.close()
        after = Life(self.store.folder, limit, after=10_000)
        found(after.calls.load())
        return after


def everything(record: CallRecord | None) -> tuple[object, ...]:
    assert record is not None
    times = (record.created_at, record.updated_at, record.started_at, record.answered_at)
    rounded = [None if time is None else round(time, 3) for time in (*times, record.ended_at)]
    return (record.facts, record.status, record.duration, *rounded)


def test_a_record_is_the_same_after_a_restart(tmp_path: Path) -> None:
    before = Life(tmp_path)
    before.over(1)
    kept = get(before.calls, 1)
    assert everything(get(before.again().calls, 1)) == everything(kept)


def test_pages_go_on_after_a_restart_and_new_calls_come_first(tmp_path: Path) -> None:
    before = Life(tmp_path)
    before.over(1, 2, 3, 4)
    after = before.again()
    after.over(5)
    assert listed(after.calls) == [5, 4, 3, 2, 1]
    page = now(after.calls.page("AC1", CallQuery(), None, 2))
    mark = Mark(page.records[-1].place)
    assert listed(after.calls, mark, 2) == [3, 2]
    assert listed(after.again().calls) == [5, 4, 3, 2, 1]


def test_as_many_as_there_is_room_for_come_back_the_newest(tmp_path: Path) -> None:
    before = Life(tmp_path)
    before.over(*range(1, 251))
    after = before.again(limit=120)
    assert len(after.calls) == 120
    assert listed(after.calls, size=3) == [250, 249, 248]


def test_what_was_deleted_stays_deleted(tmp_path: Path) -> None:
    before = Life(tmp_path)
    before.over(1, 2)
    assert found(before.calls.remove("AC1", leg(1).call_sid), before.store.clock)
    assert listed(before.again().calls) == [2]


def test_a_call_that_was_canceled_in_its_queue_is_listed_after_a_restart(tmp_path: Path) -> None:
    before = Life(tmp_path)
    facts = leg(1, Status.QUEUED, direction=Direction.OUTBOUND_API)
    before.calls.add(facts, before.at)
    assert before.store.journal.live == 1
    before.calls.close(facts.call_sid, Status.CANCELED, before.at)
    assert before.store.journal.live == 0
    record = get(before.again().calls, 1)
    assert record is not None
    assert (record.status, record.started_at, record.duration) == (Status.CANCELED, None, None)


def test_what_is_too_old_does_not_come_back(tmp_path: Path) -> None:
    before = Life(tmp_path)
    before.over(1)
    before.store.journal.forget_before(before.at - 1.5)
    before.over(2)
    assert listed(before.again().calls) == [2]
