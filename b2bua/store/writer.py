"""Writes in batches on a thread of its own: nobody who puts a change ever waits for a disk.

What is put in one turn of the reactor is written in one transaction, with whatever else comes
within `window` seconds.  While the database is away or full, changes are kept in memory, `kept` of
them at most, and written in their order once it is back; beyond that they are lost, and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.store.database import Database, StoreAwayError
from b2bua.store.schema import Change

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """Times in seconds, the others count changes.

    `window` is how long a batch waits for company; `batch` how many changes a transaction holds,
    though what was put in one turn is never divided; `retry` how long to leave a database alone
    that is away; `kept` how many changes wait for it in memory.
    """

    window: float = 0.002
    batch: int = 2_000
    retry: float = 1.0
    kept: int = 200_000


@dataclass(slots=True)
class _Group:
    """Changes that are written together, and who wants to know."""

    changes: list[Change] = field(default_factory=list)
    settled: list[Callable[[], None]] = field(default_factory=list)


@dataclass(slots=True)
class _Question:
    ask: Callable[[sa.Connection], Any]
    answer: Deferred[Any]


class Writer:
    """Gives `database` its changes and questions, in the order in which they came.

    `pool` is a `ThreadPool` of one thread.  `is_away` says that the last attempt to reach the
    database failed, `waiting` how many changes are not written yet, `lost` how many never will be.
    """

    log = Logger()

    def __init__(
        self, reactor: Any, pool: Any, database: Database, limits: WriterLimits | None = None
    ) -> None:
        self.is_away = False
        self.waiting = 0
        self.lost = 0
        self._reactor = reactor
        self._pool = pool
        self._database = database
        self._limits = limits or WriterLimits()
        self._group = _Group()
        self._queue: deque[_Group | _Question] = deque()
        self._is_busy = False
        self._timer: Any = None
        self._retry: Any = None
        self._idle: list[Deferred[None]] = []

    def put(self, change: Change, settled: Callable[[], None] | None = None) -> None:
        """Take a change.

        `settled` is called once: when it is written, or when it is known that this must wait for
        the database to come back.
        """
        if self.waiting >= self._limits.kept:
            self._lose(1)
        else:
            self.waiting += 1
            self._group.changes.append(change)
        if settled is not None:
            self._group.settled.append(settled)
        if self._timer is None:
            self._timer = self._reactor.callLater(self._limits.window, self._close)

    def read(self, ask: Callable[[sa.Connection], Found]) -> Deferred[Found]:
        """Return what `ask` finds, after everything that was put before.

        Errbacks with `StoreAwayError`.
        """
        answer: Deferred[Found] = Deferred()
        if self._retry is not None:
            answer.errback(StoreAwayError("the store is away"))
            return answer
        if self._group.changes or self._group.settled:
            self._close()
        self._queue.append(_Question(ask, answer))
        self._work()
        return answer

    def written(self) -> Deferred[None]:
        """Fire when nothing waits to be written, or the database has been found away."""
        self._close()
        done: Deferred[None] = Deferred()
        self._idle.append(done)
        self._work()
        return done

    def stop(self) -> None:
        """Stop trying."""
        for name in ("_timer", "_retry"):
            timer = getattr(self, name)
            if timer is not None and timer.active():
                timer.cancel()
            setattr(self, name, None)

    def _close(self) -> None:
        """End the batch that has been waiting for company."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        group, self._group = self._group, _Group()
        if group.changes or group.settled:
            self._queue.append(group)
        if self.is_away:
            _settle(group)
        self._work()

    def _work(self) -> None:
        if self._is_busy or self._retry is not None:
            if self._retry is not None:
                self._tell_idle()
            return
        if not self._queue:
            self._tell_idle()
            return
        self._is_busy = True
        if isinstance(self._queue[0], _Question):
            self._ask(self._queue.popleft())  # type: ignore[arg-type]
        else:
            self._write()

    def _ask(self, question: _Question) -> None:
        asked = deferToThreadPool(
            self._reactor,
            self._pool,
            self._database.read,
            question.ask,
        )

        def done(result: Any) -> None:
            self._is_busy = False
            question.answer.callback(result)
            self._work()

        asked.addBoth(done)

    def _write(self) -> None:
        groups: list[_Group] = []
        changes: list[Change] = []
        while self._queue and len(changes) < self._limits.batch:
            group = self._queue[0]
            if isinstance(group, _Question):
                break
            groups.append(group)
            changes += group.changes
            self._queue.popleft()
        writing = deferToThreadPool(
            self._reactor,
            self._pool,
            self._database.write,
            changes,
        )
        writing.addCallbacks(
            self._wrote, self._failed, callbackArgs=(groups, len(changes)), errbackArgs=(groups,)
        )
        writing.addErrback(lambda failure: self.log.failure("the writer broke", failure))

    def _wrote(self, left_out: int, groups: list[_Group], count: int) -> None:
        self._is_busy = False
        self.waiting -= count
        if left_out:
            self.lost += left_out
            self.log.error("the store refused {count} rows for ever", count=left_out)
        if self.is_away and count:
            self.is_away = False
            self.log.info("the store is back; {waiting} rows to go", waiting=self.waiting)
        for group in groups:
            _settle(group)
        self._work()

    def _failed(self, failure: Failure, groups: list[_Group]) -> None:
        self._is_busy = False
        if failure.check(StoreAwayError) is None:
            self.log.failure("a defect in writing", failure)
        if not self.is_away:
            self.is_away = True
            self.log.error(
                "the store is away, {waiting} rows wait for it: {problem}",
                waiting=self.waiting,
                problem=failure.getErrorMessage(),
            )
        self._queue.extendleft(reversed(groups))
        questions = [each for each in self._queue if isinstance(each, _Question)]
        self._queue = deque(each for each in self._queue if isinstance(each, _Group))
        self._retry = self._reactor.callLater(self._limits.retry, self._try_again)
        for group in [*self._queue]:
            assert isinstance(group, _Group)
            _settle(group)
        for question in questions:
            question.answer.errback(StoreAwayError(failure.getErrorMessage()))
        self._tell_idle()

    def _try_again(self) -> None:
        self._retry = None
        self._work()

    def _lose(self, count: int) -> None:
        if not self.lost:
            self.log.error("too much waits for the store: what comes now is not kept")
        self.lost += count

    def _tell_idle(self) -> None:
        idle, self._idle = self._idle, []
        for each in idle:
            each.callback(None)


def _settle(group: _Group) -> None:
    settled, group.settled = group.settled, []
    for each in settled:
        each()
