"""Telling the world about a call without delaying it: order, retries, bounds.

Each leg has a mailbox.  Its letters are sent strictly in order, one at a time; one that is slow or
fails holds the next ones up, for `hold_seconds` at most (rcml.md Q-2).  What fails is tried again
with growing pauses until it is delivered or dead (Q-6).  A mailbox vanishes when it is empty.

A letter is in the outbox before it is first sent, and until it has arrived: an outbox that
outlives this process makes delivery survive its death.  Letters that do not fit in memory wait
there alone (`b2bua.callbacks.backlog`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.callbacks.backlog import Backlog
from b2bua.callbacks.interfaces import AnyEvent, Letter, Outbox, Sink, Undelivered, Unkept
from b2bua.callbacks.window import Window


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """Times in seconds; `pending` counts events in memory, of all accounts and of one account."""

    hold_seconds: float = 86_400.0
    retry_least: float = 1.0
    retry_most: float = 900.0
    give_up_after: float = 86_400.0
    pending: int = 100_000
    pending_per_account: int = 20_000


class Callbacks:
    """All mailboxes.

    `random_` gives numbers from 0 to 1 for the jitter of the pauses; `epoch` is the time of day;
    `window` is told of arrivals, and is what the sink's requests go through; `hold_of` returns an
    account's own `hold_seconds`, if it has any.
    Gauges: `pending` counts the events that are neither delivered nor dead, `in_flight` those being
    sent right now, `dead` those that were given up and not yet replayed or dropped.  Totals:
    `delivered`, and `dropped` (refused, for there were too many and no outbox to keep them).
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        sink: Sink,
        *,
        random_: Callable[[], float] = random.random,
        limits: DeliveryLimits | None = None,
        outbox: Outbox | None = None,
        epoch: Callable[[], float] | None = None,
        window: Window | None = None,
        hold_of: Callable[[str], float | None] = lambda _account_sid: None,
    ) -> None:
        self.in_flight = 0
        self.delivered = 0
        self.dead = 0
        self.dropped = 0
        self._clock = clock
        self._sink = sink
        self._random = random_
        self._limits = limits or DeliveryLimits()
        self._outbox = outbox or Unkept()
        self._epoch = epoch or clock.seconds
        self._window = window or Window()
        self._own_hold = hold_of
        self._backlog = Backlog(clock, self._outbox, self._take_in, self._room)
        self._past = Backlog(clock, self._outbox, self._take_in, self._room)
        self._held = 0
        self._held_of: dict[str, int] = {}
        self._mailboxes: dict[str, deque[Letter]] = {}
        self._to_open: list[str] = []
        self._deliveries: dict[str, Deferred[None]] = {}
        self._pauses: dict[str, Deferred[None]] = {}
        self._is_flushing = False
        self._is_closed = False
        self._losing: set[str] = set()
        self._left = 0
        self._emptied: Deferred[None] | None = None

    @property
    def pending(self) -> int:
        """How many events are neither delivered nor dead."""
        return self._held + len(self._backlog) + len(self._past)

    @property
    def mailboxes(self) -> int:
        """How many legs have events that wait for an earlier one, or for their first try."""
        return len(self._mailboxes)

    def put(self, event: AnyEvent) -> None:
        """Take `event` for delivery.

        Returns at once, before anything is sent, and never raises.
        """
        letter = Letter(event, until=self._epoch() + self._limits.give_up_after)
        account = letter.account_sid
        if account not in self._backlog and self._room(account) > 0:
            self._hold_in_memory(letter)
            self._outbox.add(letter, partial(self._enter, letter))
        elif self._outbox.outlives_us:
            self._outbox.add(letter, partial(self._backlog.drain, account))
            self._backlog.add(account, letter.place)
        else:
            self._lose(account)

    def resume(self, pending: Mapping[str, int], dead: int, before: int) -> None:
        """Go on with what earlier processes left in the outbox, in places below `before`.

        `pending` is how many, by account.  No leg of theirs is one of ours: ours need not wait.
        """
        self.dead += dead
        self._past.before = before
        for account, count in pending.items():
            self._past.add(account, 0, count)
        self._past.drain_all()

    def again(self, letter: Letter) -> None:
        """Take a letter that was dead and is in the outbox anew, behind all others."""
        self.dead -= 1
        if letter.account_sid in self._backlog or self._room(letter.account_sid) <= 0:
            self._backlog.add(letter.account_sid, letter.place)
            self._backlog.drain(letter.account_sid)
        else:
            self._take_in([letter])

    def hurry(self, token: str) -> bool:
        """Try an event that pauses between tries now; return whether it did."""
        pause = self._pauses.get(token)
        if pause is None:
            return False
        pause.callback(None)
        return True

    def drop(self, token: str) -> bool:
        """Forget an event that is in memory, wherever it is; return whether it was."""
        delivery = self._deliveries.get(token)
        if delivery is not None:
            delivery.cancel()
            return True
        for mailbox in self._mailboxes.values():
            for letter in mailbox:
                if letter.token == token:
                    mailbox.remove(letter)
                    self._settle(letter)
                    return True
        return False

    async def flush(self, seconds: float) -> int:
        """Deliver what can be delivered within `seconds`, then let go of the rest.

        No event is tried again.  Those that pause between tries are tried at once, or left to the
        next start if the outbox outlives this one.  Returns how many were not delivered.
        """
        dead_before = self.dead
        self._is_flushing = True
        self._backlog.stop()
        self._past.stop()
        for token, pause in [*self._pauses.items()]:
            if self._outbox.outlives_us:
                self._deliveries[token].cancel()
            else:
                pause.callback(None)
        if self._held:
            self._emptied = Deferred()
            timer = self._clock.callLater(seconds, self._end_flush)
            await self._emptied
            if timer.active():
                timer.cancel()
        left = self.pending + self._left
        self._let_go()
        return left + self.dead - dead_before

    # What there is room for.

    def _room(self, account: str) -> int:
        limits = self._limits
        return min(
            limits.pending - self._held,
            limits.pending_per_account - self._held_of.get(account, 0),
        )

    def _lose(self, account: str) -> None:
        self.dropped += 1
        if account not in self._losing:
            self._losing.add(account)
            self.log.error(
                "too many callbacks are pending ({pending}); account {account} loses some",
                pending=self.pending,
                account=account,
            )

    def _hold_in_memory(self, letter: Letter) -> None:
        account = letter.account_sid
        self._held += 1
        self._held_of[account] = self._held_of.get(account, 0) + 1

    def _take_in(self, letters: list[Letter]) -> None:
        for letter in letters:
            self._hold_in_memory(letter)
            self._enter(letter)

    def _settle(self, letter: Letter) -> None:
        account = letter.account_sid
        was_full = self._held >= self._limits.pending
        self._held -= 1
        self._held_of[account] -= 1
        if not self._held_of[account]:
            del self._held_of[account]
            self._losing.discard(account)
        for backlog in (self._past, self._backlog):
            if was_full:
                backlog.drain_all()
            else:
                backlog.drain(account)
        if not self._held:
            self._end_flush()

    # Mailboxes.

    def _enter(self, letter: Letter) -> None:
        if self._is_closed:
            return
        mailbox = self._mailboxes.get(letter.mailbox)
        if mailbox is not None:
            mailbox.append(letter)
            return
        self._mailboxes[letter.mailbox] = deque((letter,))
        if not self._to_open:
            # In a turn of its own: what the call itself has to send goes first.
            self._clock.callLater(0, self._open)
        self._to_open.append(letter.mailbox)

    def _open(self) -> None:
        opened, self._to_open = self._to_open, []
        for call_sid in opened:
            emptying = Deferred.fromCoroutine(self._empty(call_sid))
            emptying.addErrback(self._broke, call_sid=call_sid)

    async def _empty(self, call_sid: str) -> None:
        mailbox = self._mailboxes[call_sid]
        while mailbox:
            letter = mailbox.popleft()
            delivery = Deferred.fromCoroutine(self._deliver(letter))
            self._deliveries[letter.token] = delivery
            delivery.addBoth(self._end, letter)
            if not delivery.called:
                await self._until_it_may_go_on(letter, delivery)
        # Unless a flush has let go of all mailboxes and another has taken the name since.
        if self._mailboxes.get(call_sid) is mailbox:
            del self._mailboxes[call_sid]

    def _until_it_may_go_on(self, letter: Letter, delivery: Deferred[None]) -> Deferred[None]:
        """Return what fires when `delivery` is over, or has held the later ones up for too long."""
        seconds = self._hold_of(letter.account_sid)
        if seconds >= self._limits.give_up_after:
            return delivery  # it is dead by then
        may_go_on: Deferred[None] = Deferred()
        timer = self._clock.callLater(seconds, may_go_on.callback, None)

        def end(_: None) -> None:
            if timer.active():
                timer.cancel()
                may_go_on.callback(None)

        delivery.addCallback(end)
        return may_go_on

    def _hold_of(self, account_sid: str) -> float:
        own = self._own_hold(account_sid)
        return self._limits.hold_seconds if own is None else own

    def _end(self, result: Failure | None, letter: Letter) -> None:
        self._deliveries.pop(letter.token, None)
        if self._is_flushing and self._outbox.outlives_us and letter.problem:
            self._leave(letter)
        self._settle(letter)
        if result is not None and result.check(CancelledError) is None:
            self._broke(result, letter.call_sid)

    def _leave(self, letter: Letter) -> None:
        """Leave a leg's letters to the next start: none may overtake one that did not arrive."""
        self._left += 1
        mailbox = self._mailboxes.get(letter.mailbox)
        while mailbox:
            self._left += 1
            self._settle(mailbox.popleft())

    # One letter.

    async def _deliver(self, letter: Letter) -> None:
        if letter.due_at > self._epoch():
            await self._pause(letter)
        while True:
            problem = await self._post(letter.event)
            if problem is None:
                self.delivered += 1
                letter.problem = ""
                self._window.arrived()
                self._outbox.remove(letter, self._window.kept)
                return
            letter.tries += 1
            letter.problem, letter.code = problem.reason, problem.code
            letter.due_at = self._epoch() + self._pause_after(letter.tries, problem)
            is_last = self._is_flushing and not self._outbox.outlives_us
            if problem.is_final or letter.due_at > letter.until or is_last:
                self._give_up(letter)
                return
            self._outbox.postpone(letter)
            if self._is_flushing:
                return
            self.log.debug(
                "{event} of {call_sid} failed, again in {pause:.1f} s: {problem}",
                event=letter.event.event.value,
                call_sid=letter.call_sid,
                pause=letter.due_at - self._epoch(),
                problem=problem.reason,
            )
            await self._pause(letter)

    async def _post(self, event: AnyEvent) -> Undelivered | None:
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

    async def _pause(self, letter: Letter) -> None:
        pause: Deferred[None] = Deferred()
        seconds = max(0.0, letter.due_at - self._epoch())
        timer = self._clock.callLater(seconds, pause.callback, None)
        self._pauses[letter.token] = pause
        try:
            await pause
        finally:
            self._pauses.pop(letter.token, None)
            if timer.active():
                timer.cancel()

    def _give_up(self, letter: Letter) -> None:
        self.dead += 1
        self._outbox.bury(letter)
        self.log.error(
            "gave up on {event} of {call_sid} after {tries} tries: {problem}",
            event=letter.event.event.value,
            call_sid=letter.call_sid,
            sequence=letter.event.sequence,
            tries=letter.tries,
            problem=letter.problem,
        )
        letter.problem = ""

    # The end.

    def _end_flush(self) -> None:
        emptied, self._emptied = self._emptied, None
        if emptied is not None:
            emptied.callback(None)

    def _let_go(self) -> None:
        self._is_closed = self._outbox.outlives_us
        for mailbox in self._mailboxes.values():
            for letter in mailbox:
                self._settle(letter)
            mailbox.clear()
        self._mailboxes.clear()
        self._to_open.clear()
        for delivery in [*self._deliveries.values()]:
            delivery.cancel()

    def _broke(self, failure: Failure, call_sid: str) -> Any:
        self.log.failure("a mailbox broke", failure, call_sid=call_sid)
