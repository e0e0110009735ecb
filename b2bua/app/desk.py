"""The operator's hand on the callbacks: list, show, replay and drop, while the daemon runs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from b2bua.app.kept_letters import letter_from
from b2bua.callbacks.delivery import Callbacks
from b2bua.store.outbox import OutboxTable, Waiting
from b2bua.store.schema import State, time_of
from b2bua.webhooks.url import without_secrets


class Desk:
    """Whatever it does holds in memory and in the store.

    Everything raises `StoreAwayError` when the store can't be asked.
    """

    def __init__(
        self,
        table: OutboxTable,
        callbacks: Callbacks,
        give_up_after: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._callbacks = callbacks
        self._give_up_after = give_up_after
        self._wall = wall

    async def find(
        self, state: str, account_sid: str, call_sid: str, size: int
    ) -> list[dict[str, Any]]:
        """Return the oldest callbacks that were asked for, in short."""
        rows = await self._table.find(state, account_sid, call_sid, size)
        return [_short(row) for row in rows]

    async def show(self, token: str) -> dict[str, Any] | None:
        """Return everything of one callback."""
        row = await self._table.get(token)
        return None if row is None else {**_short(row), "body": json.loads(row.body)}

    async def replay(self, token: str) -> bool:
        """Send a dead letter again, behind all others; or one that pauses, now."""
        if self._callbacks.hurry(token):
            return True
        now = self._wall()
        row = await self._table.revive(token, now, now + self._give_up_after)
        if row is None:
            return False
        self._callbacks.again(letter_from(row))
        return True

    async def drop(self, token: str) -> bool:
        """Forget a callback, whatever becomes of it."""
        row = await self._table.get(token)
        if row is None:
            return False
        self._callbacks.drop(token)
        if await self._table.drop(token) and row.state == State.DEAD.value:
            self._callbacks.dead -= 1
        return True


def _short(row: Waiting) -> dict[str, Any]:
    body = json.loads(row.body)
    return {
        "token": row.token,
        "state": row.state,
        "account_sid": row.account_sid,
        "call_sid": row.call_sid,
        "event": body["event"],
        "sequence": body["sequence"],
        "url": without_secrets(body["url"]),
        "kept_at": time_of(row.place),
        "fired_at": body["fired_at"],
        "tries": row.tries,
        "due_at": row.due_at,
        "until": row.until,
        "problem": row.problem,
    }
