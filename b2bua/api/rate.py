"""At most so many in any second, for each of many keys."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

SECOND = 1.0
MOST_KEYS = 10_000


class Rate:
    """Counts by a sliding window, so that the figure holds in *any* second; `now` is monotonic.

    Of more than `MOST_KEYS` keys the one that was quiet for longest is forgotten.
    """

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most, self._now = most, now
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def takes(self, key: str) -> bool:
        """Count one for `key`, if it may have one more in this second."""
        if not self.has_room(key):
            return False
        self._seen.setdefault(key, deque(maxlen=self._most)).append(self._now())
        self._seen.move_to_end(key)
        if len(self._seen) > MOST_KEYS:
            self._seen.popitem(last=False)
        return True

    def has_room(self, key: str) -> bool:
        """Return whether `key` may have one more in this second; count nothing."""
        seen = self._seen.get(key)
        return seen is None or len(seen) < self._most or seen[0] <= self._now() - SECOND
