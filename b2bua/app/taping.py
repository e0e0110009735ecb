"""Recordings by the settings: their folder, their threads, and where they are fetched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from b2bua.app.equipment import Entropy, Events, Notes
from b2bua.app.settings import Settings
from b2bua.app.storage import Storage
from b2bua.app.tapes import Tapes
from b2bua.media.interfaces import Backend
from b2bua.media.recorder import Recorder

API = "/2010-04-01/Accounts"
THREADS = 4
"""A disk that hangs holds these up, and nobody else's."""


class DiskThreads:
    """Threads that write recordings; born with the first of them."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(0, THREADS, "recordings")

    def run(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Return what `work` returns, or why it failed."""
        if not self._pool.started:
            self._pool.start()
        return deferToThreadPool(self._reactor, self._pool, work)

    def stop(self) -> None:
        """End the threads when they have done what they were given."""
        if self._pool.started:
            self._pool.stop()


def tapes_for(
    reactor: Any,
    settings: Settings,
    relay: Backend,
    storage: Storage,
    events: Events,
    notes: Notes,
    entropy: Entropy,
) -> Tapes:
    """Return what records calls; it opens nothing yet."""
    threads = DiskThreads(reactor)
    seconds = settings.limits.recording_seconds
    recorder = Recorder(reactor, relay, settings.recordings, threads.run, seconds=seconds)
    base = (settings.http.url or f"http://{settings.http.listen}").rstrip("/") + API
    return Tapes(
        recorder,
        storage.recordings,
        events,
        notes,
        entropy=entropy,
        wall=time.time,
        url_of=lambda account_sid, sid: f"{base}/{account_sid}/Recordings/{sid}",
        stopped=threads.stop,
    )
