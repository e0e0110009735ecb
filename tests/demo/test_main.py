"""`python -m demo` as a program: its exit status, what it prints, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.sipp, pytest.mark.real]


def demo(path: str, scratch: Path) -> subprocess.CompletedProcess[bytes]:
    """Run it with programs from `path`, on a terminal that knows ASCII alone."""
    scratch.mkdir()
    environment = {**os.environ, "PATH": path, "TMPDIR": str(scratch), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "demo"]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment, capture_output=True, timeout=60
    )


def test_phones_that_do_not_work_are_a_failure_that_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "sipp"
    broken.write_text("#!/bin/sh\necho no licence >&2\nexit 3\n", "utf-8")
    broken.chmod(0o755)
    ended = demo(f"{tmp_path}:{os.environ['PATH']}", tmp_path / "scratch")
    assert ended.returncode == 1
    assert b"  x Three phones ring at once" in ended.stdout
    assert b"not within 5 s: the caller is answered" in ended.stdout
    assert ended.stderr == b"13 of 13 promises were not kept.\n"
    assert [*(tmp_path / "scratch").iterdir()] == []


def test_without_sipp_it_says_what_to_install(tmp_path: Path) -> None:
    ended = demo(str(tmp_path), tmp_path / "scratch")
    assert ended.returncode == 1
    assert b"apt-get install sip-tester" in ended.stderr
