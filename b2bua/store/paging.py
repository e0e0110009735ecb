"""Keyset paging: a page is what comes before or after a mark, and a mark stays where it is.

Records have a `place` that rises in the order in which they were made; lists show the newest first.
What is made or deleted while somebody turns pages neither repeats nor hides another record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar


class Placed(Protocol):
    """A record with a place in the order of its making."""

    @property
    def place(self) -> int:
        """Rise with every record made."""


RecordT = TypeVar("RecordT", bound=Placed)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page begins: at the first record older than `place`, or ends: before the newer."""

    place: int
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[RecordT]):
    """Records, newest first, and whether there are older and newer ones beyond them."""

    records: tuple[RecordT, ...]
    has_older: bool = False
    has_newer: bool = False


def page_of(
    oldest_first: Iterable[RecordT],
    newest_first: Iterable[RecordT],
    mark: Mark | None,
    size: int,
) -> Page[RecordT]:
    """Return at most `size` records from `mark` on; the two orders hold the same records."""
    if mark is None:
        found = tuple(islice(newest_first, size + 1))
        return Page(found[:size], has_older=len(found) > size)
    if mark.is_newer:
        newer = (record for record in oldest_first if record.place > mark.place)
        found = tuple(islice(newer, size + 1))
        return Page(found[:size][::-1], has_older=True, has_newer=len(found) > size)
    older = (record for record in newest_first if record.place < mark.place)
    found = tuple(islice(older, size + 1))
    return Page(found[:size], has_older=len(found) > size, has_newer=True)
