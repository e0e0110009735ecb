"""The records of calls over a restart: what the journal says of each leg, put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from b2bua.routing.plan import Event, LegFacts, Status
from b2bua.store.calls import CallRecord, MemoryCalls
from b2bua.store.journal import Entry, Journal, Step

AT_A_TIME = 100
"""Legs whose steps are read at a time."""


class KeptCalls(MemoryCalls):
    """`MemoryCalls` that writes down what the journal would not know otherwise."""

    def __init__(self, limit: int, journal: Journal, next_place: Callable[[], int]) -> None:
        super().__init__(limit, next_place)
        self._journal = journal

    def add(self, facts: LegFacts, at: float) -> CallRecord:
        """Begin the record of a leg that waits to be dialled."""
        if facts.status is Status.QUEUED:
            self._journal.queue(facts)
        return super().add(facts, at)

    def close(self, sid: str, status: Status, at: float) -> None:
        """End the record of a leg that was never dialled."""
        record = self._by_sid.get(sid)
        if record is not None and not record.status.is_final:
            self._journal.close(replace(record.facts, status=status))
        super().close(sid, status, at)

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Forget an account's leg."""
        record = await self.get(account_sid, sid)
        if record is None:
            return False
        await super().remove(account_sid, sid)
        await self._journal.delete(record.facts)
        return True

    async def load(self) -> int:
        """Take the newest that are over from the journal, as older than all that is here.

        Returns how many there were.

        Raises:
            StoreAwayError: the database can't be asked now.
        """
        sids = await self._journal.over(self._limit)
        records: list[CallRecord] = []
        for first in range(0, len(sids), AT_A_TIME):
            steps = await self._journal.of_calls(sids[first : first + AT_A_TIME])
            records += filter(None, map(record_of, steps.values()))
        self._recall(sorted(records, key=lambda record: record.place))
        return len(records)

    def _recall(self, older: Iterable[CallRecord]) -> None:
        recalled = {record.sid: record for record in older if record.sid not in self._by_sid}
        self._by_sid = recalled | self._by_sid
        self._over = dict.fromkeys(recalled) | self._over
        self._trim()


def record_of(steps: Sequence[Step]) -> CallRecord | None:
    """Return the record of one leg; None if it is deleted, or its beginning is not known."""
    first, last = steps[0], steps[-1]
    if first.event not in (Entry.QUEUED, Event.INITIATED) or last.event is Entry.DELETED:
        return None
    at = {step.event: step.at for step in steps}
    return CallRecord(
        last.facts,
        first.place,
        first.at,
        updated_at=last.at,
        started_at=at.get(Event.INITIATED),
        answered_at=at.get(Event.ANSWERED),
        ended_at=last.at,
        duration=last.duration,
    )
