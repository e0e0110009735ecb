"""After a death: every leg that it left without its end gets its one `completed` (rule E-3).

A call dies with the process that carried it; its bill must not stay open.  What is told is what the
journal knows: who it was, whether it was answered and when, and, to a few seconds, until when the
process lived.  Such an end stands in the journal and in the outbox before all that is new.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from b2bua.app.kept_letters import KeptLetters
from b2bua.app.logs import logger
from b2bua.callbacks.interfaces import Letter, StatusEvent
from b2bua.routing.plan import Event, LegFacts, Status
from b2bua.store.journal import Entry, Journal, Step
from b2bua.store.schema import time_of

log = logger("recovery")

AT_A_TIME = 50
"""Legs that are read and ended in one turn of the reactor."""
DIED = (12_400, "b2bua ended before the call did")
ANSWERED_WITH = 200


@dataclass(frozen=True, slots=True)
class End:
    """How a leg ended that nobody saw the end of.  `at` is seconds since the epoch."""

    facts: LegFacts
    at: float
    duration: int
    is_told: bool

    @property
    def was_answered(self) -> bool:
        """Whether it is to be paid for."""
        return self.facts.status is Status.COMPLETED


def end_of(steps: list[Step], alive_at: float) -> End:
    """Return how a leg ended whose process was last known to be alive at `alive_at`.

    It is over when the process was last heard of: a call is never made longer than it was.
    """
    last = steps[-1]
    if all(step.event is Entry.QUEUED for step in steps):
        return End(last.facts.at(Status.CANCELED), last.at, 0, is_told=False)
    at = max(alive_at, last.at)
    answered = next((step.at for step in steps if step.event is Event.ANSWERED), None)
    if answered is None:
        return End(last.facts.at(Status.FAILED), at, 0, is_told=True)
    return End(last.facts.at(Status.COMPLETED), at, max(0, int(at - answered)), is_told=True)


class Recovery:
    """Ends what earlier processes left, once.

    `token` makes idempotency tokens; `told` hears of each end.
    """

    def __init__(
        self,
        journal: Journal,
        letters: KeptLetters,
        token: Callable[[], str],
        give_up_after: float,
        told: Callable[[LegFacts, tuple[int, str]], None],
    ) -> None:
        self._journal = journal
        self._letters = letters
        self._token = token
        self._give_up_after = give_up_after
        self._told = told

    async def run(self) -> int:
        """Return how many legs there were.

        Each leg's end is one transaction: a death in between leaves the rest to the next start.

        Raises:
            StoreAwayError: the store can't be read now; calling again goes on.
        """
        began, count = self._letters.began, 0
        alive_at = await self._journal.alive_at()
        place = await self._journal.last_place(began)
        while left := await self._journal.left(began, AT_A_TIME):
            known = await self._journal.of_calls(left)
            for call_sid in left:
                place = self._end(call_sid, known.get(call_sid, []), alive_at, place)
            count += len(left)
        if count:
            log.warning("legs were left without their end, and have it now", legs=count)
        return count

    def _end(self, call_sid: str, steps: list[Step], alive_at: float, place: int) -> int:
        """Write the end of a leg at the places after `place`; return the last of them."""
        if not steps or any(step.event is Event.COMPLETED for step in steps):
            self._journal.forget_left(call_sid)
            return place
        end = end_of(steps, alive_at)
        if not end.is_told:
            self._journal.close(end.facts, is_ours=False)
            return place
        self._journal.complete(place + 1, end.at, end.facts, end.duration)
        self._told(end.facts, DIED)
        plan = steps[-1].plan
        if plan is not None and Event.COMPLETED in plan.events:
            status = ANSWERED_WITH if end.was_answered else None
            event = StatusEvent(
                plan,
                end.facts,
                Event.COMPLETED,
                steps[-1].sequence,
                end.at,
                self._token(),
                end.duration,
                status,
                DIED,
            )
            letter = Letter(
                event, place + 2, until=time_of(self._letters.began) + self._give_up_after
            )
            self._letters.leave(letter)
        return place + 2
