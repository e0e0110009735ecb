"""Calls that accounts have asked for, and that wait to be dialled (rcml.md section 10).

Each account has a queue of its own, first come first served, and a pace: so many calls a second.
A `<Dial>` never waits here (rule D-1).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from b2bua.api.interfaces import Order
from b2bua.routing.plan import LegFacts

Dial = Callable[[Order, LegFacts], bool]


class Originator:
    """Dials at most `rate` calls a second for each account; at most `most` of its calls wait.

    `dial` begins a call, or returns False when there is no room for it now: it keeps its turn.
    """

    def __init__(self, clock: IReactorTime, rate: float, most: int, dial: Dial) -> None:
        self._clock, self._dial = clock, dial
        self._interval, self._most = 1.0 / rate, most
        self._queues: dict[str, _Queue] = {}

    def __len__(self) -> int:
        return sum(len(queue.waiting) for queue in self._queues.values())

    def put(self, order: Order, facts: LegFacts) -> bool:
        """Let a call wait for its turn; False: too many wait."""
        queue = self._queues.setdefault(order.account_sid, _Queue())
        if len(queue.waiting) >= self._most:
            return False
        queue.waiting[facts.call_sid] = (order, facts)
        self._arm(queue)
        return True

    def cancel(self, sid: str) -> bool:
        """Take a call out of its queue; False: it does not wait."""
        return any(queue.waiting.pop(sid, None) for queue in self._queues.values())

    def stop(self) -> Iterator[str]:
        """Dial nobody any more; yield the CallSids of those that still waited."""
        for queue in self._queues.values():
            if queue.timer is not None:
                queue.timer.cancel()
                queue.timer = None
            yield from queue.waiting
            queue.waiting.clear()

    def _arm(self, queue: _Queue) -> None:
        if queue.timer is None and queue.waiting:
            wait = max(0.0, queue.next_at - self._clock.seconds())
            queue.timer = self._clock.callLater(wait, self._turn, queue)

    def _turn(self, queue: _Queue) -> None:
        queue.timer = None
        if queue.waiting:
            queue.next_at = self._clock.seconds() + self._interval
            sid, (order, facts) = next(iter(queue.waiting.items()))
            if self._dial(order, facts):
                queue.waiting.pop(sid, None)
        self._arm(queue)


class _Queue:
    """The calls of one account.  `next_at` is when the next may be dialled, monotonic seconds."""

    __slots__ = ("next_at", "timer", "waiting")

    def __init__(self) -> None:
        self.waiting: OrderedDict[str, tuple[Order, LegFacts]] = OrderedDict()
        self.next_at = 0.0
        self.timer: IDelayedCall | None = None
