"""Programs beside the bench: each on a core of its own, measured, and ended by its id.

A program and what it forks are one process group, so nothing that we started outlives us.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MEASURED_CORE = 0
LOADING_CORE = min(1, (os.cpu_count() or 1) - 1)
PRECEDENCE = ("nice", "-n", "-10") if os.geteuid() == 0 else ()
"""Both sides go before whatever else the machine does, where that is allowed."""


class LostRunError(Exception):
    """A run that came to nothing; the text is for the table."""


class Program:
    """One child, pinned to a core; what it says goes to a file, or through a pipe."""

    def __init__(
        self,
        command: Sequence[object],
        log: Path,
        core: int,
        *,
        environment: Mapping[str, str] | None = None,
        is_piped: bool = False,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*PRECEDENCE, "taskset", "-c", str(core), *map(str, command)],
                cwd=log.parent,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if is_piped else output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id, and that of its group."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self.process.poll() is None

    def line(self) -> str:
        """Return the next line of its output; nothing at the end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def wait(self, seconds: float) -> bool:
        """Wait for its own end; False if that has not come within `seconds`."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return not self.is_running

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it forked."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def end(self, patience: float = 3.0) -> None:
        """Ask it to end, kill what is left after `patience` seconds."""
        self.signal(signal.SIGTERM)
        self.wait(patience)
        self.signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def told(self) -> str:
        """Return the end of what it has logged."""
        lines = self.log.read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:])


class Programs:
    """All programs of one run, in a folder; leaving the context ends them, the last first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[Program] = []

    def __enter__(self) -> Programs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._running:
            self._running.pop().end()

    def start(
        self,
        name: str,
        command: Sequence[object],
        core: int,
        *,
        environment: Mapping[str, str] | None = None,
        is_piped: bool = False,
    ) -> Program:
        """Start a program; its log is `NAME.log` in the folder.

        Raises:
            LostRunError: it is not there.
        """
        log = self.folder / f"{name}.log"
        try:
            program = Program(command, log, core, environment=environment, is_piped=is_piped)
        except OSError as problem:
            raise LostRunError(str(problem)) from problem
        self._running.append(program)
        return program

    def end(self, *programs: Program) -> None:
        """End these now."""
        for program in programs:
            if program in self._running:
                self._running.remove(program)
            program.end()


@contextmanager
def stage() -> Iterator[Programs]:
    """Give a folder and programs in it, for one run; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Programs(Path(folder)) as programs:
        yield programs


def until(what: Callable[[], bool], seconds: float, problem: str) -> None:
    """Ask `what` twenty times a second until it is true.

    Raises:
        LostRunError: that took too long; it says `problem`.
    """
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise LostRunError(problem)
        time.sleep(0.05)


def family(roots: Iterable[int]) -> set[int]:
    """Return the processes `roots` and all that descend from them."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(_stat(path)[1]), []).append(int(path.parent.name))
    found, waiting = set(), list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def processor(roots: Iterable[int]) -> float:
    """Return the seconds of processor, user and system, that a family has used so far."""
    ticks = 0
    for pid in family(roots):
        with suppress(OSError):
            ticks += sum(map(int, _stat(Path(f"/proc/{pid}/stat"))[11:15]))
    return ticks / TICKS_PER_SECOND


def threads_processor(pid: int) -> int:
    """Return the nanoseconds of processor that the living threads of a process have used."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):
            total += int(path.read_text("ascii").split()[0])
    return total


def memory(roots: Iterable[int]) -> int:
    """Return the KiB of a family; what several share is counted once."""
    total = 0
    for pid in family(roots):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def _stat(path: Path) -> list[str]:
    """Return the fields that follow the command's name, which may have anything in it."""
    return path.read_text(errors="replace").rpartition(")")[2].split()
