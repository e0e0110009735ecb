"""The records of calls: one for each leg, from its making until it is deleted or forgotten.

`CallRecords` is the door.  `MemoryCalls` keeps a bounded number of them in this process; writing
never waits, so that no call waits for it, and reading may.  `b2bua.store.kept_calls` finds them
again after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol

from b2bua.routing.plan import Event, LegFacts, Status
from b2bua.store.paging import Mark, Page, page_of


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is known of one leg.  Times are seconds since the epoch, `duration` whole seconds.

    `started_at` is when it was dialled or came in; `queued` how long it waited for that, in
    seconds.  `duration` counts from the answer, and is None while the leg goes on.
    """

    facts: LegFacts
    place: int
    created_at: float
    updated_at: float
    started_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    duration: int | None = None

    @property
    def sid(self) -> str:
        """The leg's CallSid."""
        return self.facts.call_sid

    @property
    def status(self) -> Status:
        """The leg's status; `initiated` is a status of callbacks alone (rcml.md 6.2)."""
        status = self.facts.status
        return Status.RINGING if status is Status.INITIATED else status

    @property
    def queued(self) -> float:
        """How long the leg waited before it was dialled."""
        return 0.0 if self.started_at is None else self.started_at - self.created_at


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Which calls are wanted; what is empty or None does not matter.

    Each pair of times is from (inclusive) and to (exclusive), in seconds since the epoch.
    """

    to: str = ""
    from_: str = ""
    parent_call_sid: str = ""
    status: Status | None = None
    started: tuple[float | None, float | None] = (None, None)
    ended: tuple[float | None, float | None] = (None, None)

    def wants(self, record: CallRecord) -> bool:
        """Return whether `record` is one of them."""
        facts = record.facts
        return (
            self.to in ("", facts.to)
            and self.from_ in ("", facts.from_)
            and self.parent_call_sid in ("", facts.parent_call_sid)
            and self.status in (None, record.status)
            and _is_within(record.started_at, self.started)
            and _is_within(record.ended_at, self.ended)
        )


class CallRecords(Protocol):
    """Keeps the records of calls."""

    def add(self, facts: LegFacts, at: float) -> CallRecord:
        """Begin the record of a leg that waits to be dialled; return at once."""

    def note(self, facts: LegFacts, event: Event, at: float, duration: int | None = None) -> None:
        """Add one step of a leg, which begins its record if there is none; return at once."""

    def close(self, sid: str, status: Status, at: float) -> None:
        """End the record of a leg that has no last step: never dialled, or lost; at once."""

    async def get(self, account_sid: str, sid: str) -> CallRecord | None:
        """Return the record of an account's leg."""

    async def page(
        self, account_sid: str, query: CallQuery, mark: Mark | None, size: int
    ) -> Page[CallRecord]:
        """Return one page of an account's legs, newest first."""

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Forget an account's leg; return whether there was one."""


class MemoryCalls:
    """Keeps the newest `limit` legs that are over, and every leg that is not.

    `next_place` gives a record's place, which rises.
    """

    def __init__(self, limit: int, next_place: Callable[[], int] | None = None) -> None:
        self._limit = limit
        self._next_place = next_place or count(1).__next__
        self._by_sid: dict[str, CallRecord] = {}
        self._over: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, facts: LegFacts, at: float) -> CallRecord:
        """Begin the record of a leg that waits to be dialled."""
        record = CallRecord(facts, self._next_place(), at, at)
        self._by_sid[record.sid] = record
        return record

    def note(self, facts: LegFacts, event: Event, at: float, duration: int | None = None) -> None:
        """Add one step of a leg."""
        before = self._by_sid.get(facts.call_sid)
        if before is None and event is not Event.INITIATED:
            return  # deleted, or forgotten, while its last step was on its way
        record = before or self.add(facts, at)
        is_over = event is Event.COMPLETED
        self._keep(
            CallRecord(
                facts,
                record.place,
                record.created_at,
                updated_at=at,
                started_at=at if event is Event.INITIATED else record.started_at,
                answered_at=at if event is Event.ANSWERED else record.answered_at,
                ended_at=at if is_over else record.ended_at,
                duration=duration if is_over else record.duration,
            )
        )

    def close(self, sid: str, status: Status, at: float) -> None:
        """End the record of a leg that has no last step: never dialled, or lost."""
        record = self._by_sid.get(sid)
        if record is not None and not record.status.is_final:
            facts = replace(record.facts, status=status)
            self._keep(replace(record, facts=facts, updated_at=at, ended_at=at))

    async def get(self, account_sid: str, sid: str) -> CallRecord | None:
        """Return the record of an account's leg."""
        record = self._by_sid.get(sid)
        return record if record is not None and record.facts.account_sid == account_sid else None

    async def page(
        self, account_sid: str, query: CallQuery, mark: Mark | None, size: int
    ) -> Page[CallRecord]:
        """Return one page of an account's legs, newest first."""

        def wanted(records: Iterable[CallRecord]) -> Iterable[CallRecord]:
            own = (record for record in records if record.facts.account_sid == account_sid)
            return filter(query.wants, own)

        records = self._by_sid.values()
        return page_of(wanted(records), wanted(reversed(records)), mark, size)

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Forget an account's leg."""
        if await self.get(account_sid, sid) is None:
            return False
        del self._by_sid[sid]
        self._over.pop(sid, None)
        return True

    def _keep(self, record: CallRecord) -> None:
        if record.status.is_final:
            # Whatever the peer has sent in headers was for its application, and may be large.
            record = replace(record, facts=replace(record.facts, sip_headers=()))
            self._over[record.sid] = None
        self._by_sid[record.sid] = record
        self._trim()

    def _trim(self) -> None:
        while len(self._over) > self._limit:
            oldest = next(iter(self._over))
            del self._over[oldest]
            del self._by_sid[oldest]


def _is_within(at: float | None, span: tuple[float | None, float | None]) -> bool:
    first, last = span
    if at is None:
        return first is None and last is None
    return (first is None or at >= first) and (last is None or at < last)
