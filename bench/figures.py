"""The bench's own arithmetic: medians, percentiles, and the search for the highest rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` (0 to 1) of all values do not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def highest(
    is_kept: Callable[[float], bool], first: float, *, probes: int, apart: float = 1.05
) -> float:
    """Return the highest rate that was kept, 0 if none was, after at most `probes` trials.

    The search begins at `first`, goes up or down in steps of a quarter until it has a rate that
    is kept and one that is not, and then halves what lies between, until they are within a
    factor `apart`.
    """
    kept, lost = 0.0, 0.0
    rate = first
    for _ in range(probes):
        if is_kept(rate):
            kept = max(kept, rate)
        else:
            lost = rate
        if not lost:
            rate *= 1.25
        elif not kept:
            rate /= 1.25
        elif lost / kept <= apart:
            break
        else:
            rate = (kept * lost) ** 0.5
    return kept


def shown(values: Sequence[float]) -> str:
    """Return the median of some runs and, of several, the least and the greatest."""
    if not values:
        return "-"
    middle = number(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))}-{number(max(values))})"


def number(value: float) -> str:
    """Write a figure with three digits that count."""
    if value >= 1000:
        return f"{value:,.0f}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}"
