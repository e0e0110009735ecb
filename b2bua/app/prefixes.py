"""Longest prefix first: which entry of the settings a dialled number belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

Entry = TypeVar("Entry")


class Prefixes(Generic[Entry]):
    """Entries by exact number or by prefix; of two that say the same, the first counts.

    A lookup costs one dictionary access for each length of prefix there is.
    """

    def __init__(self) -> None:
        self._exact: dict[str, Entry] = {}
        self._prefixes: dict[str, Entry] = {}
        self._lengths: list[int] = []

    @classmethod
    def of_patterns(cls, patterns: Iterable[tuple[str, Entry]]) -> Prefixes[Entry]:
        """Take `+15550001111` as a number, `9*` as a prefix and `*` as everything."""
        made = cls()
        for pattern, entry in patterns:
            if pattern.endswith("*"):
                made.add_prefix(pattern[:-1], entry)
            else:
                made._exact.setdefault(pattern, entry)
        return made

    def add_prefix(self, prefix: str, entry: Entry) -> None:
        """Let every number that begins with `prefix` belong to `entry`."""
        self._prefixes.setdefault(prefix, entry)
        self._lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)

    def find(self, number: str) -> Entry | None:
        """Return the entry of `number` itself, else of its longest prefix, else None."""
        if number in self._exact:
            return self._exact[number]
        for length in self._lengths:
            if number[:length] in self._prefixes:  # a shorter number is not its own prefix
                return self._prefixes[number[:length]]
        return None
