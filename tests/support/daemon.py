"""The real daemon, as an operator starts it: `twistd -n b2bua --settings FILE --json`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import treq
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web.client import ResponseFailed

from tests.support.child import Child, free_port, until

ROOT = Path(__file__).parents[2]
ACCOUNT = "AC00000000000000000000000000000001"
TOKEN = "0123456789abcdef"

SETTINGS = """
[sip]
listen = ["udp:127.0.0.1:{sip}", "tcp:127.0.0.1:{sip}"{more}]
t1 = {t1}
[media]
ports = "{low}-{high}"
allow = ["127.0.0.0/8", "::1"]
[http]
listen = "127.0.0.1:{http}"
[service]
drain = 2
[webhooks]
allow = ["127.0.0.0/8"]
[[accounts]]
sid = "{account}"
auth_token = "{token}"
[limits]
shed_lag_ms = 30_000
{limits}
"""

TOTALS = {"refused", "malformed", "reactor_lag_ms", "contacts", "trunk_registrations"}


class Daemon:
    """One daemon on free loopback ports.

    `entries` are more settings: `[[numbers]]` and `[[trunks]]`.  `t1` is in seconds; it scales how
    long transactions linger, so how soon an idle daemon has nothing left to count.  `limits` are
    lines of that table; a call is not refused because the machine is busy with other tests.
    Calls without media, as most of SIPp's are, end after `media_timeout` seconds, if that is given.
    `environment` is added to our own.
    """

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        entries: str,
        *,
        t1: float = 0.05,
        ports: int = 1_000,
        listen: tuple[str, ...] = (),
        limits: str = "",
        environment: Mapping[str, str] | None = None,
        media_timeout: int = 0,
    ) -> None:
        self._reactor = reactor
        self._folder = folder
        self.sip_port = free_port()
        self.http_port = free_port()
        # Test runs side by side should not share media ports.
        low = 10_000 + os.getpid() % 20 * 1_000
        high = low + ports - 1
        text = SETTINGS.format(
            sip=self.sip_port,
            http=self.http_port,
            t1=t1,
            low=low,
            high=high,
            account=ACCOUNT,
            token=TOKEN,
            limits=limits,
            more="".join(f', "{place}"' for place in listen),
        )
        if media_timeout:
            text = text.replace("[media]\n", f"[media]\ntimeout = {media_timeout}\n")
        self.settings = folder / "settings.toml"
        self.settings.write_text(text + entries)
        self.log = folder / "daemon.log"
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self._child: Child | None = None

    async def start(self) -> None:
        """Start it and wait until it takes calls."""
        twistd = [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile=", "-l", "-"]
        command = [*twistd, "b2bua", "--settings", str(self.settings), "--json"]
        self._child = Child(self._reactor, command, self.log, self._folder, self._environment)
        assert await until(self._reactor, self._is_decided, 20), self.told()
        assert self._child.status is None, self.told()

    async def stop(self) -> None:
        """Send SIGTERM; it must exit with 0, and must have logged no error of its own."""
        assert self._child is not None
        self._child.signal("TERM")
        status = await self._child.ended(20)
        assert status == 0, f"exit status {status}\n{self.told()}"
        assert "Traceback" not in self.told(), self.told()
        errors = [line for line in self.lines() if line["level"] in ("error", "critical")]
        assert errors == []

    async def reread(self) -> None:
        """Send SIGHUP, and wait until the settings have been read, for better or worse."""
        assert self._child is not None
        before = self.told().count("the settings ")
        self._child.signal("HUP")

        async def is_told() -> bool:
            return self.told().count("the settings ") > before

        assert await until(self._reactor, is_told, 10), self.told()

    @property
    def pid(self) -> int:
        """Its process id, once it has started."""
        assert self._child is not None
        return self._child.pid

    def abort(self) -> None:
        """Kill it if it still runs."""
        if self._child is not None:
            self._child.signal("KILL")

    async def has_ended(self) -> bool:
        """Whether its process is gone."""
        return self._child is None or self._child.status is not None

    def told(self) -> str:
        """Return everything it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def lines(self) -> list[dict[str, Any]]:
        """Return what it has logged, read as the JSON it should be."""
        return [json.loads(line) for line in self.told().splitlines()]

    async def counters(self) -> dict[str, Any]:
        """Return `/counters`."""
        response = await treq.get(self.url("/counters"), persistent=False, timeout=5)
        assert response.code == 200
        return dict(await response.json())

    async def until_over(self) -> None:
        """Wait until no call has left anything but transactions, which linger for 64*T1 or T4."""
        await self.until_idle(10, but=("transactions", "timers"))

    async def until_idle(self, seconds: float = 15, but: tuple[str, ...] = ()) -> None:
        """Wait until every gauge is 0, as it must be once the last call is gone."""
        busy: dict[str, Any] = {}

        async def is_idle() -> bool:
            nonlocal busy
            counters = await self.counters()
            busy = {
                name: value
                for name, value in counters.items()
                if name not in but and _is_busy(name, value)
            }
            return not busy

        assert await until(self._reactor, is_idle, seconds), f"still there: {busy}"

    def url(self, path: str) -> str:
        """Return the URL of one of its pages."""
        return f"http://127.0.0.1:{self.http_port}{path}"

    async def _is_decided(self) -> bool:
        assert self._child is not None
        if self._child.status is not None:
            return True
        try:
            response = await treq.get(self.url("/healthz"), persistent=False, timeout=5)
        except (ConnectError, ConnectionClosed, ResponseFailed):
            return False
        await response.content()
        return bool(response.code == 200)


def _is_busy(name: str, value: Any) -> bool:
    if name in TOTALS or name.endswith("_total"):
        return False
    return any(value.values()) if isinstance(value, dict) else bool(value)
