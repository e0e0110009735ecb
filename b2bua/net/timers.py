"""Many timers of few durations, for the price of one reactor timer each duration.

Timers of the same duration expire in the order in which they were started, so each duration has a
queue and only the head of the queue waits in the reactor.  To start or stop a timer is to append
to a queue or to mark an entry; the expiry is exact.  SIP's durations are T1 doubled a few times,
T4 and 64*T1, and nearly all its timers are stopped before they expire.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

# A head that is due within this time, in seconds, is due now: sums of floats may differ by an ulp.
_SLACK = 1e-6


class Countdown:
    """One timer; it belongs to whoever started it."""

    __slots__ = ("_line", "due", "expire", "what")

    def __init__(
        self, line: _Line, due: float, expire: Callable[[Any], None], what: object
    ) -> None:
        self._line = line
        self.due = due
        self.expire: Callable[[Any], None] | None = expire
        self.what = what

    def stop(self) -> None:
        """Stop it.  Harmless when it has expired or was stopped."""
        if self.expire is not None:
            self.expire = self.what = None
            self._line.stopped()


class _Line:
    """All timers of one duration, the first to expire at the head."""

    __slots__ = ("_clock", "_expiring", "_seconds", "_waiting", "_wakeup", "running")

    def __init__(self, clock: IReactorTime, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._waiting: deque[Countdown] = deque()
        self._wakeup: IDelayedCall | None = None
        self._expiring = False
        self.running = 0

    def start(self, expire: Callable[[Any], None], what: object) -> Countdown:
        countdown = Countdown(self, self._clock.seconds() + self._seconds, expire, what)
        self._waiting.append(countdown)
        self.running += 1
        if self._wakeup is None and not self._expiring:
            self._wakeup = self._clock.callLater(self._seconds, self._wake)
        return countdown

    def stopped(self) -> None:
        self.running -= 1
        if not self.running and not self._expiring:
            self.clear()

    def clear(self) -> None:
        for countdown in self._waiting:
            countdown.expire = countdown.what = None
        self._waiting.clear()
        self.running = 0
        if self._wakeup is not None:
            self._wakeup.cancel()
            self._wakeup = None

    def _wake(self) -> None:
        self._wakeup = None
        self._expiring = True
        try:
            self._expire_due(self._clock.seconds() + _SLACK)
        finally:
            self._expiring = False
            if self._waiting:
                delay = max(0.0, self._waiting[0].due - self._clock.seconds())
                self._wakeup = self._clock.callLater(delay, self._wake)

    def _expire_due(self, now: float) -> None:
        waiting = self._waiting
        while waiting:
            expire = waiting[0].expire
            if expire is None:
                waiting.popleft()
            elif waiting[0].due > now:
                return
            else:
                countdown = waiting.popleft()
                countdown.expire = None
                self.running -= 1
                expire(countdown.what)


class Timetable:
    """Starts timers on `clock`, and knows how many run."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._lines: dict[float, _Line] = {}

    def start(self, seconds: float, expire: Callable[[Any], None], what: object) -> Countdown:
        """Call `expire(what)` after `seconds`, unless the countdown is stopped before."""
        line = self._lines.get(seconds)
        if line is None:
            line = self._lines[seconds] = _Line(self._clock, seconds)
        return line.start(expire, what)

    @property
    def running(self) -> int:
        """The number of timers that run."""
        return sum(line.running for line in self._lines.values())

    def stop(self) -> None:
        """Stop all of them."""
        for line in self._lines.values():
            line.clear()
