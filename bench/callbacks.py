"""How fast callbacks are drained to a local receiver, and what each costs this process.

    python -m bench callbacks [COUNT]

Each callback is journalled, put, kept in SQLite, posted over loopback HTTP, and removed; the
receiver is a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.python.threadpool import ThreadPool

from b2bua.app import garbage
from b2bua.app.kept_letters import KeptLetters
from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.http import HttpSink
from b2bua.callbacks.window import Window
from b2bua.routing.plan import Event
from b2bua.store.database import Database
from b2bua.store.journal import Journal
from b2bua.store.outbox import OutboxTable
from b2bua.store.schema import Places
from b2bua.store.writer import Writer
from b2bua.webhooks.client import PatientWeb, WebClient
from b2bua.webhooks.egress import EgressPolicy
from tests.callbacks.conftest import an_event

reactor: Any = installed


async def drain(count: int, url: str, folder: Path) -> tuple[float, float]:
    """Return seconds by the clock and of processor that `count` callbacks took."""
    pool = ThreadPool(1, 1)
    pool.start()
    writer = Writer(reactor, pool, Database("sqlite:///bench.sqlite", folder))
    places = Places(time.time)
    journal, outbox = Journal(writer, places), OutboxTable(writer, places)
    await outbox.find()
    policy = EgressPolicy(["127.0.0.0/8"], is_own=lambda _: False)
    web = WebClient(reactor, reactor.nameResolver, lambda _: "token", policy)
    window = Window()
    callbacks = Callbacks(
        reactor,
        HttpSink(PatientWeb(web, window.enter)),
        outbox=KeptLetters(outbox),
        epoch=time.time,
        window=window,
    )
    garbage.settle()  # as the daemon does
    began, used = time.perf_counter(), time.process_time()
    for leg in range(count // 4):
        for sequence, event in enumerate(Event):
            told = an_event(event, call_sid=f"CA{leg}", sequence=sequence, url=url)
            journal.append(told.leg, event, None, told.plan, sequence + 1)
            callbacks.put(told)
        if leg % 5 == 0:  # as many as a busy reactor would put in a turn
            await deferLater(reactor, 0)
    while callbacks.pending or writer.waiting:
        await deferLater(reactor, 0.005)
    took = time.perf_counter() - began, time.process_time() - used
    assert callbacks.delivered == count
    web.close()
    pool.stop()
    return took


def main() -> None:
    """Measure, and print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    command = [sys.executable, "-m", "bench.application"]
    receiver = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert receiver.stdout is not None
    url = f"http://127.0.0.1:{int(receiver.stdout.readline())}/status"

    def told(took: tuple[float, float]) -> None:
        seconds, processor = took
        print(
            f"{count} callbacks in {seconds:.2f} s: {count / seconds:.0f}/s, "
            f"{1000 * processor / count:.2f} ms of processor each"
        )

    with tempfile.TemporaryDirectory() as folder:
        draining = Deferred.fromCoroutine(drain(count, url, Path(folder)))
        draining.addCallbacks(told, lambda failure: failure.printTraceback())
        draining.addBoth(lambda _: reactor.stop())
        reactor.callWhenRunning(lambda: None)
        reactor.run()
    receiver.kill()
    receiver.wait()


if __name__ == "__main__":
    main()
