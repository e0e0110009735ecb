"""Results that are dear to make: kept for a while, and made once for all who ask at one time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


class Kept:
    """Results by key, at most `most_bytes` of them; the one not used for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        """Keep nothing yet."""
        self._most, self.size = most_bytes, 0
        self._results: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """Return the result for `key` if it is still there."""
        result = self._results.get(key)
        if result is not None:
            self._results.move_to_end(key)
        return result

    def put(self, key: str, result: bytes) -> None:
        """Keep `result`, unless it alone is more than fits."""
        if len(result) > self._most or key in self._results:
            return
        self._results[key] = result
        self.size += len(result)
        while self.size > self._most:
            _, oldest = self._results.popitem(last=False)
            self.size -= len(oldest)


class _Run:
    """One making that somebody waits for."""

    def __init__(self) -> None:
        self.waiting: list[Deferred[bytes]] = []
        self.work: Deferred[Any] | None = None


class Shared:
    """Makes each result once, however many ask for it meanwhile."""

    def __init__(self, kept: Kept) -> None:
        """Look into `kept` first, and put new results there."""
        self._kept = kept
        self._runs: dict[str, _Run] = {}

    @property
    def running(self) -> int:
        """How many results are being made."""
        return len(self._runs)

    async def get(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the result for `key`, kept or made by `make`; its exception is everybody's.

        When the last who waits is cancelled, so is the making.
        """
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        run = self._runs.get(key)
        waiter: Deferred[bytes] = Deferred(lambda gone: self._leave(key, gone))
        if run is not None:
            run.waiting.append(waiter)
        else:
            self._begin(key, make, waiter)
        return await waiter

    def _begin(
        self, key: str, make: Callable[[], Awaitable[bytes]], waiter: Deferred[bytes]
    ) -> None:
        run = self._runs[key] = _Run()
        run.waiting.append(waiter)

        async def work() -> bytes:
            return await make()

        run.work = Deferred.fromCoroutine(work())
        run.work.addCallbacks(
            lambda result: self._made(key, run, result), lambda why: self._failed(key, run, why)
        )

    def _made(self, key: str, run: _Run, result: bytes) -> None:
        self._kept.put(key, result)
        for waiter in self._end(key, run):
            waiter.callback(result)

    def _failed(self, key: str, run: _Run, why: Failure) -> None:
        for waiter in self._end(key, run):
            waiter.errback(why)

    def _end(self, key: str, run: _Run) -> list[Deferred[bytes]]:
        if self._runs.get(key) is run:
            del self._runs[key]
        waiting, run.waiting = run.waiting, []
        return waiting

    def _leave(self, key: str, gone: Deferred[bytes]) -> None:
        run = self._runs[key]
        run.waiting.remove(gone)
        if not run.waiting and run.work is not None:
            # who asks from now on begins anew: this one may take a moment to end
            del self._runs[key]
            run.work.cancel()

    def stop(self) -> None:
        """Cancel whatever is being made; those who wait get `CancelledError`."""
        for run in [*self._runs.values()]:
            if run.work is not None:
                run.work.cancel()
