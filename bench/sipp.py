"""SIPp on both sides of a program: one load, and what both saw of it."""

from __future__ import annotations

import csv
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import percentile
from bench.processes import LOADING_CORE, LostRunError, Programs, memory, processor, until
from tests.support.child import free_port, is_bound

HOST = "127.0.0.1"
SCENARIOS = Path(__file__).parent / "scenarios"
FAILED_MOST = 0.001
RESENT_MOST = 0.01
SLOWEST = 0.93
"""What is kept of a rate: failures and retransmissions by call, and the rate itself."""


@dataclass(frozen=True)
class Load:
    """Calls at `rate` a second for `seconds`; each talks for `hold` seconds.

    With `calls` there are so many of them, whatever the time.
    """

    rate: float
    seconds: float
    hold: float = 0.2
    user: str = "15551234567"

    @property
    def calls(self) -> int:
        """How many calls that is."""
        return max(1, round(self.rate * self.seconds))


@dataclass(frozen=True)
class Outcome:
    """What became of a load.

    `processor_ms` is for each call, `memory_kib` what the program grew by while it went on, and
    `delays` are milliseconds from INVITE to 200.
    """

    load: Load
    answered: int
    failed: int
    resent: int
    seconds: float
    processor_ms: float
    memory_kib: int
    delays: tuple[float, ...]

    @property
    def is_kept(self) -> bool:
        """Whether the program kept up with this rate."""
        calls = self.load.calls
        rate = self.answered / max(0.1, self.seconds - self.load.hold)
        return (
            self.failed <= FAILED_MOST * calls
            and self.answered >= (1 - 2 * FAILED_MOST) * calls
            and self.resent <= RESENT_MOST * calls
            and rate >= SLOWEST * self.load.rate
        )

    def delay(self, share: float) -> float:
        """Return a percentile of the delays, in milliseconds."""
        return percentile(self.delays, share)


class Callee:
    """The side that is called: it listens until it is dismissed."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self.port = free_port()
        self._totals = programs.folder / f"uas-{self.port}.csv"
        self._program = programs.start(
            f"uas-{self.port}", _command("uas", self.port, self._totals), LOADING_CORE
        )
        until(lambda: is_bound(self.port), 5, "SIPp does not listen")

    def dismiss(self) -> dict[str, int]:
        """Let it end its calls and quit; return what it counted."""
        self._program.signal(signal.SIGUSR1)
        self._program.wait(4)
        self._programs.end(self._program)
        return totals(self._totals)


class Caller:
    """The side that calls."""

    def __init__(self, programs: Programs, target: int, load: Load, *, every: int = 20) -> None:
        """Begin to call the port `target`; one delay of `every` calls is written down."""
        self.load = load
        port = free_port()
        self._programs = programs
        self._counts = programs.folder / f"uac-{port}.csv"
        command = [
            *_command("uac", port, self._counts), f"{HOST}:{target}", "-s", load.user,
            "-r", load.rate, "-m", load.calls, "-l", 100_000, "-d", round(load.hold * 1000),
            "-timer_resol", 1, "-recv_timeout", round(30_000 + load.hold * 1000),
            "-trace_rtt", "-rtt_freq", every,
        ]  # fmt: skip
        self.began = time.monotonic()
        self.program = programs.start(f"uac-{port}", command, LOADING_CORE)

    def finish(self) -> float:
        """Wait for the end of all calls; return the seconds from the first INVITE on."""
        self.program.wait(self.load.seconds + self.load.hold + 45)
        seconds = time.monotonic() - self.began
        self._programs.end(self.program)
        return seconds

    def totals(self) -> dict[str, int]:
        """Return what it counted."""
        return totals(self._counts)

    def seconds(self) -> list[dict[str, int]]:
        """Return what it counted in each second."""
        return [_counts(row, "(P)") for row in _rows(self._counts)]

    def going_on(self) -> int:
        """Return how many calls have begun and not ended."""
        rows = _rows(self._counts)
        return int(rows[-1]["CurrentCall"] or 0) if rows else 0

    def delays(self) -> list[tuple[float, float]]:
        """Return moments (milliseconds since some beginning) and delays (milliseconds)."""
        found = self._programs.folder.glob(f"uac_{self.program.pid}_rtt.csv")
        return [each for path in found for each in response_times(path.read_text("ascii"))]


def play(
    programs: Programs,
    target: int,
    roots: Iterable[int],
    load: Load,
    callee: Callee | None = None,
) -> Outcome:
    """Play a load through a program whose processes are `roots`; `callee` is dismissed by this.

    Without one only the caller's side is counted.

    Raises:
        LostRunError: SIPp or the program was lost, or no call went through.
    """
    pids = list(roots)
    used, had = processor(pids), memory(pids)
    caller = Caller(programs, target, load)
    peak = had
    if load.hold > load.seconds:
        caller.program.wait(load.seconds + 1)
        peak = memory(pids)
    seconds = caller.finish()
    used = processor(pids) - used
    counted = caller.totals()
    heard = callee.dismiss() if callee is not None else {}
    answered = min(counted["SuccessfulCall"], heard.get("SuccessfulCall", load.calls))
    if not answered:
        raise LostRunError("no call went through")
    return Outcome(
        load=load,
        answered=answered,
        failed=counted["FailedCall"],
        resent=counted["Retransmissions"] + heard.get("Retransmissions", 0),
        seconds=seconds,
        processor_ms=1000 * used / answered,
        memory_kib=peak - had,
        delays=tuple(delay for _, delay in caller.delays()),
    )


def totals(path: Path) -> dict[str, int]:
    """Return the cumulative counts of a SIPp: `SuccessfulCall`, `Retransmissions`, ...

    Raises:
        LostRunError: it has written none.
    """
    rows = _rows(path)
    if not rows:
        raise LostRunError("SIPp has counted nothing")
    return _counts(rows[-1], "(C)")


def response_times(text: str) -> list[tuple[float, float]]:
    """Read SIPp's file of response times: when, and how long, both in milliseconds."""
    found = []
    for row in csv.reader(text.splitlines(), delimiter=";"):
        try:
            found.append((float(row[0]), float(row[1])))
        except (IndexError, ValueError):
            continue  # the heading, or a line that was cut off
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="ascii", errors="replace") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def _counts(row: dict[str, str], suffix: str) -> dict[str, int]:
    return {
        name.removesuffix(suffix): int(value)
        for name, value in row.items()
        if name and name.endswith(suffix) and (value or "").isdigit()
    }


def _command(scenario: str, port: int, counts: Path) -> list[object]:
    return [
        "sipp", "-sf", SCENARIOS / f"{scenario}.xml", "-i", HOST, "-p", port, "-mp", free_port(),
        "-nostdin", "-buff_size", 4_000_000, "-trace_stat", "-stf", counts, "-fd", 1,
    ]  # fmt: skip
