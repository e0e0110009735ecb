"""The outbox: callbacks that wait to be delivered, and those that were given up.

A row is added in the same transaction as the event it tells of, changed after each try that
failed, and removed once it has arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from b2bua.store.schema import (
    ADD_CALLBACK,
    CALLBACKS,
    CHANGE_CALLBACK,
    REMOVE_CALLBACK,
    Change,
    Places,
    State,
)
from b2bua.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Waiting:
    """One callback.  `due_at` and `until` are seconds since the epoch, `body` is JSON."""

    place: int
    token: str
    account_sid: str
    call_sid: str
    state: str
    tries: int
    due_at: float
    until: float
    problem: str
    body: str


class OutboxTable:
    """Writing returns at once; reading comes after everything that was written before.

    Whatever reads raises `StoreAwayError` when the database can't be asked.
    """

    def __init__(self, writer: Writer, places: Places) -> None:
        self._writer = writer
        self._places = places

    def next_place(self) -> int:
        """Return the place of the next row."""
        return self._places.next()

    def add(self, row: Waiting, settled: Callable[[], None]) -> None:
        """Add a row; `settled` as `Writer.put` has it."""
        self._writer.put(
            Change(ADD_CALLBACK, {name: getattr(row, name) for name in Waiting.__slots__}), settled
        )

    def change(self, place: int, state: State, tries: int, due_at: float, problem: str) -> None:
        """Note a try that failed."""
        values = {
            "at_place": place,
            "state": state.value,
            "tries": tries,
            "due_at": due_at,
            "problem": problem.encode("ascii", "backslashreplace").decode().replace("\0", "?"),
        }
        self._writer.put(Change(CHANGE_CALLBACK, values))

    def remove(self, place: int, settled: Callable[[], None]) -> None:
        """Remove what has arrived; `settled` as `Writer.put` has it."""
        self._writer.put(Change(REMOVE_CALLBACK, {"at_place": place}), settled)

    async def pending(self, account_sid: str, places: range, size: int) -> list[Waiting]:
        """Return the oldest of an account's that wait, in `places`."""
        query = (
            sa.select(CALLBACKS)
            .where(
                CALLBACKS.c.account_sid == account_sid,
                CALLBACKS.c.state == State.PENDING.value,
                CALLBACKS.c.place >= places.start,
                CALLBACKS.c.place < places.stop,
            )
            .order_by(CALLBACKS.c.place)
            .limit(size)
        )
        return await self._rows(query)

    async def counts(self, before: int) -> Mapping[tuple[str, State], int]:
        """Return how many there are in places below `before`, by account and state."""
        table = CALLBACKS.c
        query = (
            sa.select(table.account_sid, table.state, sa.func.count())
            .where(table.place < before)
            .group_by(table.account_sid, table.state)
        )
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return {(account, State(state)): count for account, state, count in rows}

    async def find(
        self, state: str = "", account_sid: str = "", call_sid: str = "", size: int = 100
    ) -> list[Waiting]:
        """Return the oldest `size` of those that were asked for; an empty filter wants all."""
        query = sa.select(CALLBACKS).order_by(CALLBACKS.c.place).limit(size)
        filters = {"state": state, "account_sid": account_sid, "call_sid": call_sid}
        for name, value in filters.items():
            if value:
                query = query.where(CALLBACKS.c[name] == value)
        return await self._rows(query)

    async def get(self, token: str) -> Waiting | None:
        """Return one."""
        rows = await self._rows(sa.select(CALLBACKS).where(CALLBACKS.c.token == token))
        return rows[0] if rows else None

    async def revive(self, token: str, now: float, until: float) -> Waiting | None:
        """Let a dead one wait again, behind all others; None if there is no such dead one."""
        place = self._places.next()
        values = {
            "place": place,
            "state": State.PENDING.value,
            "tries": 0,
            "due_at": now,
            "until": until,
        }
        is_it = sa.and_(CALLBACKS.c.token == token, CALLBACKS.c.state == State.DEAD.value)
        query = sa.update(CALLBACKS).where(is_it).values(values)

        def revive(connection: sa.Connection) -> Any:
            if not connection.execute(query).rowcount:
                return None
            again = sa.select(CALLBACKS).where(CALLBACKS.c.place == place)
            return connection.execute(again).one()

        row = await self._writer.read(revive)
        return None if row is None else _waiting(row)

    async def drop(self, token: str) -> bool:
        """Remove one, in any state; return whether there was one."""
        query = sa.delete(CALLBACKS).where(CALLBACKS.c.token == token)
        return bool(await self._writer.read(lambda connection: connection.execute(query).rowcount))

    async def _rows(self, query: sa.Select[Any]) -> list[Waiting]:
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return [_waiting(row) for row in rows]


def _waiting(row: Any) -> Waiting:
    return Waiting(**row._asdict())
