"""Collecting keys for a `Gather` (rcml.md 8.2): when it begins to count, when it is enough."""

from __future__ import annotations

from b2bua.routing.plan import Digits, Gather


class Collector:
    """The keys of one `Gather`.

    Time is the owner's: `timeout` seconds after the prompts have ended, and after each key, with
    nothing further pressed, it calls `time_over`.
    """

    __slots__ = ("_gather", "_pressed")

    def __init__(self, gather: Gather) -> None:
        self._gather = gather
        self._pressed = ""

    @property
    def has_begun(self) -> bool:
        """Whether a key was pressed: prompts stop then."""
        return bool(self._pressed)

    def press(self, key: str) -> Digits | None:
        """Take one key; return what was collected when that was the last one wanted."""
        if key == self._gather.finish_on_key:
            return Digits(self._pressed, finished=True)
        self._pressed += key
        limit = self._gather.num_digits
        if limit is not None and len(self._pressed) >= limit:
            return Digits(self._pressed, finished=True)
        return None

    def time_over(self) -> Digits:
        """Return what was collected so far; nothing at all is not `finished`."""
        return Digits(self._pressed, finished=bool(self._pressed))
