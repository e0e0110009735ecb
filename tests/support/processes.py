"""A reactor whose children are the test's to end, and whose threads are its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.interfaces import IProcessProtocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure


class FakeChild:
    """A child that does what the test says.  It is also its protocol's transport."""

    def __init__(
        self,
        clock: Clock,
        protocol: Any,
        argv: list[str],
        environment: dict[str, str],
        directory: str,
    ) -> None:
        self.argv, self.environment, self.directory = argv, environment, Path(directory)
        self.signals: list[object] = []
        self.is_over = False
        self._clock, self._protocol = clock, protocol
        protocol.makeConnection(self)

    def signalProcess(self, signal: object) -> None:  # noqa: N802 - twisted's name
        if self.is_over:
            raise ProcessExitedAlready
        self.signals.append(signal)
        self._clock.callLater(0, self.crash, 9)

    def write(self, name: str, content: bytes) -> None:
        """Write a file where it runs."""
        (self.directory / name).write_bytes(content)

    def say(self, stdout: bytes, stderr: bytes = b"") -> None:
        self._protocol.outReceived(stdout)
        self._protocol.errReceived(stderr)

    def end(self, status: int = 0) -> None:
        self.is_over = True
        why = ProcessDone(0) if status == 0 else ProcessTerminated(status)
        self._protocol.processEnded(Failure(why))

    def crash(self, signal: int = 11) -> None:
        self.is_over = True
        why = ProcessTerminated(None, signal)
        self._protocol.processEnded(Failure(why))


class FakeProcesses(Clock):
    """A clock that also spawns fake children, and runs what is for threads at once."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[FakeChild] = []
        self.refuse: OSError | None = None
        self.in_threads = 0

    def spawnProcess(  # noqa: N802 - twisted's name
        self, protocol: IProcessProtocol, _executable: str, argv: list[str], env: Any, path: str
    ) -> FakeChild:
        if self.refuse is not None:
            raise self.refuse
        child = FakeChild(self, protocol, argv, env, path)
        self.children.append(child)
        return child

    def getThreadPool(self) -> FakeProcesses:  # noqa: N802 - twisted's name
        return self

    def callInThreadWithCallback(  # noqa: N802 - twisted's name
        self, told: Callable[[bool, Any], None], work: Callable[..., Any], *args: Any, **kw: Any
    ) -> None:
        self.in_threads += 1
        try:
            result = work(*args, **kw)
        except Exception:
            told(False, Failure())
        else:
            told(True, result)

    def callFromThread(self, work: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        work(*args)
