"""What was recorded of calls: a row for each recording, which outlives the process.

`RecordingRecords` is the door; the sound itself is in files, which others keep.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

import sqlalchemy as sa

from b2bua.routing.taping import TapeCallback, TapeStatus
from b2bua.store.paging import Mark, Page
from b2bua.store.schema import ADD_RECORDING, CHANGE_RECORDING, RECORDINGS, Change, Places, time_of
from b2bua.store.writer import Writer


@dataclass(frozen=True, slots=True)
class RecordingRecord:
    """One recording; `call_sid` is the caller's leg.  Times are seconds since the epoch."""

    sid: str
    account_sid: str
    call_sid: str
    channels: int
    callback: TapeCallback | None = None
    status: TapeStatus = TapeStatus.IN_PROGRESS
    seconds: int = 0
    updated_at: float = 0.0
    place: int = 0

    @property
    def began_at(self) -> float:
        """When it began."""
        return time_of(self.place)


class RecordingRecords(Protocol):
    """Keeps the records of recordings.  Writing returns at once; reading may find it away.

    Raises:
        StoreAwayError: in coroutines, when the database can't be asked now.
    """

    def add(self, record: RecordingRecord) -> RecordingRecord:
        """Keep a recording that begins; return it with its place."""

    def end(self, record: RecordingRecord, status: TapeStatus, seconds: int, at: float) -> None:
        """Keep how it ended."""

    async def get(self, account_sid: str, sid: str) -> RecordingRecord | None:
        """Return an account's recording."""

    async def page(
        self, account_sid: str, call_sid: str, mark: Mark | None, size: int
    ) -> Page[RecordingRecord]:
        """Return one page of an account's recordings, newest first; of one call if it is named."""

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Forget an account's recording; return whether there was one."""

    async def unfinished(self, before: int) -> list[RecordingRecord]:
        """Return those of places below `before` that never ended."""


class Recordings:
    """Recordings as rows."""

    def __init__(self, writer: Writer, places: Places) -> None:
        self._writer = writer
        self._places = places

    def add(self, record: RecordingRecord) -> RecordingRecord:
        """Keep a recording that begins."""
        place = self._places.next()
        placed = replace(record, place=place, updated_at=time_of(place))
        callback = record.callback
        plan = None
        if callback is not None:
            events = sorted(event.value for event in callback.events)
            plan = {"url": callback.url, "method": callback.method, "events": events}
        values = {
            "place": placed.place,
            "sid": record.sid,
            "account_sid": record.account_sid,
            "call_sid": record.call_sid,
            "status": record.status.value,
            "seconds": record.seconds,
            "updated_at": placed.updated_at,
            "body": json.dumps({"channels": record.channels, "callback": plan}),
        }
        self._writer.put(Change(ADD_RECORDING, values))
        return placed

    def end(self, record: RecordingRecord, status: TapeStatus, seconds: int, at: float) -> None:
        """Keep how it ended."""
        values = {
            "at_sid": record.sid,
            "status": status.value,
            "seconds": seconds,
            "updated_at": at,
        }
        self._writer.put(Change(CHANGE_RECORDING, values))

    async def get(self, account_sid: str, sid: str) -> RecordingRecord | None:
        """Return an account's recording."""
        found = await self._find(_of(account_sid).where(RECORDINGS.c.sid == sid))
        return found[0] if found else None

    async def page(
        self, account_sid: str, call_sid: str, mark: Mark | None, size: int
    ) -> Page[RecordingRecord]:
        """Return one page of an account's recordings."""
        place = RECORDINGS.c.place
        query = _of(account_sid).limit(size + 1)
        if call_sid:
            query = query.where(RECORDINGS.c.call_sid == call_sid)
        if mark is not None and mark.is_newer:
            found = await self._find(query.where(place > mark.place).order_by(place))
            newest_first = tuple(found[:size][::-1])
            return Page(newest_first, has_older=True, has_newer=len(found) > size)
        if mark is not None:
            query = query.where(place < mark.place)
        found = await self._find(query.order_by(place.desc()))
        return Page(tuple(found[:size]), len(found) > size, has_newer=mark is not None)

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Forget an account's recording."""
        table = RECORDINGS.c
        query = sa.delete(RECORDINGS).where(table.sid == sid, table.account_sid == account_sid)
        return bool(await self._writer.read(lambda connection: connection.execute(query).rowcount))

    async def unfinished(self, before: int) -> list[RecordingRecord]:
        """Return those of earlier processes that never ended."""
        table = RECORDINGS.c
        began = sa.select(RECORDINGS).where(table.status == TapeStatus.IN_PROGRESS.value)
        return await self._find(began.where(table.place < before).order_by(table.place))

    async def _find(self, query: sa.Select[Any]) -> list[RecordingRecord]:
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return [_record(row) for row in rows]


def _of(account_sid: str) -> sa.Select[Any]:
    return sa.select(RECORDINGS).where(RECORDINGS.c.account_sid == account_sid)


def _record(row: Any) -> RecordingRecord:
    body = json.loads(row.body)
    plan = body["callback"]
    callback = None
    if plan is not None:
        events = frozenset(map(TapeStatus, plan["events"]))
        callback = TapeCallback(plan["url"], plan["method"], events)
    return RecordingRecord(
        row.sid,
        row.account_sid,
        row.call_sid,
        body["channels"],
        callback,
        TapeStatus(row.status),
        row.seconds,
        row.updated_at,
        row.place,
    )
