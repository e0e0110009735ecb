"""How late the reactor is: the one number that says whether this process keeps up."""

from __future__ import annotations

from collections import deque
from itertools import islice

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class LagMeter:
    """Asks to be called every `interval` seconds and keeps how late that was.

    It remembers the last `kept` measurements: a minute, by default.
    """

    def __init__(self, clock: IReactorTime, interval: float = 0.1, kept: int = 600) -> None:
        self._clock = clock
        self._interval = interval
        self._late_ms: deque[float] = deque(maxlen=kept)
        self._next: IDelayedCall | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._wait()

    def stop(self) -> None:
        """Measure no more; what was measured stays readable."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None

    def read(self) -> dict[str, float]:
        """Return p50, p99 and max of the last minute, in milliseconds."""
        ordered = sorted(self._late_ms) or [0.0]
        last = len(ordered) - 1
        return {
            "p50": round(ordered[last // 2], 3),
            "p99": round(ordered[last * 99 // 100], 3),
            "max": round(ordered[last], 3),
        }

    def recent_ms(self) -> float:
        """Return the median of the last second, in milliseconds: what shedding goes by."""
        newest = sorted(islice(reversed(self._late_ms), round(1.0 / self._interval)))
        return newest[len(newest) // 2] if newest else 0.0

    def _wait(self) -> None:
        self._due = self._clock.seconds() + self._interval
        self._next = self._clock.callLater(self._interval, self._measure)

    def _measure(self) -> None:
        self._late_ms.append(max(0.0, self._clock.seconds() - self._due) * 1000)
        self._wait()
