"""What the signalling rows compare: ours, and every other program that is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.daemon import Daemon
from bench.processes import MEASURED_CORE, Program, Programs, until
from bench.table import OURS
from tests.support.child import free_port, is_bound

HOST = "127.0.0.1"
KAMAILIO_CFG = Path(__file__).with_name("kamailio.cfg")
FROM_PYPI = Path(os.environ.get("BENCH_PEERS", Path(__file__).parents[1] / "var" / "peers")) / "bin"
"""The scripts of a virtual environment with sippy and rtp_io: sippy's has our daemon's name."""


@dataclass(frozen=True)
class Started:
    """A program that takes calls at `port`; `roots` are its processes."""

    port: int
    roots: tuple[int, ...]


@dataclass(frozen=True)
class System:
    """A program to measure.

    `missing` says with a word why it cannot be; `start` lets it ring a port.  Nobody offers it
    more than `most` calls a second when the cost of a call is asked for.
    """

    name: str
    missing: Callable[[], str]
    start: Callable[[Programs, int], Started]
    most: float = 1e9


def _nothing() -> str:
    return ""


def _ours(programs: Programs, callee: int) -> Started:
    daemon = Daemon(programs, callee)
    return Started(daemon.port, (daemon.program.pid,))


def no_sippy() -> str:
    """Say why sippy cannot be measured."""
    return "" if (FROM_PYPI / "b2bua_simple").exists() else "not installed"


def no_kamailio() -> str:
    """Say why Kamailio with rtpengine cannot be measured."""
    return "" if program("kamailio") and program("rtpengine") else "not installed"


def program(name: str) -> str:
    """Return where a program of Debian is, also those that are for administrators."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") or ""


def _sippy(programs: Programs, callee: int) -> Started:
    port = free_port()
    script = ["b2bua_simple", "-f", "-l", HOST, "-p", port, "-n", f"{HOST}:{callee}"]
    return _sippy_started(programs, port, script)


def _sippy_with_media(programs: Programs, callee: int) -> Started:
    port = free_port()
    script = [
        "b2bua_radius", "-f", "-l", HOST, "-p", port, "-u", "-a", HOST, "--auth_enable=no",
        "--acct_enable=no", f"--b2bua_socket={programs.folder}/sippy-{port}.sock",
        f"--static_route={HOST}:{callee}", "--rtp_proxy_clients=rtp.io:",
    ]  # fmt: skip
    return _sippy_started(programs, port, script)


def _sippy_started(programs: Programs, port: int, script: list[object]) -> Started:
    """Start one of sippy's scripts, without its log of every message."""
    command = [FROM_PYPI / "python", FROM_PYPI / str(script[0]), *script[1:]]
    quiet = {"SIPLOG_BEND": "none", "SIPLOG_LVL": "ERR"}
    started = programs.start(f"sippy-{port}", command, MEASURED_CORE, environment=quiet)
    return _listening(port, started)


def start_rtpengine(programs: Programs) -> tuple[Program, int]:
    """Start rtpengine without its kernel module; return it and its control port."""
    port = free_port()
    command = [
        program("rtpengine"), "--foreground", "--log-stderr", "--log-level=3", "--table=-1",
        f"--interface={HOST}", f"--listen-ng={HOST}:{port}", "--port-min=40000",
        "--port-max=59999", "--num-threads=1", "--timeout=3600",
        f"--pidfile={programs.folder}/rtpengine-{port}.pid",
    ]  # fmt: skip
    started = programs.start(f"rtpengine-{port}", command, MEASURED_CORE)
    _listening(port, started)
    return started, port


def _kamailio(programs: Programs, callee: int) -> Started:
    engine, control = start_rtpengine(programs)
    port = free_port()
    command = [
        program("kamailio"), "-f", KAMAILIO_CFG, "-DD", "-E", "-m", 1024, "-M", 16,
        "-A", f"SIP_PORT={port}", "-A", f'RTPENGINE="udp:{HOST}:{control}"',
        "-A", f'CALLEE="sip:{HOST}:{callee}"', "-w", programs.folder, "-Y", programs.folder,
        "-P", f"{programs.folder}/kamailio-{port}.pid",
    ]  # fmt: skip
    started = programs.start(f"kamailio-{port}", command, MEASURED_CORE)
    return _listening(port, started, engine)


def _listening(port: int, *started: Program) -> Started:
    def is_decided() -> bool:
        return is_bound(port) or not started[0].is_running

    until(is_decided, 10, f"{started[0].log.stem} does not listen")
    until(lambda: is_bound(port), 0, f"ended: {started[0].told()}")
    return Started(port, tuple(one.pid for one in started))


SYSTEMS = (
    System(OURS, _nothing, _ours),
    System("sippy, no media", no_sippy, _sippy),
    System("sippy + rtp_io", no_sippy, _sippy_with_media, most=100),
    System("Kamailio + rtpengine", no_kamailio, _kamailio),
)
