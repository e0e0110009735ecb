"""What the figures were measured on: hardware, kernel, interpreter, and everybody's version."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.systems import FROM_PYPI, program

_VERSION = re.compile(r"\d+(?:\.\d+)+")


def described() -> list[str]:
    """Return a line for each thing that matters."""
    return [
        f"{os.cpu_count()} cores of {_processor()}, {_gigabytes()} GiB, Linux {platform.release()}",
        f"Python {platform.python_version()}, {_python_build()}",
        f"load average before: {os.getloadavg()[0]:.1f}",
        ", ".join(f"{name} {version}" for name, version in _versions().items()),
    ]


def _processor() -> str:
    with suppress(OSError):
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("ascii"))
        if found:
            return found[1]
    return platform.machine()


def _gigabytes() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _python_build() -> str:
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return (
        "optimised by profile"
        if "--enable-optimizations" in options
        else "not optimised by profile"
    )


def _versions() -> dict[str, str]:
    commands: dict[str, Sequence[str]] = {
        "SIPp": ["sipp", "-v"],
        "Kamailio": [program("kamailio"), "-v"],
        "rtpengine": [program("rtpengine"), "--version"],
        "sippy": [str(FROM_PYPI / "pip"), "show", "sippy"],
        "rtp_io": [str(FROM_PYPI / "pip"), "show", "rtp_io"],
    }
    return {name: _version(command) for name, command in commands.items()}


def _version(command: Sequence[str]) -> str:
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        if found := _VERSION.search(done.stdout + done.stderr):
            return found[0]
    return "not installed"
