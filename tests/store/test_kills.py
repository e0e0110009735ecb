"""kill -9 at random moments, half of all requests failing, the receiver down for an hour.

What was journalled must arrive, each leg's in order, hardly anything twice.  Real processes, real
sockets; pauses go by a clock that is so fast that an hour is over in seconds.  The short form is
part of every test run, the long one (`slow`) of `make soak-callbacks`.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from b2bua.callbacks.window import MOST
from b2bua.webhooks.limits import Limits
from tests.store.conftest import Store
from tests.store.test_outbox import found

ROOT = Path(__file__).parents[2]
HOUR = 3_600.0
EVER = 1e13
"""Seconds since the epoch, on any clock of a sender."""
LEGS_A_SECOND = 250.0
"""As `tests.support.sender` makes them."""
AT_A_KILL = Limits().connections_per_host - Limits().host_reserve + MOST
"""What one death may send twice: what one host is being sent, and arrivals without a commit."""

pytestmark = pytest.mark.real


@dataclass
class Receiver:
    """Fails every second request by chance; keeps what it took, in the order of taking.

    One event in a hundred it will not have (410), until it `takes_all`.
    """

    chance: random.Random
    takes_all: bool = False
    refused: set[str] = field(default_factory=set)
    taken: list[tuple[str, int, str]] = field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def up(self) -> None:
        """Listen; the port stays the same."""
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, call_sid: str, sequence: int, token: str) -> int:
        """Return the status of an answer."""
        with self._lock:
            self.requests += 1
            if self.chance.random() < 0.5:
                return 503
            if not self.takes_all and int(sha256(token.encode()).hexdigest(), 16) % 100 == 0:
                self.refused.add(token)
                return 410
            self.taken.append((call_sid, sequence, token))
            return 204


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: its clients are killed."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fields = parse_qs(body)
            token = self.headers["I-Twilio-Idempotency-Token"]
            sequence = int(fields["SequenceNumber"][0])
            self.send_response(receiver.take(fields["CallSid"][0], sequence, token))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


class Sender:
    """One life after another of `tests.support.sender`."""

    def __init__(self, folder: Path, port: int, speed: float) -> None:
        self._folder, self._speed = folder, speed
        self._url = f"http://127.0.0.1:{port}/status"
        self._child: subprocess.Popen[bytes] | None = None

    def _start(self, first: int, last: int) -> None:
        command = [sys.executable, "-m", "tests.support.sender", str(self._folder), self._url]
        command += [str(first), str(last), str(self._speed)]
        with (self._folder / "sender.log").open("ab") as log:
            self._child = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._child is not None:
            os.kill(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """Ask the store, as anybody beside the daemon may."""
        with closing(sqlite3.connect(self._folder / "post.sqlite", timeout=10)) as connection:
            return connection.execute(query).fetchall()

    def go_on(self, legs: int) -> None:
        """Begin a life, and return when it has made a leg, if any is left to make."""
        made = self.made()
        self._start(made, legs)
        self.until(lambda: self.made() > made or made == legs, 30)

    def made(self) -> int:
        """Return how many legs have been journalled: four events each, all at once."""
        tables = "select count(*) from sqlite_master where name = 'events'"
        if not int(self.rows(tables)[0][0]):
            return 0
        return int(self.rows("select count(*) from events")[0][0]) // 4

    def waiting(self) -> int:
        """Return how many callbacks wait in the store."""
        return int(self.rows("select count(*) from callbacks where state = 'pending'")[0][0])

    def dead(self) -> set[str]:
        """Return the tokens of those that were given up."""
        return {row[0] for row in self.rows("select token from callbacks where state = 'dead'")}

    def replay(self) -> None:
        """Let all that are dead wait again, as `b2bua callbacks replay --dead` does."""
        store = Store("sqlite:///post.sqlite", self._folder, now=time.time())
        for token in self.dead():
            assert found(store.outbox.revive(token, 0.0, EVER)) is not None
        store.database.close()

    def until(self, what: Callable[[], bool], seconds: float) -> None:
        """Wait for something, but not for ever."""
        deadline = time.monotonic() + seconds
        while not what() and time.monotonic() < deadline:
            time.sleep(0.05)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(random.Random(5))
    receiver.up()
    yield receiver
    receiver.down()


@pytest.mark.parametrize(
    ("events", "kills", "speed", "patience"),
    [
        (1_600, 8, 600.0, 60.0),
        pytest.param(100_000, 100, 60.0, 1_200.0, marks=pytest.mark.slow),
    ],
)
def test_no_callback_is_lost_or_overtaken(
    tmp_path: Path, receiver: Receiver, events: int, kills: int, speed: float, patience: float
) -> None:
    chance = random.Random(7)
    sender = Sender(tmp_path, receiver.port, speed)
    legs = events // 4
    try:
        for life in range(kills):
            sender.go_on(legs)
            time.sleep(chance.random() * 2 * legs / kills / LEGS_A_SECOND)
            if life == kills // 2:
                receiver.down()
                time.sleep(HOUR / speed)
                receiver.up()
            sender.kill()
        sender.go_on(legs)
        sender.until(lambda: sender.made() == legs and not sender.waiting(), patience)
        sender.kill()
        assert sender.dead() == receiver.refused
        assert receiver.refused, "there are dead letters to replay"
        judge(sender, receiver, events, kills)
        receiver.takes_all = True
        sender.replay()
        sender.go_on(legs)
        sender.until(lambda: not sender.waiting(), patience)
        sender.kill()
        assert sender.dead() == set()
        replayed = {token for _, _, token in receiver.taken}
        assert receiver.refused <= replayed, "each dead letter arrives with the token it had"
        print(f"{len(receiver.refused)} dead letters, all replayed")
    finally:
        sender.kill()


def judge(sender: Sender, receiver: Receiver, events: int, kills: int) -> None:
    """Hold what arrived against what was journalled."""
    journalled = sender.rows("select call_sid, event from events")
    taken = Counter((sid, sequence) for sid, sequence, _ in receiver.taken)
    again = sum(taken.values()) - len(taken)
    print(
        f"{len(journalled)} journalled, {len(taken)} arrived of {receiver.requests} requests, "
        f"{again} twice, {sender.waiting()} left"
    )
    assert len(journalled) == events
    order = ["initiated", "ringing", "answered", "completed"]
    wanted = [(sid, order.index(event)) for sid, event in journalled]
    refused = {pair for pair in wanted if f"{pair[0]}-{pair[1]}" in receiver.refused}
    assert [pair for pair in wanted if taken[pair] == 0 and pair not in refused] == []
    assert sender.waiting() == 0
    seen: dict[str, int] = {}
    for call_sid, sequence, token in receiver.taken:
        assert token == f"{call_sid}-{sequence}", "a second try has the first one's token"
        before = range(seen.get(call_sid, -1) + 1, sequence)
        assert all((call_sid, each) in refused for each in before), "nothing overtakes"
        seen[call_sid] = max(sequence, seen.get(call_sid, -1))
    assert again <= kills * AT_A_KILL
    if events >= 100_000:
        assert again <= len(taken) * 0.01
