"""The rows of RTP: what a packet costs, how many there can be, and how late they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figures import highest
from bench.ng import open_sessions
from bench.plan import Entry, Plan, interleaved
from bench.processes import (
    LOADING_CORE,
    MEASURED_CORE,
    LostRunError,
    Programs,
    stage,
    threads_processor,
)
from bench.systems import FROM_PYPI, program, start_rtpengine
from bench.table import OURS, Table

SESSIONS = 500
FLOODED = 100
FIRST_RATE = 150_000.0
LOST_MOST = 0.001
SENT_LEAST = 0.97
PARTIES = (20_000, 20_001)
HERE = Path(__file__).parent
COALESCED = f"{OURS}, coalesce_ms = 1"


@dataclass(frozen=True)
class Heard:
    """What came out of a relay: shares of what was asked for and sent, and delays."""

    ns_a_packet: float
    packets_per_second: float
    lost: float
    offered: float
    p50_us: float
    p99_us: float

    @property
    def is_kept(self) -> bool:
        """Whether the generator kept its rate and nothing to speak of was lost."""
        return self.lost < LOST_MOST and self.offered >= SENT_LEAST


@dataclass(frozen=True)
class RelayUnderTest:
    """A relay; `start` opens the sessions of a file, and returns its process."""

    name: str
    missing: str
    start: Callable[[Programs, Path], int]


def relays() -> list[RelayUnderTest]:
    """Return ours, in both ways, and those that are installed or not."""
    no_engine = "" if program("rtpengine") else "not installed"
    no_rtp_io = (
        "" if list(FROM_PYPI.parent.glob("lib/*/site-packages/rtp/io.*")) else "not installed"
    )
    return [
        RelayUnderTest(OURS, "", lambda programs, file: _ours(programs, file, 0)),
        RelayUnderTest(COALESCED, "", lambda programs, file: _ours(programs, file, 1)),
        RelayUnderTest("rtpengine", no_engine, _rtpengine),
        RelayUnderTest("rtp_io", no_rtp_io, _rtp_io),
    ]


def paced(table: Table, plan: Plan, generator: Path) -> None:
    """Measure packets of 20 ms both ways in 500 sessions."""
    cost = table.row(f"RTP, {SESSIONS} sessions: processor, ns a packet", "6,500; coalesced 3,500")
    late = table.row(f"RTP, {SESSIONS} sessions: delay, µs, p50 / p99", "24 / 60")

    def run(relay: RelayUnderTest) -> list[float]:
        heard = _once(relay, generator, SESSIONS, plan.rtp_seconds)
        if heard.lost > 0.01:
            raise LostRunError(f"{heard.lost:.1%} of the packets were lost")
        return [heard.ns_a_packet, heard.p50_us, heard.p99_us]

    found = interleaved(cost, _entries(run), plan.runs)
    for column, text in cost.cells.items():
        late.cells[column] = text
    for column, (costs, *delays) in found.items():
        if column not in cost.failed:
            cost.put(column, costs)
            late.put(column, *delays)


def flood(table: Table, plan: Plan, generator: Path) -> None:
    """Search the highest rate without loss, and see whether it holds."""
    row = table.row(f"RTP, {FLOODED} sessions: highest rate without loss, packets/s", "430,000")

    def run(relay: RelayUnderTest) -> list[float]:
        def is_kept(rate: float) -> bool:
            return _once(relay, generator, FLOODED, 1, rate).is_kept

        best = highest(is_kept, FIRST_RATE, probes=plan.flood_probes)
        while best > FIRST_RATE / 4:
            runs = [
                _once(relay, generator, FLOODED, plan.flood_seconds, best)
                for _ in range(plan.flood_runs)
            ]
            if all(heard.is_kept for heard in runs):
                return [best]
            best *= 0.95
        raise LostRunError("no rate was kept")

    interleaved(row, _entries(run), 1)


def build(folder: Path) -> Path:
    """Compile the generator; return it.

    Raises:
        LostRunError: it cannot be.
    """
    generator = folder / "rtp_load"
    command = ["cc", "-O2", "-o", str(generator), str(HERE / "rtp_load.c")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as problem:
        raise LostRunError(str(problem)) from problem
    if done.returncode:
        raise LostRunError(done.stderr[:200])
    return generator


def _entries(run: Callable[[RelayUnderTest], list[float]]) -> list[Entry]:
    return [Entry(relay.name, relay.missing, partial(run, relay)) for relay in relays()]


def _once(
    relay: RelayUnderTest, generator: Path, sessions: int, seconds: float, rate: float = 0
) -> Heard:
    with stage() as programs:
        file = programs.folder / "sessions"
        file.write_text(f"{PARTIES[0]} 0 0 {PARTIES[1]}\n" * sessions, "ascii")
        pid = relay.start(programs, file)
        return _loaded(programs, [generator, file, seconds, *([rate] if rate else [])], pid)


def _loaded(programs: Programs, command: list[object], pid: int) -> Heard:
    load = programs.start("rtp_load", command, LOADING_CORE, is_piped=True)
    if load.line() != "begin":
        raise LostRunError(f"the generator: {load.told()}")
    used = threads_processor(pid)
    load.line()
    used = threads_processor(pid) - used
    told = json.loads(load.line())
    if told["wrong"] or not told["sent"]:
        raise LostRunError(f"{told['sent']} packets were sent, {told['wrong']} came out wrong")
    asked = command[3] if len(command) > 3 else 2 * 50 * SESSIONS
    return Heard(
        ns_a_packet=used / max(1, told["received"]),
        packets_per_second=told["received"] / told["seconds"],
        lost=1 - told["received"] / told["sent"],
        offered=told["sent"] / told["seconds"] / float(str(asked)),
        p50_us=told["p50_us"],
        p99_us=told["p99_us"],
    )


def _ours(programs: Programs, sessions: Path, coalesce_ms: float) -> int:
    return _said_ready(programs, [sys.executable, HERE / "rtp_relay.py", sessions, 0, coalesce_ms])


def _rtp_io(programs: Programs, sessions: Path) -> int:
    return _said_ready(programs, [FROM_PYPI / "python", HERE / "rtp_io_relay.py", sessions])


def _said_ready(programs: Programs, command: list[object]) -> int:
    relay = programs.start("relay", command, MEASURED_CORE, is_piped=True)
    if relay.line() != "ready":
        raise LostRunError(relay.told())
    return relay.pid


def _rtpengine(programs: Programs, sessions: Path) -> int:
    engine, control = start_rtpengine(programs)
    open_sessions(control, sessions)
    return engine.pid
