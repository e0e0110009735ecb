"""The daemon as an operator starts and stops it: exit statuses, one-line reasons, pid file, log."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.child import free_port
from tests.support.daemon import SETTINGS

ROOT = Path(__file__).parents[2]
TWISTD = str(Path(sys.executable).with_name("twistd"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

pytestmark = pytest.mark.real


def settings(folder: Path, rest: str = "", **ports: int) -> Path:
    """Write settings for free ports, and return their file."""
    given = {"sip": free_port(), "http": free_port(), "low": 18_000, "high": 18_099, **ports}
    text = SETTINGS.format(t1=0.05, more="", account="AC1", token="sesame", limits="", **given)
    file = folder / "settings.toml"
    file.write_text(text + rest)
    return file


def refused(folder: Path, *arguments: str) -> str:
    """Run twistd, which must fail without a traceback, and return what it says."""
    ran = subprocess.run(
        [TWISTD, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr + ran.stdout
    return ran.stderr.strip()


def foreground(folder: Path, file: Path) -> str:
    return refused(folder, "-n", "--pidfile=", "b2bua", "--settings", str(file))


def test_settings_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    told = foreground(tmp_path, tmp_path / "none.toml")
    assert told == f"b2bua: {tmp_path / 'none.toml'}: No such file or directory"


def test_a_wrong_setting_is_one_line_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[sip]\nt1 = -1\n")
    told = foreground(tmp_path, file)
    assert told == f"b2bua: {file}:2: sip.t1: should be greater than 0"


def test_an_unknown_plugin_is_refused_with_the_files_tried(tmp_path: Path) -> None:
    file = settings(tmp_path, '[[numbers]]\nnumber = "*"\nrouter = "nosuch"\n')
    told = foreground(tmp_path, file)
    assert "numbers[0].router: no plugin is called 'nosuch'" in told
    assert "static.py" in told


@pytest.mark.parametrize(("kind", "which"), [("udp", "sip"), ("tcp", "sip"), ("tcp", "http")])
def test_a_port_that_is_taken_is_one_line(tmp_path: Path, kind: str, which: str) -> None:
    sort = socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, sort) as held:
        held.bind(("127.0.0.1", 0))
        if kind == "tcp":
            held.listen()
        port = held.getsockname()[1]
        told = foreground(tmp_path, settings(tmp_path, **{which: port}))
    assert told.startswith("b2bua: ")
    assert str(port) in told
    assert len(told.splitlines()) == 1


@contextmanager
def running(folder: Path, pid_file: Path) -> Iterator[int]:
    """Yield the pid of a daemon in the background, which is gone afterwards."""
    pid = int(pid_file.read_text())
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def wait(what: str, done: object) -> None:
    deadline = time.monotonic() + 60
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()


def test_a_site_runs_in_the_background_until_sigterm(tmp_path: Path) -> None:
    """`twistd -y twistd.tac` in a site of its own: pid file, log, /healthz, and a clean end."""
    shutil.copy(ROOT / "twistd.tac", tmp_path)
    http = free_port()
    settings(tmp_path, http=http)
    subprocess.run(
        [TWISTD, "-y", "twistd.tac"], cwd=tmp_path, env=ENVIRONMENT, check=True, timeout=60
    )
    log = tmp_path / "twistd.log"
    with running(tmp_path, tmp_path / "twistd.pid") as pid:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/healthz", timeout=5) as response:
            assert response.read().strip() == b"ok"
        os.kill(pid, signal.SIGTERM)
        wait("the daemon should end", lambda: not is_alive(pid))
    assert not (tmp_path / "twistd.pid").exists()
    told = log.read_text()
    assert " taking calls" in told
    assert "stopped" in told
    assert "Traceback" not in told


def test_sigterm_ends_the_foreground_with_status_0_and_json_was_logged(tmp_path: Path) -> None:
    http = free_port()
    file = settings(tmp_path, http=http)
    command = [TWISTD, "-n", "--pidfile=", "b2bua", "--settings", str(file), "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as daemon:
        try:
            wait("the daemon should answer", lambda: _is_healthy(http))
            daemon.send_signal(signal.SIGTERM)
            told, _ = daemon.communicate(timeout=60)
        finally:
            daemon.kill()
    assert daemon.returncode == 0
    assert "taking calls" in [json.loads(line)["event"] for line in told.splitlines()]


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
