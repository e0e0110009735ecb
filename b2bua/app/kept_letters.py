"""The outbox of the callbacks, in the store: joins two packages that do not know each other."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.app.logs import logger
from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.event_body import event_body, event_from
from b2bua.callbacks.interfaces import Letter, OutboxAwayError
from b2bua.store.database import StoreAwayError
from b2bua.store.outbox import OutboxTable, Waiting
from b2bua.store.schema import State

log = logger("outbox")


class KeptLetters:
    """Keeps letters as rows; a `callbacks.interfaces.Outbox`.

    Rows of places below `began` are from earlier processes.  `buried` is told of dead letters.
    """

    outlives_us = True

    def __init__(
        self, table: OutboxTable, buried: Callable[[Letter], None] = lambda _letter: None
    ) -> None:
        self._buried = buried
        self.began = table.next_place()
        self._table = table

    def add(self, letter: Letter, kept: Callable[[], None]) -> None:
        """Keep a letter; see `Outbox`."""
        letter.place = self._table.next_place()
        self._write(letter, kept)

    def leave(self, letter: Letter) -> None:
        """Keep a letter at its own place, as an earlier process would have: `resume` finds it."""
        self._write(letter, lambda: None)

    def postpone(self, letter: Letter) -> None:
        """Keep that a try has failed."""
        self._change(letter, State.PENDING)

    def bury(self, letter: Letter) -> None:
        """Keep that it was given up."""
        self._change(letter, State.DEAD)
        self._buried(letter)

    def remove(self, letter: Letter, kept: Callable[[], None]) -> None:
        """Forget it: it has arrived."""
        self._table.remove(letter.place, kept)

    async def waiting(self, account_sid: str, places: range, size: int) -> list[Letter]:
        """Return an account's oldest letters; see `Outbox`."""
        try:
            rows = await self._table.pending(account_sid, places, size)
        except StoreAwayError as problem:
            raise OutboxAwayError(str(problem)) from problem
        return [letter_from(row) for row in rows]

    def _write(self, letter: Letter, kept: Callable[[], None]) -> None:
        row = Waiting(
            letter.place,
            letter.token,
            letter.account_sid,
            letter.call_sid,
            State.PENDING.value,
            letter.tries,
            letter.due_at,
            letter.until,
            letter.problem,
            event_body(letter.event),
        )
        self._table.add(row, kept)

    def _change(self, letter: Letter, state: State) -> None:
        self._table.change(letter.place, state, letter.tries, letter.due_at, letter.problem)


def letter_from(row: Waiting) -> Letter:
    """Return the letter that a row keeps."""
    return Letter(event_from(row.body), row.place, row.tries, row.due_at, row.until, row.problem)


async def resume(table: OutboxTable, callbacks: Callbacks, before: int) -> None:
    """Let `callbacks` go on with what the store has in places below `before`.

    Raises:
        StoreAwayError: the store can't be read now.
    """
    counts = await table.counts(before)
    pending = {sid: count for (sid, state), count in counts.items() if state is State.PENDING}
    dead = sum(count for (_, state), count in counts.items() if state is State.DEAD)
    callbacks.resume(pending, dead, before)
    if pending:
        log.info("callbacks go on where they were", pending=sum(pending.values()), dead=dead)
