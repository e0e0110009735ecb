"""The rows of routed calls: what one costs, how many there can be, how late, and how big.

Every run begins with a program that has just been started and has had a second of calls.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from statistics import median

from bench.figures import highest, number
from bench.plan import Entry, Plan, UnaskedError, interleaved
from bench.processes import LostRunError, stage
from bench.sipp import Callee, Caller, Load, Outcome, play
from bench.systems import SYSTEMS, System
from bench.table import OURS, Table

RATE = 200.0
HELD_RATE = 100.0
WARM = Load(rate=50, seconds=1, hold=0.05)


def missing(system: System) -> str:
    """Say why a program cannot be measured with SIPp."""
    return system.missing() if shutil.which("sipp") else "no SIPp"


def once(system: System, load: Load) -> Outcome:
    """Start a program, warm it, and play one load through it.

    Raises:
        LostRunError: no call went through, or the program does not start.
    """
    with stage() as programs:
        callee = Callee(programs)
        started = system.start(programs, callee.port)
        Caller(programs, started.port, WARM).finish()
        return play(programs, started.port, started.roots, load, callee)


def cost(table: Table, plan: Plan) -> dict[str, float]:
    """Measure the processor that a call takes at 200 calls/s; return medians by column.

    A program that does not keep that rate is asked for less, and the cell says so.
    """
    row = table.row("a routed call: processor, ms, at 200 calls/s", "1.3")
    rates: dict[str, float] = {}

    def run(system: System) -> list[float]:
        rate = rates.get(system.name, min(RATE, system.most))
        while rate > 20:
            outcome = once(system, Load(rate, plan.call_seconds))
            if outcome.answered >= 0.99 * outcome.load.calls:
                rates[system.name] = rate
                return [outcome.processor_ms]
            rate = rates[system.name] = rate / 2
        raise LostRunError("not even 25 calls/s were kept")

    found = interleaved(row, _entries(run), plan.runs)
    for column, rate in rates.items():
        if rate != RATE and column not in row.failed:
            row.cells[column] += f" at {number(rate)}/s"
    return {column: median(values[0]) for column, values in found.items()}


def rate(table: Table, plan: Plan, costs: dict[str, float]) -> dict[str, float]:
    """Search the highest rate that is kept on one core; return it by column."""
    seconds = number(plan.probe_seconds)
    row = table.row(f"the highest rate kept for {seconds} s on one core, calls/s", "600")
    found: dict[str, float] = {}

    def run(system: System) -> list[float]:
        def is_kept(calls: float) -> bool:
            try:
                return once(system, Load(calls, plan.probe_seconds)).is_kept
            except LostRunError:
                return False

        if plan.is_quick and system.name != OURS:
            raise UnaskedError("not in the short form")
        best = highest(is_kept, 800 / costs[system.name], probes=plan.probes)
        if not best:
            raise LostRunError(f"no rate was kept in {plan.probes} trials")
        found[system.name] = best
        return [best]

    interleaved(row, [one for one in _entries(run) if one.column in costs], 1)
    return found


def delay(table: Table, plan: Plan, rates: dict[str, float]) -> None:
    """Measure the delay that a program adds, at half the highest rate."""
    row = table.row("INVITE to 200, ms, p50 / p99, at half that rate", "- / 4")

    def run(system: System) -> list[float]:
        outcome = once(system, Load(rates[system.name] / 2, plan.call_seconds))
        return [outcome.delay(0.5), outcome.delay(0.99)]

    interleaved(row, [one for one in _entries(run) if one.column in rates], plan.runs)


def held(table: Table, plan: Plan) -> None:
    """Measure the memory of a call that is held, media session included."""
    row = table.row(f"memory of a held call, KiB, {plan.held_calls} held", "30")
    seconds = plan.held_calls / HELD_RATE

    def run(system: System) -> list[float]:
        pace = min(HELD_RATE, system.most / 2)
        load = Load(pace, plan.held_calls / pace, hold=1.2 * seconds + 2)
        return [once(system, load).memory_kib / load.calls]

    interleaved(row, _entries(run), plan.held_runs)


def ours() -> System:
    """Return the system that is ours."""
    return next(system for system in SYSTEMS if system.name == OURS)


def _entries(run: Callable[[System], list[float]]) -> list[Entry]:
    return [Entry(system.name, missing(system), partial(run, system)) for system in SYSTEMS]
