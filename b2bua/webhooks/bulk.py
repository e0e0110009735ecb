"""What all large bodies under way may hold together: many servers at once fill no memory either.

A recording may have ten megabytes, and a hundred of them a gigabyte.  Beyond the limit whoever
holds most is given up: that is who pours without end, sooner than who sends a recording.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

SMALL = 65_536
"""A body of so many bytes is not counted: connections are few enough."""


class Bulk:
    """Counts `held` bytes, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self.held = 0
        self._most = most
        self._bodies: dict[Hashable, tuple[int, Callable[[], None]]] = {}

    def grow(self, body: Hashable, size: int, give_up: Callable[[], None]) -> None:
        """Take that `body` has `size` bytes now; `give_up` ends it, and calls `end`."""
        if size <= SMALL:
            return
        before, _ = self._bodies.get(body, (0, give_up))
        self._bodies[body] = (size, give_up)
        self.held += size - before
        while self.held > self._most:
            _, largest = max(self._bodies.values(), key=lambda entry: entry[0])
            largest()

    def end(self, body: Hashable) -> None:
        """Take that nothing of `body` is held any more.  Harmless when nothing was."""
        size, _ = self._bodies.pop(body, (0, None))
        self.held -= size
