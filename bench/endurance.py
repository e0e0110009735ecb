"""The rows of long life: many calls held, an overload survived, minutes of load."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence

from bench.daemon import Daemon
from bench.figures import number, percentile, shown
from bench.plan import Entry, Plan, UnaskedError, interleaved
from bench.processes import LostRunError, Programs, stage, until
from bench.signalling import WARM, missing, ours
from bench.sipp import Callee, Caller, Load, play
from bench.systems import SYSTEMS, System
from bench.table import OURS, Table

FEW = 100
LOAD_RATE = 50.0
UP_RATE = 100.0
SOCKETS_OF_A_CALL = 4
PORTS = (10_240, 65_534)
SHARE = 0.9
"""What of the highest rate is asked for before and after an overload."""
TIMES = 10
WATCHED = 15


def holding(table: Table, plan: Plan) -> None:
    """Measure what a call costs beside many that are held, against beside a hundred."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    ports = (PORTS[1] - PORTS[0]) // SOCKETS_OF_A_CALL - 2 * FEW
    many = min(plan.held_most, ports, (descriptors - 500) // SOCKETS_OF_A_CALL - 50)
    work = f"processor of a call, ms, with {FEW} / {many:,} held"
    if many < plan.held_most:
        work += f" ({descriptors:,} descriptors are no more)"
    row = table.row(work, "within 20 %")
    if missing(ours()):
        row.skip(OURS, missing(ours()))
        return
    try:
        few, lots = _beside(plan, many)
    except LostRunError as problem:
        row.fail(OURS, str(problem))
        return
    row.cells[OURS] = f"{shown(few)} / {shown(lots)}"


def _beside(plan: Plan, many: int) -> tuple[list[float], list[float]]:
    """Hold calls in two daemons, and load one and the other in turn."""
    border = PORTS[0] + 4 * SOCKETS_OF_A_CALL * FEW
    with stage() as programs:
        few = _holding(programs, FEW, (PORTS[0], border - 1))
        lots = _holding(programs, many, (border, PORTS[1]))
        found: tuple[list[float], list[float]] = ([], [])
        for _ in range(plan.runs):
            for daemon, figures in zip((few, lots), found, strict=True):
                load = Load(LOAD_RATE, plan.call_seconds)
                outcome = play(programs, daemon.port, [daemon.program.pid], load)
                figures.append(outcome.processor_ms)
        return found


def _holding(programs: Programs, calls: int, ports: tuple[int, int]) -> Daemon:
    """Start a daemon that holds so many calls."""
    daemon = Daemon(programs, Callee(programs).port, media_ports=ports)
    caller = Caller(programs, daemon.port, Load(UP_RATE, calls / UP_RATE, hold=7200))
    until(lambda: caller.going_on() >= calls, 3 * calls / UP_RATE + 10, "the calls did not come up")
    time.sleep(2)  # a call that fails does so a moment after it came up
    if caller.going_on() < calls:
        raise LostRunError("held calls ended by themselves")
    return daemon


def overload(table: Table, plan: Plan, rates: dict[str, float]) -> None:
    """Offer ten times the highest rate, then ask for the rate of before in the same process."""
    seconds = number(plan.overload_seconds)
    work = f"back at {SHARE:.0%} of the rate after {TIMES} x overload for {seconds} s, s"
    row = table.row(work, "5")
    entries = []
    for system in SYSTEMS:
        if system.name in rates:
            rate = rates[system.name]
            entries.append(Entry(system.name, missing(system), _recovering(system, rate, plan)))
    interleaved(row, entries, 1)


def _recovering(system: System, rate: float, plan: Plan) -> Callable[[], Sequence[float]]:
    def run() -> Sequence[float]:
        if plan.is_quick and system.name != OURS:
            raise UnaskedError("not in the short form")
        return [recovery(system, rate, plan.overload_seconds)]

    return run


def recovery(system: System, rate: float, seconds: float) -> float:
    """Return how many seconds after an overload the rate of before is kept again.

    Raises:
        LostRunError: it was not within the quarter of a minute that is waited for.
    """
    usual = Load(SHARE * rate, WATCHED)
    with stage() as programs:
        callee = Callee(programs)
        started = system.start(programs, callee.port)
        Caller(programs, started.port, WARM).finish()
        much = Caller(programs, started.port, Load(TIMES * rate, seconds), every=1000)
        much.program.wait(seconds)
        programs.end(much.program)
        after = Caller(programs, started.port, usual)
        after.program.wait(usual.seconds + 3)
        programs.end(after.program)
        back = back_after(after.seconds(), usual.rate)
    if back >= WATCHED:
        raise LostRunError(f"not back after {WATCHED} s")
    return back


def back_after(seconds: Sequence[dict[str, int]], rate: float) -> float:
    """Return after how many of these seconds the rate is kept to the end.

    A second is good when nothing failed in it, and no more than 1 % of its calls sent anything
    again; what comes after the last call has begun does not count.
    """
    called = [each for each in seconds if each["OutgoingCall"] > 0]
    bad = [
        place
        for place, each in enumerate(called, 1)
        if each["FailedCall"] or each["Retransmissions"] > 0.01 * rate
    ]
    return float(bad[-1]) if bad else 0.0


def flat(table: Table, rates: dict[str, float], minutes: float) -> None:
    """Measure the delay in the first and the last minute of a long load, at half the rate."""
    row = table.row(f"the same, first / last of {number(minutes)} minutes, p99", "flat")
    if OURS not in rates:
        return
    load = Load(rates[OURS] / 2, 60 * minutes)
    with stage() as programs:
        daemon = Daemon(programs, Callee(programs).port)
        caller = Caller(programs, daemon.port, load)
        caller.finish()
        delays = caller.delays()
    begun = min(at for at, _ in delays)
    first = [delay for at, delay in delays if at - begun < 60_000]
    last = [delay for at, delay in delays if at - begun >= 60_000 * (minutes - 1)]
    row.put(OURS, [percentile(first, 0.99)], [percentile(last, 0.99)])
