"""The table: a row for each kind of work, a column for each program, and how it is written."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.figures import shown

OURS = "b2bua"


@dataclass
class Row:
    """One kind of work.  `bar` is what ours should reach; `cells` are texts by column."""

    work: str
    bar: str
    cells: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def put(self, column: str, *runs: Sequence[float]) -> None:
        """Write the medians of one column; several figures are divided by a stroke."""
        self.cells[column] = " / ".join(map(shown, runs))

    def skip(self, column: str, why: str) -> None:
        """Say with a word why there is no figure."""
        self.cells[column] = why

    def fail(self, column: str, why: str) -> None:
        """Say why there should have been a figure."""
        self.cells[column] = f"failed: {why}"
        self.failed.add(column)


@dataclass
class Table:
    """Rows under a title; the columns are those that the rows have, in their order."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def row(self, work: str, bar: str = "-") -> Row:
        """Begin a row."""
        self.rows.append(Row(work, bar))
        return self.rows[-1]

    @property
    def is_whole(self) -> bool:
        """Whether no figure of ours is missing."""
        return not any(name.startswith(OURS) for row in self.rows for name in row.failed)

    def written(self) -> str:
        """Return the table as Markdown whose columns stand in line."""
        columns = list(dict.fromkeys(name for row in self.rows for name in row.cells))
        lines = [["work", "the bar", *columns]]
        for row in self.rows:
            lines.append([row.work, row.bar, *(row.cells.get(name, "") for name in columns)])
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, ["-" * width for width in widths])
        text = "\n".join(f"| {' | '.join(map(_padded, line, widths))} |" for line in lines)
        return f"{text}\n"


def _width(text: str) -> int:
    return sum(not unicodedata.combining(character) for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
