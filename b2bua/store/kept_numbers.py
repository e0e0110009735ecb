"""Incoming telephone numbers over a restart: in memory for who asks, in the store for ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from twisted.internet.defer import Deferred

from b2bua.routing.plan import Event, NumberSettings, StatusPlan
from b2bua.store.numbers import MemoryNumbers, NumberRecord
from b2bua.store.schema import ADD_NUMBER, CHANGE_NUMBER, NUMBERS, REMOVE_NUMBER, Change
from b2bua.store.writer import Writer


class KeptNumbers(MemoryNumbers):
    """`MemoryNumbers` that writes each change down before it says that it is made.

    While the database is away a change is made all the same, and written when it is back.
    """

    def __init__(self, limit: int, writer: Writer, next_place: Callable[[], int]) -> None:
        super().__init__(limit, next_place)
        self._writer = writer

    async def put(self, record: NumberRecord) -> bool:
        """Add a number, or replace the one of the same SID."""
        is_new = record.sid not in self._by_sid
        if not await super().put(record):
            return False
        if is_new:
            account = record.plan.account_sid
            row = {"place": record.place, "sid": record.sid, "account_sid": account}
            await self._written(Change(ADD_NUMBER, {**row, "body": _body(record)}))
        else:
            values = {"of_sid": record.sid, "body": _body(record)}
            await self._written(Change(CHANGE_NUMBER, values))
        return True

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Give a number up."""
        if not await super().remove(account_sid, sid):
            return False
        await self._written(Change(REMOVE_NUMBER, {"of_sid": sid}))
        return True

    async def load(self) -> int:
        """Take all numbers from the store; what is here already stays.  Returns how many it had.

        Raises:
            StoreAwayError: the database can't be asked now.
        """
        rows = await self._writer.read(kept_numbers)
        self.take(rows)
        return len(rows)

    def take(self, rows: Iterable[sa.Row[Any]]) -> None:
        """Take what `kept_numbers` found."""
        here, self._by_sid, self._by_number = self._by_sid, {}, {}
        for record in (*map(_record, rows), *here.values()):
            self._place(record)

    def _written(self, change: Change) -> Deferred[None]:
        written: Deferred[None] = Deferred()
        self._writer.put(change, lambda: written.callback(None))
        return written


def kept_numbers(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return the rows of all numbers."""
    return connection.execute(sa.select(NUMBERS).order_by(NUMBERS.c.place)).all()


def _body(record: NumberRecord) -> str:
    body = asdict(record)
    status = record.plan.status
    if status is not None:
        events = [event.value for event in status.events]
        body["plan"]["status"] = {"url": status.url, "method": status.method, "events": events}
    return json.dumps(body)


def _record(row: Any) -> NumberRecord:
    body = json.loads(row.body)
    plan, status = body.pop("plan"), None
    if plan["status"] is not None:
        said = plan["status"]
        status = StatusPlan(said["url"], said["method"], frozenset(map(Event, said["events"])))
    plan |= {"status": status, "targets": tuple(plan["targets"])}
    body["kept"] = tuple((name, value) for name, value in body["kept"])
    return NumberRecord(plan=_known(NumberSettings, plan), **body)


def _known(kind: type[NumberSettings], said: dict[str, Any]) -> NumberSettings:
    """Leave out names of a later version."""
    return kind(**{name: value for name, value in said.items() if name in kind.__slots__})
