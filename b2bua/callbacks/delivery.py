"""Telling the world about a call without delaying it: order, retries, bounds.

Each leg has a mailbox.  Its events are sent strictly in order, one at a time; one that is slow or
fails holds the next ones up for `hold_seconds` and is then overtaken (rcml.md Q-2).  What fails is
tried again with growing pauses until it is delivered or dead (Q-6).  A mailbox vanishes when it
is empty.  Everything is in memory; a sink or a mailbox that outlives the process fits in here.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.callbacks.interfaces import Sink, StatusEvent, Undelivered


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """Times in seconds; `pending` counts events, over all accounts and of one account."""

    hold_seconds: float = 30.0
    retry_least: float = 1.0
    retry_most: float = 900.0
    give_up_after: float = 86_400.0
    pending: int = 100_000
    pending_per_account: int = 20_000


class Callbacks:
    """All mailboxes.

    `random_` gives numbers from 0 to 1 for the jitter of the pauses.  Gauges: `pending` counts
    the events that are neither delivered nor dead, `in_flight` those being sent right now.
    Totals: `delivered`, `dead` (given up) and `dropped` (refused, for there were too many).
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        sink: Sink,
        *,
        random_: Callable[[], float] = random.random,
        limits: DeliveryLimits | None = None,
    ) -> None:
        self.pending = 0
        self.in_flight = 0
        self.delivered = 0
        self.dead = 0
        self.dropped = 0
        self._clock = clock
        self._sink = sink
        self._random = random_
        self._limits = limits or DeliveryLimits()
        self._mailboxes: dict[str, deque[StatusEvent]] = {}
        self._pending_of: dict[str, int] = {}
        self._to_open: list[str] = []
        self._deliveries: set[Deferred[None]] = set()
        self._pauses: set[Deferred[None]] = set()
        self._is_flushing = False
        self._losing: set[str] = set()
        self._emptied: Deferred[None] | None = None

    @property
    def mailboxes(self) -> int:
        """How many legs have events that wait for an earlier one, or for their first try."""
        return len(self._mailboxes)

    def put(self, event: StatusEvent) -> None:
        """Take `event` for delivery.

        Returns at once, before anything is sent, and never raises.
        """
        account = event.leg.account_sid
        if self._refuses(account):
            self.dropped += 1
            return
        self.pending += 1
        self._pending_of[account] = self._pending_of.get(account, 0) + 1
        mailbox = self._mailboxes.get(event.leg.call_sid)
        if mailbox is not None:
            mailbox.append(event)
            return
        self._mailboxes[event.leg.call_sid] = deque((event,))
        if not self._to_open:
            # In a turn of its own: what the call itself has to send goes first.
            self._clock.callLater(0, self._open)
        self._to_open.append(event.leg.call_sid)

    async def flush(self, seconds: float) -> int:
        """Deliver what can be delivered within `seconds`, then let go of the rest.

        Events that pause between tries are tried at once, and no event is tried again.  Returns
        how many were not delivered.
        """
        dead_before = self.dead
        self._is_flushing = True
        for pause in [*self._pauses]:
            pause.callback(None)
        if self.pending:
            self._emptied = Deferred()
            timer = self._clock.callLater(seconds, self._end_flush)
            await self._emptied
            if timer.active():
                timer.cancel()
        left = self.pending
        self._let_go()
        return left + self.dead - dead_before

    def _refuses(self, account: str) -> bool:
        limits = self._limits
        if (
            self.pending < limits.pending
            and self._pending_of.get(account, 0) < limits.pending_per_account
        ):
            return False
        if account not in self._losing:
            self._losing.add(account)
            self.log.error(
                "too many callbacks are pending ({pending}); account {account} loses some",
                pending=self.pending,
                account=account,
            )
        return True

    def _open(self) -> None:
        opened, self._to_open = self._to_open, []
        for call_sid in opened:
            emptying = Deferred.fromCoroutine(self._empty(call_sid))
            emptying.addErrback(self._broke, call_sid=call_sid)

    async def _empty(self, call_sid: str) -> None:
        mailbox = self._mailboxes[call_sid]
        while mailbox:
            await self._hold(mailbox.popleft())
        # Unless a flush has let go of all mailboxes and another has taken the name since.
        if self._mailboxes.get(call_sid) is mailbox:
            del self._mailboxes[call_sid]

    def _hold(self, event: StatusEvent) -> Deferred[None]:
        """Begin to deliver `event`; fires when that is over, or has taken too long."""
        may_go_on: Deferred[None] = Deferred()
        timer = self._clock.callLater(self._limits.hold_seconds, may_go_on.callback, None)
        delivery = Deferred.fromCoroutine(self._deliver(event))
        self._deliveries.add(delivery)

        def end(result: Failure | None) -> None:
            self._deliveries.discard(delivery)
            self._settle(event)
            if result is not None and result.check(CancelledError) is None:
                self._broke(result, event.leg.call_sid)
            if timer.active():
                timer.cancel()
                may_go_on.callback(None)

        delivery.addBoth(end)
        return may_go_on

    async def _deliver(self, event: StatusEvent) -> None:
        began = self._clock.seconds()
        tries = 0
        while True:
            problem = await self._post(event)
            if problem is None:
                self.delivered += 1
                return
            tries += 1
            pause = self._pause_after(tries, problem)
            is_late = self._clock.seconds() + pause > began + self._limits.give_up_after
            if problem.is_final or is_late or self._is_flushing:
                self._give_up(event, tries, problem)
                return
            self.log.debug(
                "{event} of {call_sid} failed, again in {pause:.1f} s: {problem}",
                event=event.event.value,
                call_sid=event.leg.call_sid,
                pause=pause,
                problem=problem.reason,
            )
            await self._pause(pause)

    async def _post(self, event: StatusEvent) -> Undelivered | None:
        self.in_flight += 1
        try:
            problem = await self._sink.post(event)
        except CancelledError:
            raise
        except Exception:  # the boundary to sinks, which may be anybody's
            self.log.failure("the sink broke on {event}", event=event.event)
            problem = Undelivered("the sink broke")
        finally:
            self.in_flight -= 1
        return Undelivered(problem) if isinstance(problem, str) else problem

    def _pause_after(self, tries: int, problem: Undelivered) -> float:
        limits = self._limits
        # At least half of what doubles with each try; the other half is chance.
        longest = min(limits.retry_most, limits.retry_least * 2.0 ** min(tries, 30))
        pause = max(limits.retry_least, longest * (1 + self._random()) / 2)
        return max(pause, problem.retry_after or 0.0)

    async def _pause(self, seconds: float) -> None:
        pause: Deferred[None] = Deferred()
        timer = self._clock.callLater(seconds, pause.callback, None)
        self._pauses.add(pause)
        try:
            await pause
        finally:
            self._pauses.discard(pause)
            if timer.active():
                timer.cancel()

    def _give_up(self, event: StatusEvent, tries: int, problem: Undelivered) -> None:
        self.dead += 1
        self.log.error(
            "gave up on {event} of {call_sid} after {tries} tries: {problem}",
            event=event.event.value,
            call_sid=event.leg.call_sid,
            sequence=event.sequence,
            tries=tries,
            problem=problem.reason,
        )

    def _settle(self, event: StatusEvent) -> None:
        account = event.leg.account_sid
        self.pending -= 1
        self._pending_of[account] -= 1
        if not self._pending_of[account]:
            del self._pending_of[account]
            self._losing.discard(account)
        if not self.pending:
            self._end_flush()

    def _end_flush(self) -> None:
        emptied, self._emptied = self._emptied, None
        if emptied is not None:
            emptied.callback(None)

    def _let_go(self) -> None:
        for mailbox in self._mailboxes.values():
            for event in mailbox:
                self._settle(event)
            mailbox.clear()
        self._mailboxes.clear()
        self._to_open.clear()
        for delivery in [*self._deliveries]:
            delivery.cancel()

    def _broke(self, failure: Failure, call_sid: str) -> Any:
        self.log.failure("a mailbox broke", failure, call_sid=call_sid)
