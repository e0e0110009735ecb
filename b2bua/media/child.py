"""A child process that turns one file into another: bounded in time and output, killed for certain.

No shell, and nothing of the outside in its arguments: text and audio go through files.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import mkdtemp
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

STDERR_BYTES = 400
NICENESS = 10


class ChildError(Exception):
    """The child did not do its work.

    `status` is its exit status, None if it was killed or never began; `said` is what it wrote to
    its standard error, on one line.
    """

    def __init__(self, text: str, status: int | None = None, said: str = "") -> None:
        """`text` says all of it."""
        super().__init__(text)
        self.status, self.said = status, said


class Child(ProcessProtocol):
    """One run of a program.

    `ended` fires with its standard output or with `ChildError`; `gone` fires after it, when the
    process is no more, even if `ended` was cancelled.
    """

    def __init__(self, reactor: Any, seconds: float, output_bytes: int) -> None:
        """Prepare a run of at most `seconds`, with at most `output_bytes` of output."""
        self._reactor, self._seconds, self._limit = reactor, seconds, output_bytes
        self._out = bytearray()
        self._err = bytearray()
        self._killed_because = ""
        self._timer: IDelayedCall | None = None
        self.ended: Deferred[bytes] = Deferred()
        self.gone: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        """Begin the time limit."""
        self._timer = self._reactor.callLater(self._seconds, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self.kill(f"took longer than {self._seconds:g} s")

    def outReceived(self, data: bytes) -> None:
        """Keep what it writes, up to the limit."""
        if len(self._out) + len(data) > self._limit:
            self.kill(f"wrote more than {self._limit} bytes")
        else:
            self._out += data

    def errReceived(self, data: bytes) -> None:
        """Keep the beginning of its complaints."""
        self._err += data[: STDERR_BYTES - len(self._err)]

    def kill(self, reason: str) -> None:
        """End the child now; `reason` becomes the error."""
        self._killed_because = self._killed_because or reason
        try:
            if self.transport is not None:
                self.transport.signalProcess(signal.SIGKILL)
        except ProcessExitedAlready:
            return  # `processEnded` is on its way

    def processEnded(self, reason: Failure) -> None:
        """Tell how it went."""
        if self._timer is not None:
            self._timer.cancel()
        problem = self._problem(reason)
        if problem is not None:
            self.ended.errback(problem)
        else:
            self.ended.callback(bytes(self._out))
        self.gone.callback(None)

    def _problem(self, reason: Failure) -> ChildError | None:
        if self._killed_because:
            return ChildError(self._killed_because)
        status, by_signal = (getattr(reason.value, name, None) for name in ("exitCode", "signal"))
        if status == 0:
            return None
        said = " ".join(self._err.decode("utf-8", "replace").split())
        text = f"crashed with signal {by_signal}" if by_signal else f"ended with {status}"
        return ChildError(f"{text}: {said}" if said else text, status, said)


@contextmanager
def scratch() -> Iterator[str]:
    """Make a directory for the files of a child, and remove it with all that is in it."""
    directory = mkdtemp(prefix="b2bua-")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def run(
    reactor: Any,
    argv: list[str],
    directory: str,
    *,
    seconds: float,
    output_bytes: int,
    python_path: Sequence[str] = (),
) -> bytes:
    """Run `argv` (an absolute path first) in `directory`; return its standard output.

    Nothing of our own environment is handed on.  `python_path` is where a Python child imports
    from.  Comes back only when the child is gone, whatever happens: then its files may be removed.

    Raises:
        ChildError: it failed, or broke a limit and was killed.
    """
    child = Child(reactor, seconds, output_bytes)
    nice = shutil.which("nice")
    if nice is not None:
        argv = [nice, "-n", str(NICENESS), *argv]  # packets go first
    environment = {"PATH": os.defpath, "HOME": directory, "LC_ALL": "C.UTF-8"}
    if python_path:
        environment["PYTHONPATH"] = os.pathsep.join(python_path)
    try:
        reactor.spawnProcess(child, argv[0], argv, env=environment, path=directory)
    except OSError as problem:
        raise ChildError(f"could not be started: {problem.strerror}") from problem
    try:
        return await child.ended
    except CancelledError:
        child.kill("is no longer needed")
        await child.gone
        raise
