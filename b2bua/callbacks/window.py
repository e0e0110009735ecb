"""How much a death may send twice: what has arrived, and is still in the outbox.

The receiver's 2xx and our commit that forgets the event are two things, and a `kill -9` may come
between them.  So nothing new is sent while `most` arrivals wait for their commit: however slow the
disk is, what comes twice is at most `most` and what was being sent at that moment.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

MOST = 8
"""Arrivals that may wait for their commit before nothing new is sent."""


class Window:
    """Counts arrivals that are not yet committed; `unkept` is how many there are now."""

    def __init__(self, most: int = MOST) -> None:
        self.unkept = 0
        self._most = most
        self._waiting: dict[Deferred[None], None] = {}

    def enter(self) -> Deferred[None] | None:
        """Return None when a request may be sent now, else what fires when it may.

        Who asks has taken his turn with the receiver.  Cancelling what is returned gives up.
        """
        if self.unkept < self._most and not self._waiting:
            return None
        waiter: Deferred[None] = Deferred(self._leave)
        self._waiting[waiter] = None
        return waiter

    def arrived(self) -> None:
        """Note an event that has arrived."""
        self.unkept += 1

    def kept(self) -> None:
        """Note that an arrival has been committed, or can't be for now."""
        self.unkept -= 1
        while self._waiting and self.unkept < self._most:
            waiter = next(iter(self._waiting))
            self._leave(waiter)
            waiter.callback(None)

    def _leave(self, waiter: Deferred[None]) -> None:
        self._waiting.pop(waiter, None)
