"""Letters that only the outbox has: more than fit in memory, or left by an earlier process.

From the moment an account has one here, all its later ones come here too, and are read in oldest
first as room comes: so the order within a leg is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from b2bua.callbacks.interfaces import Letter, Outbox, OutboxAwayError

PAGE = 500
"""How many letters are read at a time, at most."""
AGAIN = 1.0
"""Seconds until an outbox that could not be read is asked again."""
EVER = 2**62
"""A place beyond all others."""


@dataclass(slots=True)
class _Account:
    """From which place on an account's letters are still to be read, and how many, about."""

    first: int
    left: int = 0
    is_reading: bool = False
    has_grown: bool = False


class Backlog:
    """All accounts' letters that wait in the outbox, of places below `before`.

    `enter` takes letters that were read; `room` says how many of an account there is room for.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        outbox: Outbox,
        enter: Callable[[list[Letter]], None],
        room: Callable[[str], int],
        before: int = EVER,
    ) -> None:
        self.before = before
        self._clock = clock
        self._outbox = outbox
        self._enter = enter
        self._room = room
        self._accounts: dict[str, _Account] = {}
        self._timers: set[IDelayedCall] = set()
        self._is_stopped = False

    def __contains__(self, account_sid: str) -> bool:
        return account_sid in self._accounts

    def __len__(self) -> int:
        return sum(account.left for account in self._accounts.values())

    def add(self, account_sid: str, first: int, count: int = 1) -> None:
        """Note `count` letters of an account in the outbox, from the place `first` on."""
        account = self._accounts.setdefault(account_sid, _Account(first))
        account.left += count
        account.has_grown = True

    def drain(self, account_sid: str) -> None:
        """Read an account's next letters, if there are any and there is room for a page."""
        account = self._accounts.get(account_sid)
        if account is None or account.is_reading or self._is_stopped:
            return
        size = min(PAGE, self._room(account_sid))
        if size <= 0:
            return
        account.is_reading = True
        account.has_grown = False
        reading = Deferred.fromCoroutine(self._read(account_sid, account, size))
        reading.addErrback(lambda failure: self.log.failure("a backlog broke", failure))

    def drain_all(self) -> None:
        """Read everybody's next letters: there is room again."""
        for account_sid in [*self._accounts]:
            self.drain(account_sid)

    def stop(self) -> None:
        """Read no more."""
        self._is_stopped = True
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        self._timers.clear()

    async def _read(self, account_sid: str, account: _Account, size: int) -> None:
        try:
            letters = await self._outbox.waiting(
                account_sid, range(account.first, self.before), size
            )
        except OutboxAwayError:
            account.is_reading = False
            if not self._is_stopped:
                self._again(account_sid)
            return
        account.is_reading = False
        if self._is_stopped:
            return
        account.left = max(0, account.left - len(letters))
        if letters:
            account.first = letters[-1].place + 1
        if len(letters) < size and not account.has_grown:
            del self._accounts[account_sid]
        self._enter(letters)
        self.drain(account_sid)

    def _again(self, account_sid: str) -> None:
        def now() -> None:
            self._timers.discard(timer)
            self.drain(account_sid)

        timer = self._clock.callLater(AGAIN, now)
        self._timers.add(timer)
