"""SIPp with one of the scenarios of `tests/sipp`, and what it counted and saw."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.child import Child, free_port, is_bound, until

SCENARIOS = Path(__file__).parents[1] / "sipp"
_MESSAGE = re.compile(
    r"^-{10,} ([^\n]*)\n\w+ message (sent|received)[^\n]*:\n\n(.*?)(?=^-{10,}|\Z)", re.M | re.S
)


@dataclass(frozen=True)
class Message:
    """One SIP message as it was on the wire, and when (seconds since the epoch)."""

    is_sent: bool
    text: str
    at: float = 0.0

    @property
    def start(self) -> str:
        """The start line without the version: `INVITE sip:...`, or `200 OK`."""
        return (
            self.text.partition("\n")[0].strip().removeprefix("SIP/2.0 ").removesuffix(" SIP/2.0")
        )

    @property
    def method(self) -> str:
        """The method of CSeq."""
        return self.header("CSeq").split()[-1]

    def header(self, name: str) -> str:
        """Return the first value of a header, or nothing."""
        found = re.search(rf"(?im)^{re.escape(name)}\s*:[ \t]*([^\r\n]*)", self.text)
        return found.group(1).strip() if found else ""

    @property
    def body(self) -> str:
        """What follows the headers."""
        return re.split(r"\r?\n\r?\n", self.text, maxsplit=1)[-1]

    @property
    def media(self) -> tuple[str, int]:
        """The address and port of the first media line."""
        address = re.search(r"(?m)^c=IN IP[46] (\S+)", self.body)
        port = re.search(r"(?m)^m=\w+ (\d+)", self.body)
        assert address is not None, self.text
        assert port is not None, self.text
        return address.group(1), int(port.group(1))


RTP_PORTS = (5_000, 6_999)
"""Beside those that daemons listen on: media that leads there, RTCP included, is refused."""


class Sipp:
    """One SIPp.  As a caller it needs a `target`; without one it waits for calls.

    `hold` is the length of its pauses in milliseconds, `rate` is in calls a second.  `is_traced`
    keeps every message, which only a few calls are fit for.  `lost` of 100 messages never leave it,
    and as many of those that come are not seen.
    """

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        scenario: str,
        *,
        target: int | None = None,
        user: str = "100",
        hold: int = 300,
        calls: int = 1,
        rate: int = 10,
        host: str = "127.0.0.1",
        transport: str = "u1",
        rtp_port: int = 0,
        timeout: int = 30,
        is_traced: bool = True,
        lost: int = 0,
    ) -> None:
        self._reactor = reactor
        self.scenario = scenario
        self.port = free_port(host)
        self.rtp_port = rtp_port or free_port(host, *RTP_PORTS)
        bracketed = f"[{host}]" if ":" in host else host
        where = [f"{bracketed}:{target}", "-s", user, "-r", str(rate)] if target else []
        stem = folder / f"{scenario}-{self.port}"
        self._files = {
            kind: stem.with_suffix(f".{kind}") for kind in ("out", "err", "msg", "csv", "rtt")
        }
        pace = ["-m", str(calls)] if calls else []
        limit = ["-l", "4000", "-timeout", f"{timeout}s", "-timeout_error"]
        losing = ["-lost", str(lost)] if lost else []
        trace = ["-trace_msg", "-message_file", str(self._files["msg"])] if is_traced else []
        self._command = [
            "/usr/bin/env", "sipp", *where, "-sf", str(SCENARIOS / f"{scenario}.xml"),
            "-i", bracketed, "-mi", bracketed, "-p", str(self.port), "-t", transport,
            "-key", "rtp_port", str(self.rtp_port), "-d", str(hold), *pace, *limit, *losing, *trace,
            "-trace_err", "-error_file", str(self._files["err"]),
            "-trace_stat", "-stf", str(self._files["csv"]), "-fd", "1", "-nostdin",
        ]  # fmt: skip
        self._timeout = timeout
        self._folder = folder
        self._child: Child | None = None

    async def start(self) -> None:
        """Start it; one that waits for calls is ready when this returns."""
        self._child = Child(self._reactor, self._command, self._files["out"], self._folder)

        async def is_ready() -> bool:
            return self._child is None or self._child.status is not None or is_bound(self.port)

        assert await until(self._reactor, is_ready, 10)

    async def finish(self) -> None:
        """Wait for the end of its calls; all of them must have gone as the scenario says."""
        assert self._child is not None
        status = await self._child.ended(self._timeout + 10)
        assert status == 0, f"{self.scenario}: status {status}\n{self.errors()}"

    async def run(self) -> None:
        """Start it and wait for its end."""
        await self.start()
        await self.finish()

    async def dismiss(self) -> None:
        """Let it end its calls and quit, which a callee without a count of calls needs."""
        assert self._child is not None
        self._child.signal("USR1")
        await self._child.ended(self._timeout)

    def abort(self) -> None:
        """Kill it if it still runs."""
        if self._child is not None:
            self._child.signal("KILL")

    def errors(self) -> str:
        """Return what it found unexpected."""
        return self._files["err"].read_text() if self._files["err"].exists() else ""

    def messages(self, *, sent: bool | None = None, method: str = "") -> list[Message]:
        """Return the messages so far, of one direction and CSeq method if asked for."""
        text = self._files["msg"].read_text() if self._files["msg"].exists() else ""
        every = [
            Message(kind == "sent", message, _seconds(when))
            for when, kind, message in _MESSAGE.findall(text)
        ]
        return [
            each for each in every if sent in (None, each.is_sent) and method in ("", each.method)
        ]

    def heard(self) -> list[str]:
        """Return the start lines of what it received, requests by their method alone."""
        starts = [each.start for each in self.messages(sent=False)]
        return [start if start[0].isdigit() else start.split()[0] for start in starts]

    def totals(self) -> dict[str, int]:
        """Return its cumulative counts: `SuccessfulCall`, `FailedCall`, `Retransmissions`, ..."""
        rows = list(csv.DictReader(self._files["csv"].open(), delimiter=";"))
        return {
            name.removesuffix("(C)"): int(value)
            for name, value in rows[-1].items()
            if name and name.endswith("(C)") and (value or "").isdigit()
        }


def _seconds(when: str) -> float:
    return datetime.strptime(when, "%Y-%m-%d %H:%M:%S.%f").astimezone().timestamp()
