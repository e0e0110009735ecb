"""What happened to one leg, once: its status, its times, and the events the application is told.

The order initiated < ringing < answered < completed, at most one of each and exactly one
`completed`, is kept here and nowhere else (rcml.md E-1 to E-5): it is a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import auto

from b2bua.call.effects import Recorded, Report
from b2bua.machine import Symbol, Table, ignore, step
from b2bua.routing.plan import Event, LegFacts, Status, StatusPlan

Told = Recorded | Report
"""A step: always for the record, and for the application where it asked."""


class Progress(Symbol):
    """How far a leg has come."""

    NEW = auto()
    INITIATED = auto()
    RINGING = auto()
    ANSWERED = auto()
    COMPLETED = auto()


class Happening(Symbol):
    """What can happen to it."""

    INITIATE = auto()
    RING = auto()
    ANSWER = auto()
    COMPLETE = auto()


@dataclass(frozen=True, slots=True)
class End:
    """How a leg ended: its final status, and the SIP status or error that goes with it."""

    status: Status
    sip_status: int | None = None
    error: tuple[int, str] | None = None


class LegRecord:
    """The one story of one leg.  Times are monotonic seconds, given by the caller."""

    __slots__ = ("_sequence", "answered_at", "ended_at", "facts", "plan", "sip_status", "state")

    def __init__(self, facts: LegFacts, plan: StatusPlan | None) -> None:
        self.facts = facts
        self.plan = plan
        self.state = Progress.NEW
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.sip_status: int | None = None
        self._sequence = 0

    @property
    def is_over(self) -> bool:
        """Whether `completed` has happened."""
        return self.state is Progress.COMPLETED

    @property
    def sequence(self) -> int:
        """The number of the next report."""
        return self._sequence

    @property
    def duration(self) -> int:
        """Whole seconds from answer to end; 0 if it was never answered or goes on."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return int(self.ended_at - self.answered_at)

    def report_to(self, plan: StatusPlan) -> None:
        """Tell the application elsewhere from now on; another URL counts from 0 (rcml.md Q-1)."""
        if self.plan is None or self.plan.url != plan.url:
            self._sequence = 0
        self.plan = plan

    def initiate(self) -> tuple[Told, ...]:
        """Note that dialling begins."""
        return step(TABLE, self, Happening.INITIATE)

    def ring(self) -> tuple[Told, ...]:
        """Note the first 180 or 183; later ones change nothing."""
        return step(TABLE, self, Happening.RING)

    def answer(self, now: float, headers: tuple[tuple[str, str], ...] = ()) -> tuple[Told, ...]:
        """Note the first 2xx."""
        return step(TABLE, self, Happening.ANSWER, (now, headers))

    def complete(self, now: float, end: End) -> tuple[Told, ...]:
        """Note that the leg is over; only the first time counts."""
        return step(TABLE, self, Happening.COMPLETE, (now, end))

    def tell(self, event: Event, end: End | None = None) -> tuple[Told, ...]:
        """Return `event` for the record, and as a report too if the application wants it.

        Reports are numbered from 0.
        """
        duration = None if end is None else self.duration
        plan, sequence = self.plan, self._sequence
        if plan is None or event not in plan.events:
            return (Recorded(self.facts, event, duration, plan, sequence),)
        self._sequence += 1
        status, error = (None, None) if end is None else (end.sip_status, end.error)
        return (
            Recorded(self.facts, event, duration, plan, sequence + 1),
            Report(plan, self.facts, event, sequence, duration, status, error),
        )


def _initiate(record: LegRecord, _payload: object) -> tuple[Told, ...]:
    record.facts = record.facts.at(Status.INITIATED)
    reports = record.tell(Event.INITIATED)
    # rcml.md 6.2: `initiated` is said in this one event alone; a new leg shows as ringing.
    record.facts = record.facts.at(Status.RINGING)
    return reports


def _ring(record: LegRecord, _payload: object) -> tuple[Told, ...]:
    record.facts = record.facts.at(Status.RINGING)
    return record.tell(Event.RINGING)


def _answer(
    record: LegRecord, payload: tuple[float, tuple[tuple[str, str], ...]]
) -> tuple[Told, ...]:
    record.answered_at, headers = payload
    record.facts = record.facts.at(Status.IN_PROGRESS, headers)
    return record.tell(Event.ANSWERED)


def _complete(record: LegRecord, payload: tuple[float, End]) -> tuple[Told, ...]:
    record.ended_at, end = payload
    record.sip_status = end.sip_status
    record.facts = record.facts.at(end.status)
    return record.tell(Event.COMPLETED, end)


def _complete_unseen(record: LegRecord, payload: tuple[float, End]) -> tuple[Told, ...]:
    """Fire `initiated` first: a leg that failed before sending has both (rcml.md 6.1)."""
    return (*_initiate(record, None), *_complete(record, payload))


TABLE: Table[Progress, Happening, Told] = {
    (Progress.NEW, Happening.INITIATE): (Progress.INITIATED, _initiate),
    (Progress.NEW, Happening.COMPLETE): (Progress.COMPLETED, _complete_unseen),
    (Progress.INITIATED, Happening.RING): (Progress.RINGING, _ring),
    (Progress.INITIATED, Happening.ANSWER): (Progress.ANSWERED, _answer),
    (Progress.INITIATED, Happening.COMPLETE): (Progress.COMPLETED, _complete),
    (Progress.RINGING, Happening.RING): (Progress.RINGING, ignore),
    (Progress.RINGING, Happening.ANSWER): (Progress.ANSWERED, _answer),
    (Progress.RINGING, Happening.COMPLETE): (Progress.COMPLETED, _complete),
    (Progress.ANSWERED, Happening.RING): (Progress.ANSWERED, ignore),
    (Progress.ANSWERED, Happening.ANSWER): (Progress.ANSWERED, ignore),
    (Progress.ANSWERED, Happening.COMPLETE): (Progress.COMPLETED, _complete),
    (Progress.COMPLETED, Happening.RING): (Progress.COMPLETED, ignore),
    (Progress.COMPLETED, Happening.ANSWER): (Progress.COMPLETED, ignore),
    (Progress.COMPLETED, Happening.COMPLETE): (Progress.COMPLETED, ignore),
}
