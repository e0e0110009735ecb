"""What outlives this process: the store's parts, joined to the callbacks, started and stopped."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from b2bua.app.kept_bindings import KeptBindings
from b2bua.app.kept_letters import KeptLetters, resume
from b2bua.app.logs import logger, traceback
from b2bua.app.recovery import Recovery
from b2bua.app.registrations import Registrations
from b2bua.app.settings import Settings
from b2bua.app.start_error import StartError
from b2bua.app.tapes import Tapes
from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.http import event_fields
from b2bua.callbacks.interfaces import Letter
from b2bua.routing.plan import LegFacts
from b2bua.store.contacts import Contacts
from b2bua.store.database import Database, StoreAwayError, StoreURLError
from b2bua.store.journal import Journal
from b2bua.store.kept_calls import KeptCalls
from b2bua.store.kept_numbers import KeptNumbers, kept_numbers
from b2bua.store.notifications import Notification, Notifications
from b2bua.store.outbox import OutboxTable
from b2bua.store.recordings import Recordings
from b2bua.store.schema import Places
from b2bua.store.writer import Writer, WriterLimits
from b2bua.webhooks.url import without_secrets

log = logger("store")

ASK_AGAIN = 1.0
"""Seconds until a store that was away at the start is asked again what it has."""
FORGET_EVERY = 3_600.0
BEAT_EVERY = 5.0
"""Seconds by which a call is told too short, at most, when this process dies (decision 17)."""
DAY = 86_400.0


class Storage:
    """One store, by the settings.  Its thread is born in `start`.

    `token` makes idempotency tokens.

    Raises:
        StartError: the store's URL can't be used.
    """

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        token: Callable[[], str],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._wall = wall
        self._pool = ThreadPool(1, 1, "store")
        try:
            self._database = Database(settings.store.url, Path(settings.file).absolute().parent)
        except StoreURLError as problem:
            raise StartError(f"{settings.at('store', 'url')}: {problem}") from problem
        limits = WriterLimits(kept=settings.limits.store_kept_rows)
        self.writer = Writer(reactor, self._pool, self._database, limits)
        places = Places(wall)
        self.journal = Journal(self.writer, places)
        self.outbox = OutboxTable(self.writer, places)
        self.notifications = Notifications(self.writer, places)
        self.recordings = Recordings(self.writer, places)
        self.bindings = KeptBindings(Contacts(self.writer, places), wall)
        self.letters = KeptLetters(self.outbox, self._undelivered)
        self.calls = KeptCalls(settings.limits.call_records, self.journal, places.next)
        self.numbers = KeptNumbers(settings.limits.account_numbers, self.writer, places.next)
        self._recovery = Recovery(
            self.journal, self.letters, token, settings.limits.callback_give_up, self._tell_of_death
        )
        self._forgetting = self._every(self._forget)
        self._beating = self._every(self._beat)
        self._is_stopped = False

    def open(self) -> None:
        """Read what the first call needs; wait for a store that is away no longer than it does.

        It blocks: nothing is open yet.
        """
        try:
            self.numbers.take(self._database.read(kept_numbers))
        except StoreAwayError as problem:
            log.warning("the store is away", problem=str(problem))

    def start(self, callbacks: Callbacks, tapes: Tapes, registrations: Registrations) -> None:
        """Open the store, off the reactor; all of them go on with what it has."""
        self._pool.start()
        resuming = Deferred.fromCoroutine(self._resume(callbacks, tapes, registrations))
        resuming.addErrback(self._not_resumed)
        self._forgetting.start(FORGET_EVERY, now=True)
        self._beating.start(BEAT_EVERY, now=False)

    async def stop(self) -> None:
        """Write what is to be written, if the store is there, and let go of it."""
        self._is_stopped = True
        if not self._pool.started:
            return
        for loop in (self._forgetting, self._beating):
            if loop.running:
                loop.stop()
        await self.writer.written()
        self.writer.stop()
        if self.writer.waiting:
            log.error("rows were lost, for the store is away", rows=self.writer.waiting)
        self._pool.stop()
        self._database.close()

    def counters(self) -> dict[str, Any]:
        """Return the store's part of `/counters`: rows that wait to be written, and lost ones."""
        return {"store_waiting": self.writer.waiting, "store_lost_total": self.writer.lost}

    def _undelivered(self, letter: Letter) -> None:
        """Tell of a dead letter as of anything else that went wrong in a call."""
        plan = letter.event.plan
        request = {
            "method": plan.method,
            "url": without_secrets(plan.url),
            "fields": event_fields(letter.event),
        }
        note = Notification(
            letter.account_sid,
            letter.call_sid,
            letter.code,
            f"gave up on {letter.event.event.value} after {letter.tries} tries: {letter.problem}",
            without_secrets(plan.url),
            request,
        )
        self.notifications.add(note)

    async def _resume(
        self, callbacks: Callbacks, tapes: Tapes, registrations: Registrations
    ) -> None:
        async def restore() -> None:
            registrations.restore(await self.bindings.read(self._reactor.seconds))

        for step in (
            self.numbers.load,
            restore,
            self._recovery.run,
            lambda: tapes.resume(self.letters.began),
            lambda: resume(self.outbox, callbacks, self.letters.began),
            self.calls.load,
        ):
            await self._persist(step)

    async def _persist(self, step: Callable[[], Awaitable[object]]) -> None:
        while not self._is_stopped:
            try:
                await step()
            except StoreAwayError as problem:
                log.warning("the store is away", problem=str(problem))
                await deferLater(self._reactor, ASK_AGAIN)
            else:
                return

    def _not_resumed(self, failure: Failure) -> None:
        log.error("what the store had is not all there", exc_info=traceback(failure))

    def _tell_of_death(self, leg: LegFacts, error: tuple[int, str]) -> None:
        self.notifications.add(Notification(leg.account_sid, leg.call_sid, *error))

    def _every(self, work: Callable[[], None]) -> LoopingCall:
        loop = LoopingCall(work)
        loop.clock = self._reactor
        return loop

    def _beat(self) -> None:
        """Say that we live, while there is a leg whose bill that is about."""
        if self.journal.live:
            self.journal.beat(self._wall())

    def _forget(self) -> None:
        self.journal.forget_before(self._wall() - self._settings.store.keep_days * DAY)
