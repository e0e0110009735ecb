"""`python -m bench`: measure everything, print the table, and write `bench/RESULTS.md`.

    python -m bench                      all rows (`--quick`, or QUICK=1: the short form)
    python -m bench cost rtp ...         some of the rows; writes nothing
    python -m bench flat --minutes 10    whether the delay stays as it was
    python -m bench calls ...            one call in this process: see bench/calls.py
    python -m bench callbacks ...        status callbacks: see bench/callbacks.py

The exit status is 0 unless a figure of ours is missing.
"""

from __future__ import annotations

import argparse
import os
import runpy
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from bench import endurance, machine, packets, programmable, signalling
from bench.plan import FULL, QUICK, Plan
from bench.table import Table

RESULTS = Path(__file__).with_name("RESULTS.md")
ROWS = ("cost", "rate", "delay", "held", "rcml", "holding", "overload", "rtp", "flood")
PROGRAMS = ("calls", "callbacks")


class Bench:
    """The two tables, and the rows that fill them."""

    def __init__(self, plan: Plan, wanted: list[str], minutes: float) -> None:
        self.plan, self.wanted, self.minutes = plan, wanted, minutes
        self.signalling, self.rtp = Table("Calls"), Table("RTP")

    def measure(self) -> None:
        """Fill the tables, a row after the other."""
        wanted, plan, calls = self.wanted, self.plan, self.signalling
        needs_rate = {"rate", "delay", "overload", "flat"} & set(wanted)
        costs = signalling.cost(calls, plan) if needs_rate or "cost" in wanted else {}
        rates = signalling.rate(calls, plan, costs) if needs_rate else {}
        if "delay" in wanted:
            signalling.delay(calls, plan, rates)
        if "flat" in wanted:
            endurance.flat(calls, rates, self.minutes)
        if "held" in wanted:
            signalling.held(calls, plan)
        if "rcml" in wanted:
            programmable.call(calls, plan)
        if "holding" in wanted:
            endurance.holding(calls, plan)
        if "overload" in wanted:
            endurance.overload(calls, plan, rates)
        self._measure_rtp()

    def _measure_rtp(self) -> None:
        if not {"rtp", "flood"} & set(self.wanted):
            return
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            generator = packets.build(Path(folder))
            if "rtp" in self.wanted:
                packets.paced(self.rtp, self.plan, generator)
            if "flood" in self.wanted:
                packets.flood(self.rtp, self.plan, generator)

    @property
    def is_whole(self) -> bool:
        """Whether no figure of ours is missing."""
        return self.signalling.is_whole and self.rtp.is_whole

    def written(self) -> str:
        """Return both tables, or the one that there is."""
        tables = [table for table in (self.signalling, self.rtp) if table.rows]
        return "\n".join(f"## {table.title}\n\n{table.written()}" for table in tables)


def page(lines: list[str], tables: str, plan: Plan, minutes: float) -> str:
    """Return what `RESULTS.md` says."""
    form = "the short form, `make bench QUICK=1`" if plan.is_quick else "`make bench`"
    about = "\n".join(f"* {line}" for line in lines)
    return (
        "# What it costs\n\n"
        f"Written by {form}, in {minutes:.0f} minutes, in one run: ours and the others by turns.\n"
        f"A figure is the median of runs ({plan.runs} of most), the least and the greatest in\n"
        "brackets; one without brackets was measured once.\n"
        "[docs/performance.md](../docs/performance.md) says what the rows mean.\n\n"
        f"{about}\n\n{tables}"
    )


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Measure what was asked for."""
    if sys.argv[1:2] and sys.argv[1] in PROGRAMS:
        name = sys.argv.pop(1)
        runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
        return
    reading = argparse.ArgumentParser("bench", description=__doc__)
    reading.add_argument("rows", nargs="*", choices=[[], *ROWS, "flat"], metavar="ROW")
    reading.add_argument("--quick", action="store_true", default=bool(os.environ.get("QUICK")))
    reading.add_argument("--minutes", type=float, default=10)
    given = reading.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    bench = Bench(QUICK if given.quick else FULL, given.rows or [*ROWS], given.minutes)
    begun, lines = time.monotonic(), machine.described()
    print("\n".join(lines), flush=True)
    try:
        bench.measure()
    except KeyboardInterrupt:
        print(bench.written())
        raise SystemExit("interrupted; nothing was written") from None
    text = page(lines, bench.written(), bench.plan, (time.monotonic() - begun) / 60)
    print(text)
    if not given.rows:
        RESULTS.write_text(text, encoding="utf-8")
    raise SystemExit(0 if bench.is_whole else "a figure of ours is missing")


if __name__ == "__main__":
    main()
