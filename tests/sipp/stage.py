"""What a scenario needs on stage: a daemon, an application, and SIPps for caller and callees."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from tests.support.application import Application
from tests.support.child import free_port
from tests.support.daemon import Daemon
from tests.support.ear import Ear
from tests.support.sipp import Sipp


def scene(*marks: Any) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Any]:
    """Mark a coroutine as a test with real sockets and SIPp."""

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Any:
        decorated: Any = pytest_twisted.ensureDeferred(test)
        for mark in (pytest.mark.sipp, pytest.mark.real, *marks):
            decorated = mark(decorated)
        return decorated

    return decorate


class Stage:
    """Everything of one test; the daemon is stopped, and judged, by the test itself."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        self.reactor = reactor
        self.folder = folder
        self._sipps: list[Sipp] = []
        self._daemons: list[Daemon] = []
        self._ears: list[Ear] = []
        self._applications: list[Application] = []

    def sipp(self, scenario: str, **options: Any) -> Sipp:
        """Return a SIPp that is not started yet."""
        sipp = Sipp(self.reactor, self.folder, scenario, **options)
        self._sipps.append(sipp)
        return sipp

    async def callee(self, scenario: str, **options: Any) -> Sipp:
        """Return a SIPp that waits for its call."""
        sipp = self.sipp(scenario, **options)
        await sipp.start()
        return sipp

    async def daemon(self, entries: str, **options: Any) -> Daemon:
        """Return a daemon that takes calls."""
        folder = self.folder / f"daemon{len(self._daemons)}" if self._daemons else self.folder
        folder.mkdir(exist_ok=True)
        daemon = Daemon(self.reactor, folder, entries, **options)
        self._daemons.append(daemon)
        await daemon.start()
        return daemon

    def free_port(self, host: str) -> int:
        """Return a port that nobody has."""
        return free_port(host)

    def application(self) -> Application:
        """Return an application that listens."""
        application = Application(self.reactor)
        self._applications.append(application)
        return application

    def ear(self) -> Ear:
        """Return a port that listens to RTP."""
        ear = Ear(self.reactor)
        self._ears.append(ear)
        return ear

    async def clear(self) -> None:
        """Stop whatever a failed test has left."""
        for sipp in self._sipps:
            sipp.abort()
        for daemon in self._daemons:
            daemon.abort()
            print(daemon.told())  # pytest shows it beside a failure
        for ear in self._ears:
            await ear.close()
        for application in self._applications:
            await application.stop()


def static(port: int, number: str = "*", transport: str = "") -> str:
    """Return settings that let `static` ring one target on this machine."""
    return f"""
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1"
inbound_from = ["127.0.0.0/8", "::1"]
{entry(port, number, transport)}
"""


def entry(port: int, number: str, transport: str = "") -> str:
    """Return the settings of one number of `static`."""
    return f"""
[[numbers]]
number = "{number}"
router = "static"
targets = ["sip:{{user}}@127.0.0.1:{port}{transport}"]
"""


def rcml(voice_url: str, **callees: int) -> str:
    """Return settings that ask `voice_url`, and carry `+1555x` to the port of callee `x`."""
    carried = "".join(
        f"""
[[trunks]]
name = "{name}"
uri = "sip:127.0.0.1:{port}"
prefixes = ["{number(name)}"]
"""
        for name, port in callees.items()
    )
    return f"""
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1:9"
inbound_from = ["127.0.0.0/8"]
prefixes = ["none"]
{carried}
[[numbers]]
number = "*"
router = "rcml"
voice_url = "{voice_url}"
"""


def number(callee: str) -> str:
    """Return the number of a callee: `a` is +15550000001."""
    return f"+1555000{ord(callee) - ord('a') + 1:04}"
