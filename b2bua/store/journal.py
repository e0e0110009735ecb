"""The journal: what happened to each leg, once, in the order in which it happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from b2bua.routing.leg_body import leg_body, leg_from
from b2bua.routing.plan import Event, LegFacts
from b2bua.store.schema import (
    ADD_EVENT,
    EVENTS,
    FORGET_DEAD,
    FORGET_EVENTS,
    FORGET_NOTIFICATIONS,
    Change,
    Places,
    place_at,
    time_of,
)
from b2bua.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a leg.  `at` is seconds since the epoch."""

    place: int
    at: float
    account_sid: str
    call_sid: str
    event: Event
    facts: LegFacts
    duration: int | None


class Journal:
    """Appends; what has been written is never changed, and forgotten when it is old."""

    def __init__(self, writer: Writer, places: Places) -> None:
        self._writer = writer
        self._places = places

    def append(self, facts: LegFacts, event: Event, duration: int | None = None) -> None:
        """Add one step of a leg; return at once.

        It is written in the same transaction as whatever else this turn of the reactor puts: the
        callbacks it causes, above all.
        """
        body = {"facts": leg_body(facts), "duration": duration}
        values = {
            "place": self._places.next(),
            "account_sid": facts.account_sid,
            "call_sid": facts.call_sid,
            "event": event.value,
            "body": json.dumps(body),
        }
        self._writer.put(Change(ADD_EVENT, values))

    async def of_call(self, call_sid: str) -> list[Step]:
        """Return the steps of a leg.

        Raises:
            StoreAwayError: the database can't be asked now.
        """
        query = sa.select(EVENTS).where(EVENTS.c.call_sid == call_sid).order_by(EVENTS.c.place)
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return [_step(row) for row in rows]

    def forget_before(self, seconds: float) -> None:
        """Forget events, notifications and dead letters from before a moment, since the epoch."""
        for statement in (FORGET_EVENTS, FORGET_NOTIFICATIONS, FORGET_DEAD):
            self._writer.put(Change(statement, {"before": place_at(seconds)}))


def _step(row: Any) -> Step:
    body = json.loads(row.body)
    return Step(
        row.place,
        time_of(row.place),
        row.account_sid,
        row.call_sid,
        Event(row.event),
        leg_from(body["facts"]),
        body["duration"],
    )
