"""The journal: what happened to each leg, once, in the order in which it happened.

Everything that is known of calls comes from here after a restart: the legs that a death left
without their end, and the records of those that are over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from twisted.internet.defer import Deferred

from b2bua.routing.leg_body import leg_body, leg_from
from b2bua.routing.plan import Direction, Event, LegFacts, StatusPlan
from b2bua.store.schema import (
    ADD_EVENT,
    ADD_LEG,
    CALLBACKS,
    EVENTS,
    FORGET_DEAD,
    FORGET_EVENTS,
    FORGET_NOTIFICATIONS,
    LIVE_LEGS,
    MARKS,
    REMOVE_LEG,
    SET_MARK,
    Change,
    Places,
    place_at,
    time_of,
)
from b2bua.store.writer import Writer

_WRITER = json.JSONEncoder(separators=(",", ":"))
_ALIVE = "alive"


class Entry(Enum):
    """What is noted of a leg beside its events, which no application hears of."""

    QUEUED = "queued"
    """It waits to be dialled."""
    REPORTED = "reported"
    """Its application is told elsewhere from now on."""
    CLOSED = "closed"
    """It is over without a last event: it was never dialled."""
    DELETED = "deleted"
    """Its record is not wanted any more."""


_OVER = (Event.COMPLETED.value, Entry.CLOSED.value)


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a leg, or another entry.

    `at` is seconds since the epoch.  `plan` says who is to hear of what follows, and `sequence` is
    the number of the next report to them.
    """

    place: int
    at: float
    account_sid: str
    call_sid: str
    event: Event | Entry
    facts: LegFacts
    duration: int | None
    plan: StatusPlan | None = None
    sequence: int = 0


class Journal:
    """Appends; what has been written is never changed, and forgotten when it is old.

    `live` counts the legs that have begun and are not over.  Whatever reads raises
    `StoreAwayError` when the database can't be asked now.
    """

    def __init__(self, writer: Writer, places: Places) -> None:
        self.live = 0
        self._writer = writer
        self._places = places

    # Writing: it is done in the same transaction as whatever else this turn of the reactor puts,
    # the callbacks it causes above all.

    def append(
        self,
        facts: LegFacts,
        event: Event,
        duration: int | None = None,
        plan: StatusPlan | None = None,
        sequence: int = 0,
    ) -> None:
        """Add one step of a leg; return at once."""
        place = self._places.next()
        # A leg that was queued lives since then.
        if event is Event.INITIATED and facts.direction is not Direction.OUTBOUND_API:
            self._begin(place, facts.call_sid)
        elif event is Event.COMPLETED:
            self.live -= 1
            self.forget_left(facts.call_sid)
            plan = None
        self._add(place, facts, event.value, _body(facts, duration, plan, sequence))

    def report_to(self, facts: LegFacts, plan: StatusPlan, sequence: int) -> None:
        """Add who is to hear of a leg from now on; return at once."""
        self._add(
            self._places.next(), facts, Entry.REPORTED.value, _body(facts, None, plan, sequence)
        )

    def queue(self, facts: LegFacts) -> None:
        """Add a leg that waits to be dialled; return at once."""
        place = self._places.next()
        self._begin(place, facts.call_sid)
        self._add(place, facts, Entry.QUEUED.value, _body(facts))

    def close(self, facts: LegFacts, *, is_ours: bool = True) -> None:
        """Add the end of a leg that was never dialled, ours or another process's; at once."""
        self.live -= is_ours
        self.forget_left(facts.call_sid)
        self._add(self._places.next(), facts, Entry.CLOSED.value, _body(facts))

    def delete(self, facts: LegFacts) -> Deferred[None]:
        """Add that a leg's record is not wanted any more; fire when it is written, or can't be."""
        written: Deferred[None] = Deferred()
        place, name = self._places.next(), Entry.DELETED.value
        self._add(place, facts, name, _body(facts), lambda: written.callback(None))
        return written

    def complete(self, place: int, at: float, facts: LegFacts, duration: int) -> None:
        """Add the `completed` that a leg of an earlier process missed, at a place of that time."""
        self.forget_left(facts.call_sid)
        body = {**_body(facts, duration), "at": at}
        self._add(place, facts, Event.COMPLETED.value, body)

    def forget_left(self, call_sid: str) -> None:
        """Note that a leg is over."""
        self._writer.put(Change(REMOVE_LEG, {"of_call": call_sid}))

    def beat(self, at: float) -> None:
        """Add that this process is alive; return at once."""
        self._writer.put(Change(SET_MARK, {"of_name": _ALIVE, "at": at}))

    def forget_before(self, seconds: float) -> None:
        """Forget events, notifications and dead letters from before a moment, since the epoch."""
        for statement in (FORGET_EVENTS, FORGET_NOTIFICATIONS, FORGET_DEAD):
            self._writer.put(Change(statement, {"before": place_at(seconds)}))

    # Reading.

    async def of_call(self, call_sid: str) -> list[Step]:
        """Return the steps of a leg."""
        return (await self.of_calls([call_sid])).get(call_sid, [])

    async def of_calls(self, call_sids: Sequence[str]) -> dict[str, list[Step]]:
        """Return the steps of some legs, each leg's in their order."""
        query = sa.select(EVENTS).where(EVENTS.c.call_sid.in_(call_sids)).order_by(EVENTS.c.place)

        def ask(connection: sa.Connection) -> dict[str, list[Step]]:
            found: dict[str, list[Step]] = {}
            for row in connection.execute(query):
                found.setdefault(row.call_sid, []).append(_step(row))
            return found

        return await self._writer.read(ask)

    async def over(self, most: int) -> list[str]:
        """Return the legs that were the last to be over, `most` of them, newest first."""
        query = (
            sa.select(EVENTS.c.call_sid)
            .where(EVENTS.c.event.in_(_OVER))
            .order_by(EVENTS.c.place.desc())
            .limit(most)
        )
        return await self._writer.read(lambda asked: [*asked.execute(query).scalars()])

    async def left(self, before: int, size: int) -> list[str]:
        """Return legs that an earlier process left without their end, the oldest first."""
        query = (
            sa.select(LIVE_LEGS.c.call_sid)
            .where(LIVE_LEGS.c.place < before)
            .order_by(LIVE_LEGS.c.place)
            .limit(size)
        )
        return await self._writer.read(lambda asked: [*asked.execute(query).scalars()])

    async def alive_at(self) -> float:
        """Return when a process last said that it is alive, in seconds since the epoch."""
        query = sa.select(MARKS.c.at).where(MARKS.c.name == _ALIVE)
        return await self._writer.read(lambda asked: asked.execute(query).scalar() or 0.0)

    async def last_place(self, before: int) -> int:
        """Return the last place below `before` of an event or a callback; 0 if there is none."""

        def ask(connection: sa.Connection) -> int:
            places = [
                connection.execute(
                    sa.select(sa.func.max(table.c.place)).where(table.c.place < before)
                ).scalar()
                for table in (EVENTS, CALLBACKS)
            ]
            return max(place or 0 for place in places)

        return await self._writer.read(ask)

    def _begin(self, place: int, call_sid: str) -> None:
        self.live += 1
        self._writer.put(Change(ADD_LEG, {"place": place, "call_sid": call_sid}))

    def _add(
        self,
        place: int,
        facts: LegFacts,
        event: str,
        body: Mapping[str, Any],
        settled: Callable[[], None] | None = None,
    ) -> None:
        values = {
            "place": place,
            "account_sid": facts.account_sid,
            "call_sid": facts.call_sid,
            "event": event,
            "body": _WRITER.encode(body),
        }
        self._writer.put(Change(ADD_EVENT, values), settled)


def _body(
    facts: LegFacts,
    duration: int | None = None,
    plan: StatusPlan | None = None,
    sequence: int = 0,
) -> dict[str, Any]:
    body: dict[str, Any] = {"facts": leg_body(facts), "duration": duration}
    if plan is not None:
        body["plan"] = _plan_body(plan)
        body["sequence"] = sequence
    return body


@lru_cache(maxsize=1024)
def _plan_body(plan: StatusPlan) -> list[Any]:
    return [plan.url, plan.method, sorted(event.value for event in plan.events)]


def _step(row: Any) -> Step:
    body = json.loads(row.body)
    plan = body.get("plan")
    return Step(
        row.place,
        body.get("at", time_of(row.place)),
        row.account_sid,
        row.call_sid,
        _ENTRIES[row.event],
        leg_from(body["facts"]),
        body["duration"],
        None if plan is None else StatusPlan(plan[0], plan[1], frozenset(map(Event, plan[2]))),
        body.get("sequence", 0),
    )


_ENTRIES: dict[str, Event | Entry] = {each.value: each for kind in (Event, Entry) for each in kind}
