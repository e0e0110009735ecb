"""A process to be killed: puts events, delivers them, and goes on where its predecessor was.

    python -m tests.support.sender FOLDER URL FIRST LAST SPEED

It makes the legs from FIRST to before LAST, 250 a second, four events each, journalled and put as
the switchboard does.  Its clock, for pauses alone, is SPEED times as fast as ours.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import globalLogBeginner, textFileLogObserver
from twisted.python.threadpool import ThreadPool

from b2bua.app.kept_letters import KeptLetters, resume
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
A_TURN = 5
"""Legs that are put at once."""


class Fast:
    """A clock `speed` times as fast as the reactor's."""

    def __init__(self, speed: float) -> None:
        self._speed = speed

    def seconds(self) -> float:
        return float(reactor.seconds()) * self._speed

    def callLater(self, delay: float, work: Any, *args: Any, **kw: Any) -> Any:
        return reactor.callLater(delay / self._speed, work, *args, **kw)


def main(folder: str, url: str, first: int, last: int, speed: float) -> None:
    """Make legs `first` to `last`, and deliver whatever there is until killed."""
    globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)])
    clock: Any = Fast(speed)
    pool = ThreadPool(1, 1)
    pool.start()
    writer = Writer(reactor, pool, Database("sqlite:///post.sqlite", Path(folder)))
    places = Places(time.time)
    journal, outbox = Journal(writer, places), OutboxTable(writer, places)
    letters = KeptLetters(outbox)
    policy = EgressPolicy(["127.0.0.0/8"], is_own=lambda _: False)
    web = WebClient(reactor, reactor.nameResolver, lambda _: "token", policy)
    window = Window()
    callbacks = Callbacks(
        clock,
        HttpSink(PatientWeb(web, window.enter)),
        random_=random.random,
        outbox=letters,
        epoch=lambda: time.time() * speed,
        window=window,
    )
    legs = iter(range(first, last))

    async def begin() -> None:
        await resume(outbox, callbacks, letters.began)
        making = LoopingCall(make)
        making.start(0.02)

    def make() -> None:
        for _, leg in zip(range(A_TURN), legs, strict=False):
            for sequence, event in enumerate(Event):
                told = an_event(event, call_sid=f"CA{leg}", sequence=sequence, url=url)
                journal.append(told.leg, event, None, told.plan, sequence + 1)
                callbacks.put(told)

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(begin()))
    reactor.addSystemEventTrigger("during", "shutdown", pool.stop)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
