"""Incoming telephone numbers: what an account wants done with calls to them.

`NumberRecords` is the door.  `find` is asked for every call, so it answers at once; the rest may
wait.  `MemoryNumbers` keeps them in this process, `b2bua.store.kept_numbers` over a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from b2bua.routing.plan import NumberSettings
from b2bua.store.paging import Mark, Page, page_of


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """One number.  Times are seconds since the epoch; `plan` is what a router is told.

    `kept` holds what was given and has no effect here, by its name in the REST API.
    """

    sid: str
    place: int
    plan: NumberSettings
    friendly_name: str
    created_at: float
    updated_at: float
    kept: tuple[tuple[str, str], ...] = field(default=())

    @property
    def number(self) -> str:
        """The number itself."""
        return self.plan.number


class NumberRecords(Protocol):
    """Keeps the numbers."""

    def find(self, number: str) -> NumberRecord | None:
        """Return the number that was dialled, whosever it is; at once."""

    def next_place(self) -> int:
        """Return the place of the next number."""

    def has_room(self, account_sid: str) -> bool:
        """Return whether the account may have one more."""

    async def put(self, record: NumberRecord) -> bool:
        """Add a number, or replace the one of the same SID; False: somebody else has it."""

    async def get(self, account_sid: str, sid: str) -> NumberRecord | None:
        """Return a number of an account."""

    async def page(
        self, account_sid: str, number: str, name: str, mark: Mark | None, size: int
    ) -> Page[NumberRecord]:
        """Return one page of an account's numbers, newest first.

        Those that contain `number` and are called `name`, where these are given.
        """

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Give a number up; return whether there was one."""


class MemoryNumbers:
    """Keeps numbers by SID and by number, at most `limit` for each account."""

    def __init__(self, limit: int, next_place: Callable[[], int] | None = None) -> None:
        self._limit = limit
        self._next_place = next_place or count(1).__next__
        self._by_sid: dict[str, NumberRecord] = {}
        self._by_number: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._by_sid)

    def find(self, number: str) -> NumberRecord | None:
        """Return the number that was dialled."""
        sid = self._by_number.get(number)
        return None if sid is None else self._by_sid[sid]

    def next_place(self) -> int:
        """Return the place of the next number."""
        return self._next_place()

    def has_room(self, account_sid: str) -> bool:
        """Return whether the account may have one more."""
        own = [each for each in self._by_sid.values() if each.plan.account_sid == account_sid]
        return len(own) < self._limit

    async def put(self, record: NumberRecord) -> bool:
        """Add a number, or replace the one of the same SID."""
        return self._place(record)

    def _place(self, record: NumberRecord) -> bool:
        if self._by_number.get(record.number, record.sid) != record.sid:
            return False
        before = self._by_sid.get(record.sid)
        if before is not None:
            del self._by_number[before.number]
        self._by_sid[record.sid] = record
        self._by_number[record.number] = record.sid
        return True

    async def get(self, account_sid: str, sid: str) -> NumberRecord | None:
        """Return a number of an account."""
        record = self._by_sid.get(sid)
        return record if record is not None and record.plan.account_sid == account_sid else None

    async def page(
        self, account_sid: str, number: str, name: str, mark: Mark | None, size: int
    ) -> Page[NumberRecord]:
        """Return one page of an account's numbers, newest first."""
        wanted = [
            record
            for record in self._by_sid.values()
            if record.plan.account_sid == account_sid
            and number in record.number
            and name in ("", record.friendly_name)
        ]
        return page_of(wanted, wanted[::-1], mark, size)

    async def remove(self, account_sid: str, sid: str) -> bool:
        """Give a number up."""
        record = await self.get(account_sid, sid)
        if record is None:
            return False
        del self._by_sid[sid]
        del self._by_number[record.number]
        return True
