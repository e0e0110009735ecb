"""How long and how often everything is measured: in full, and the short form of `QUICK=1`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bench.processes import LostRunError
from bench.table import Row

T = TypeVar("T")


class UnaskedError(Exception):
    """A run that this plan leaves out; the text is for the table."""


@dataclass(frozen=True)
class Plan:
    """Seconds and counts; `runs` is what medians are made of, `probes` what a search may try."""

    runs: int
    call_seconds: float
    probe_seconds: float
    probes: int
    held_calls: int
    held_runs: int
    held_most: int
    overload_seconds: float
    rtp_seconds: float
    flood_seconds: float
    flood_probes: int
    flood_runs: int
    is_quick: bool = False


FULL = Plan(
    runs=5,
    call_seconds=5,
    probe_seconds=20,
    probes=4,
    held_calls=200,
    held_runs=5,
    held_most=10_000,
    overload_seconds=30,
    rtp_seconds=3,
    flood_seconds=3,
    flood_probes=9,
    flood_runs=3,
)
QUICK = Plan(
    runs=1,
    call_seconds=3,
    probe_seconds=3,
    probes=2,
    held_calls=100,
    held_runs=1,
    held_most=400,
    overload_seconds=4,
    rtp_seconds=1,
    flood_seconds=1,
    flood_probes=3,
    flood_runs=1,
    is_quick=True,
)


@dataclass(frozen=True)
class Entry:
    """A column, why it has no figure (nothing: it has one), and how one run of it is made."""

    column: str
    missing: str
    run: Callable[[], Sequence[float]]


def interleaved(row: Row, entries: Sequence[Entry], runs: int) -> dict[str, list[list[float]]]:
    """Run all entries in turn, `runs` times, and write the row.

    Returns, by column, a list for each figure that a run gives.  An entry that fails has its word
    in the row and is not run again; the others go on.
    """
    found: dict[str, list[list[float]]] = {}
    for entry in _in_turn(row, entries, runs):
        print(f"  {row.work}: {entry.column}", file=sys.stderr, flush=True)
        try:
            figures = entry.run()
        except UnaskedError as reason:
            row.skip(entry.column, str(reason))
            continue
        except LostRunError as problem:
            row.fail(entry.column, str(problem))
            continue
        columns = found.setdefault(entry.column, [[] for _ in figures])
        for values, value in zip(columns, figures, strict=True):
            values.append(value)
    for column, runs_of_column in found.items():
        if column not in row.failed:
            row.put(column, *runs_of_column)
    return found


def _in_turn(row: Row, entries: Sequence[Entry], runs: int) -> Iterator[Entry]:
    for entry in entries:
        if entry.missing:
            row.skip(entry.column, entry.missing)
        else:
            row.skip(entry.column, "")
    for _ in range(runs):
        for entry in entries:
            if not entry.missing and entry.column not in row.failed:
                yield entry
