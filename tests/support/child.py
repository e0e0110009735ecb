"""A program run beside the test: started by the reactor, its output in a file, its end awaited."""

from __future__ import annotations

import random
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

BUSY = 3
"""How many times slower than an idle machine a test may find its own."""


class Child(ProcessProtocol):
    """One process; `status` is its exit status once it has ended, negative for a signal."""

    def __init__(
        self,
        reactor: Any,
        command: Sequence[str],
        output: Path,
        folder: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._output = output.open("wb")
        self.status: int | None = None
        self._ended: Deferred[int] = Deferred()
        self._reactor = reactor
        self._process = reactor.spawnProcess(
            self, command[0], list(command), env=environment, path=str(folder)
        )

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        self._output.write(data)
        self._output.flush()

    def processEnded(self, reason: Failure) -> None:
        self._output.close()
        ended: Any = reason.value
        self.status = 0 if reason.check(ProcessDone) else ended.exitCode
        if self.status is None:
            self.status = -ended.signal
        self._ended.callback(self.status)

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid)

    def signal(self, name: str) -> None:
        """Send a signal, `TERM` for example, unless the process has ended."""
        if self.status is None:
            self._process.signalProcess(getattr(signal, f"SIG{name}"))

    async def ended(self, seconds: float) -> int:
        """Return the exit status; kill what has not ended after `seconds`."""
        killer = self._reactor.callLater(BUSY * seconds, self.signal, "KILL")
        status = await self._ended if self.status is None else self.status
        if killer.active():
            killer.cancel()
        return status


async def until(reactor: Any, what: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Ask `what` twenty times a second until it is true; False if that takes too long.

    That is `BUSY` times `seconds`, which are those of a machine that does nothing else.
    """
    deadline = reactor.seconds() + BUSY * seconds
    while not await what():
        if reactor.seconds() > deadline:
            return False
        await deferLater(reactor, 0.05)
    return True


def free_port(host: str = "127.0.0.1", low: int = 7_000, high: int = 10_000) -> int:
    """Return a port from `low` to before `high` that is free for UDP and TCP just now.

    It is none of those that the system gives to clients: one that connects to such a port of
    its own machine, before anybody listens, may find itself there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = random.randrange(low, high)
        with (
            suppress(OSError),
            socket.socket(family, socket.SOCK_DGRAM) as udp,
            socket.socket(family, socket.SOCK_STREAM) as tcp,
        ):
            udp.bind((host, port))
            tcp.bind((host, port))
            return port


def is_bound(port: int) -> bool:
    """Tell whether something on this machine has bound a UDP or listens on a TCP port."""
    wanted = f":{port:04X}"
    for table in ("udp", "udp6", "tcp", "tcp6"):
        lines = Path("/proc/net", table).read_text().splitlines()[1:]
        if any(line.split()[1].endswith(wanted) for line in lines):
            return True
    return False
