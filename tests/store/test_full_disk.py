"""A disk that is really full: calls go on, callbacks arrive, and the journal fills afterwards."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor as real_reactor

from b2bua.routing.plan import Event
from tests.app.test_death import Scene
from tests.store.conftest import Store, facts
from tests.store.test_outbox import found
from tests.store.test_writer import tokens
from tests.support.child import until
from tests.support.crowd import HOST
from tests.support.real import real

reactor: Any = real_reactor


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the kernel refuse to make any file longer than `size` bytes (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a filesystem of its own, of four megabytes."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a filesystem")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(folder: Path) -> Path:
    """Write a file until there is no room; return it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 4_096)
            except OSError:
                return filler


def write_until_away(store: Store) -> int:
    """Append steps until the store is away; return how many."""
    count = 0
    while not store.writer.is_away:
        count += 1
        store.journal.append(facts(name="n" * 1_000), Event.RINGING)
        store.clock.advance(0.002)
        assert count < 20_000
    return count


def has_kept_everything(store: Store, steps: int) -> None:
    """Check that the store is back with all that was put before and while it was away."""
    store.clock.advance(1.0)
    assert not store.writer.is_away
    assert tokens(store) == ["first", "during"]
    assert store.writer.lost == 0
    assert len(found(store.journal.of_call("CA1"))) == steps
    store.database.close()


def test_what_the_kernel_refuses_to_write_is_written_when_it_no_longer_does(tmp_path: Path) -> None:
    store = Store("sqlite:///full.sqlite", tmp_path)
    store.add("first")
    store.clock.advance(0.002)
    with files_of_at_most(400_000):
        steps = write_until_away(store)
        settled = store.add("during")
        store.clock.advance(0.002)
        assert settled == ["during"]
        store.clock.pump([1.0] * 5)
        assert store.writer.is_away
    has_kept_everything(store, steps)


def test_a_full_filesystem_is_an_outage_and_its_end_is_the_outage_s(small_disk: Path) -> None:
    store = Store("sqlite:///full.sqlite", small_disk)
    store.add("first")
    store.clock.advance(0.002)
    filler = fill(small_disk)
    steps = write_until_away(store)
    store.add("during")
    store.clock.pump([1.0] * 5)
    assert store.writer.is_away
    filler.unlink()
    has_kept_everything(store, steps)


@pytest.mark.slow
@real
async def test_a_daemon_s_calls_go_on_over_a_full_disk_and_its_journal_is_whole(
    small_disk: Path,
) -> None:
    scene = Scene(small_disk)
    daemon, crowd, application = scene.daemon, scene.crowd, scene.application
    daemon.log = Path(os.environ.get("TMPDIR", "/tmp")) / f"daemon-{os.getpid()}.log"
    try:
        await daemon.start()
        server = (HOST, daemon.sip_port)
        filler = fill(small_disk)
        for _ in range(10):
            talks = await crowd.call(5, server)
            assert await crowd.hang_up(talks) == []
            await crowd.leave(talks, 0)
        counters = await daemon.counters()
        assert counters["store_waiting"] > 0
        assert counters["store_lost_total"] == 0

        async def are_told() -> bool:
            return len(application.asked("/status")) >= 50 * 4

        assert await until(reactor, are_told, 20), "callbacks go out of memory"
        filler.unlink()

        async def is_written() -> bool:
            return bool((await daemon.counters())["store_waiting"] == 0)

        assert await until(reactor, is_written, 10)
        with closing(sqlite3.connect(small_disk / "var" / "b2bua.sqlite")) as connection:
            query = "select event, count(*) from events group by event"
            counted = dict(connection.execute(query).fetchall())
            left = connection.execute("select count(*) from callbacks").fetchone()
        assert counted == {"initiated": 100, "ringing": 100, "answered": 100, "completed": 100}
        assert left == (0,)
        daemon.abort()
    finally:
        await scene.end()
        daemon.log.unlink(missing_ok=True)
