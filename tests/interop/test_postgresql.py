"""The store in PostgreSQL: what it keeps, and what its going away costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from b2bua.routing.plan import Event
from b2bua.store.schema import State
from b2bua.store.writer import WriterLimits
from tests.app.test_recovery import Life, answered
from tests.store.conftest import Store, facts
from tests.store.test_outbox import EVER, found
from tests.store.test_writer import tokens
from tests.support.child import free_port

pytestmark = [pytest.mark.interop, pytest.mark.slow]

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class Server:
    """One server of its own, on a loopback port."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "-A", "trust", "-U", "postgres", "-N")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self._port} -c unix_socket_directories="
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self._folder / "log"), "start")

    def stop(self) -> None:
        """Pull the plug."""
        self._run("pg_ctl", "-m", "immediate", "stop", check=False)

    def _run(self, program: str, *words: str, check: bool = True) -> None:
        command = [str(PROGRAMS[-1] / program), "-D", str(self._folder / "data"), *words]
        if os.getuid() == 0:  # the server refuses to be root's
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        subprocess.run(command, check=check, capture_output=True, timeout=60, cwd="/")


@pytest.fixture
def server() -> Iterator[Server]:
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="b2bua-postgresql-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    server = Server(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def test_rows_are_kept_changed_and_removed(server: Server, tmp_path: Path) -> None:
    store = Store(server.url, tmp_path)
    store.add(*"abc")
    store.journal.append(facts(name="ü \0 \udc80"), Event.RINGING)
    store.clock.advance(0.01)
    first, second, _ = found(store.outbox.find())
    store.outbox.change(first.place, State.DEAD, 3, 5.0, "status 500")
    store.outbox.remove(second.place, lambda: None)
    assert [row.token for row in found(store.outbox.pending("AC1", range(EVER), 9))] == ["c"]
    assert found(store.outbox.revive("a", 1.0, 2.0)) is not None
    assert found(store.outbox.drop("c"))
    assert tokens(store) == ["a"]
    assert len(found(store.journal.of_call("CA1"))) == 1
    store.journal.forget_before(9_000_000_000.0)
    assert found(store.journal.of_call("CA1")) == []
    assert store.writer.lost == 0
    store.database.close()


def test_a_server_that_goes_away_and_comes_back_costs_nothing(
    server: Server, tmp_path: Path
) -> None:
    store = Store(server.url, tmp_path, WriterLimits(retry=1.0))
    store.add("before")
    store.clock.advance(0.01)
    server.stop()
    settled = store.add("during")
    store.clock.advance(0.01)
    assert store.writer.is_away
    assert settled == ["during"]
    for number in range(200):
        store.journal.append(facts(f"CA{number}"), Event.RINGING)
    store.clock.pump([1.0] * 3)
    assert store.writer.waiting == 201
    server.start()
    store.clock.advance(1.0)
    assert (store.writer.is_away, store.writer.waiting, store.writer.lost) == (False, 0, 0)
    assert tokens(store) == ["before", "during"]
    assert found(store.outbox.counts(EVER)) == {("AC1", State.PENDING): 2}
    store.database.close()


def test_what_a_death_left_is_found_there_too(server: Server, tmp_path: Path) -> None:
    life = Life(tmp_path, url=server.url)
    for number in range(60):
        answered(life, sid=f"CA{number}")
    life.store.journal.beat(life.at)
    after = life.next()
    assert after.recover() == 60
    assert [step.event for step in after.steps("CA59")][-1] is Event.COMPLETED
    assert len(after.kept()) == 240
    assert after.next().recover() == 0
