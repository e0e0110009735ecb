"""A child process that turns one file into another: bounded in time and output, killed for certain.

No shell, and nothing of the outside in its arguments: text and audio go through files.
"""

from __future__ import annotations

import os
import shutil
import signal
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

STDERR_BYTES = 400
NICENESS = 10


class ChildError(Exception):
    """The child did not do its work; the text says why."""


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
        problem = self._killed_because or _complaint(reason, bytes(self._err))
        if problem:
            self.ended.errback(ChildError(problem))
        else:
            self.ended.callback(bytes(self._out))
        self.gone.callback(None)


def _complaint(reason: Failure, stderr: bytes) -> str:
    status = getattr(reason.value, "exitCode", None)
    if status == 0:
        return ""
    said = " ".join(stderr.decode("utf-8", "replace").split())
    return f"ended with {status}: {said}" if said else f"ended with {status}"


async def run(
    reactor: Any, argv: list[str], directory: str, *, seconds: float, output_bytes: int
) -> bytes:
    """Run `argv` (an absolute path first) in `directory`; return its standard output.

    Comes back only when the child is gone, whatever happens: then its files may be removed.

    Raises:
        ChildError: it failed, or broke a limit and was killed.
    """
    child = Child(reactor, seconds, output_bytes)
    nice = shutil.which("nice")
    if nice is not None:
        argv = [nice, "-n", str(NICENESS), *argv]  # packets go first
    environment = {"PATH": os.defpath, "HOME": directory, "LC_ALL": "C.UTF-8"}
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
