"""What a start makes of the legs that a death left without their end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from b2bua.app.kept_letters import KeptLetters, letter_from
from b2bua.app.recovery import DIED, Recovery
from b2bua.call.effects import Recorded, Report
from b2bua.call.record import End, LegRecord, Told
from b2bua.callbacks.interfaces import Letter, StatusEvent
from b2bua.routing.plan import Direction, Event, LegFacts, Status, StatusPlan
from b2bua.store.journal import Entry, Step
from tests.store.conftest import NOW, Store
from tests.store.test_outbox import found

ALL = StatusPlan("http://app.example/status", "POST", frozenset(Event))
LAST = StatusPlan("http://app.example/end")
DAY = 86_400.0
FAR = NOW + 10 * DAY


def facts(sid: str = "CA1", direction: Direction = Direction.INBOUND) -> LegFacts:
    return LegFacts(sid, "AC1", direction, Status.RINGING, "+1", "+2")


@dataclass
class Life:
    """One process on a file that others had before, and will have after."""

    folder: Path
    after: float = 0.0
    url: str = "sqlite:///life.sqlite"
    tokens: Iterator[int] = field(default_factory=count)
    told: list[tuple[str, tuple[int, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.url, self.folder, now=NOW + self.after)
        self.letters = KeptLetters(self.store.outbox)

    def perform(self, told: tuple[Told, ...]) -> None:
        """Keep steps and reports of a leg, as a live call does."""
        for each in told:
            match each:
                case Recorded(leg, event, duration, plan, sequence):
                    self.store.journal.append(leg, event, duration, plan, sequence)
                case Report():
                    status = StatusEvent(
                        each.plan,
                        each.leg,
                        each.event,
                        each.sequence,
                        self.at,
                        f"{each.leg.call_sid}-{each.sequence}",
                        each.duration,
                    )
                    self.letters.add(Letter(status, until=FAR), lambda: None)
        self.store.clock.advance(1)

    @property
    def at(self) -> float:
        return NOW + self.after + self.store.clock.seconds()

    def next(self, seconds: float = 100.0) -> Life:
        """Die, and live again after so long."""
        self.store.database.close()
        return Life(self.folder, self.at - NOW + seconds, self.url)

    def recover(self) -> int:
        recovery = Recovery(
            self.store.journal,
            self.letters,
            lambda: f"fresh {next(self.tokens)}",
            DAY,
            lambda leg, why: self.told.append((leg.call_sid, why)),
        )
        return found(recovery.run(), self.store.clock)

    def steps(self, sid: str = "CA1") -> list[Step]:
        return found(self.store.journal.of_call(sid), self.store.clock)

    def kept(self) -> list[StatusEvent]:
        rows = found(self.store.outbox.find(size=1_000), self.store.clock)
        events = [letter_from(row).event for row in rows]
        return [event for event in events if isinstance(event, StatusEvent)]


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def answered(life: Life, plan: StatusPlan | None = ALL, sid: str = "CA1") -> LegRecord:
    record = LegRecord(facts(sid), plan)
    life.perform(record.initiate())
    life.perform(record.ring())
    life.perform(record.answer(0.0))
    return record


def test_an_answered_leg_is_completed_with_the_duration_that_is_known(life: Life) -> None:
    answered(life)
    life.store.clock.advance(59)
    life.store.journal.beat(life.at)
    life.store.clock.advance(3)
    after = life.next()
    assert after.recover() == 1
    last = after.steps()[-1]
    assert (last.event, last.facts.status, last.duration) == (
        Event.COMPLETED,
        Status.COMPLETED,
        60,
    )
    assert last.at == NOW + 2 + 60
    told = after.kept()[-1]
    assert (told.event, told.sequence, told.duration, told.sip_status) == (
        Event.COMPLETED,
        3,
        60,
        200,
    )
    assert (told.error, told.fired_at, told.token) == (DIED, last.at, "fresh 0")
    assert after.told == [("CA1", DIED)]


def test_a_leg_that_was_not_answered_has_failed(life: Life) -> None:
    record = LegRecord(facts(), ALL)
    life.perform(record.initiate())
    life.perform(record.ring())
    after = life.next()
    assert after.recover() == 1
    told = after.kept()[-1]
    assert (told.leg.status, told.sequence, told.duration, told.sip_status) == (
        Status.FAILED,
        2,
        0,
        None,
    )


def test_its_end_comes_after_what_was_left_and_before_all_that_is_new(life: Life) -> None:
    answered(life)
    answered(life, sid="CA2")
    after = life.next(0.001)
    for _ in range(2):
        answered(after, sid="CA3")
    assert after.recover() == 2
    order = [(event.leg.call_sid, event.sequence) for event in after.kept()]
    old = [each for each in order if each[0] != "CA3"]
    assert order[: len(old)] == old
    assert [number for sid, number in order if sid == "CA1"] == [0, 1, 2, 3]
    assert after.letters.began > found(after.store.journal.last_place(after.letters.began))


def test_every_leg_gets_one_end_however_often_the_next_process_dies(life: Life) -> None:
    for number in range(120):
        answered(life, sid=f"CA{number}")
    ended = answered(life, sid="CX")
    life.perform(ended.complete(5.0, End(Status.COMPLETED, 200)))
    for _ in range(3):
        life = life.next()
        life.recover()
    for number in range(120):
        steps = [step.event for step in life.steps(f"CA{number}")]
        assert steps.count(Event.COMPLETED) == 1
    assert [step.event for step in life.steps("CX")].count(Event.COMPLETED) == 1
    assert len(life.kept()) == 121 * 4


def test_who_wants_only_some_events_hears_the_end_by_the_number_that_is_next(life: Life) -> None:
    answered(life, LAST)
    answered(life, None, "CA2")
    answered(life, StatusPlan(ALL.url, "POST", frozenset({Event.ANSWERED})), "CA3")
    after = life.next()
    assert after.recover() == 3
    ends = [event for event in after.kept() if event.event is Event.COMPLETED]
    assert [(event.leg.call_sid, event.sequence) for event in ends] == [("CA1", 0)]


def test_who_is_told_elsewhere_hears_the_end_there(life: Life) -> None:
    record = answered(life)
    record.report_to(LAST)
    life.store.journal.report_to(record.facts, LAST, record.sequence)
    life.store.clock.advance(1)
    after = life.next()
    after.recover()
    told = after.kept()[-1]
    assert (told.plan, told.sequence) == (LAST, 0)


def test_a_call_that_waited_to_be_dialled_is_canceled_and_nobody_is_told(life: Life) -> None:
    """Rule E-4."""
    life.store.journal.queue(facts(direction=Direction.OUTBOUND_API).at(Status.QUEUED))
    life.store.clock.advance(1)
    after = life.next()
    assert after.recover() == 1
    last = after.steps()[-1]
    assert (last.event, last.facts.status) == (Entry.CLOSED, Status.CANCELED)
    assert after.kept() == []
    assert after.next().recover() == 0


def test_a_store_that_goes_away_in_between_is_asked_again(life: Life) -> None:
    answered(life)
    after = life.next()
    after.store.database.is_there = False
    with pytest.raises(IndexError):
        after.recover()
    after.store.database.is_there = True
    after.store.clock.advance(5)
    assert after.recover() == 1
    assert [step.event for step in after.steps()].count(Event.COMPLETED) == 1


def test_live_legs_are_counted(life: Life) -> None:
    record = answered(life)
    assert life.store.journal.live == 1
    life.perform(record.complete(5.0, End(Status.COMPLETED, 200)))
    assert life.store.journal.live == 0
