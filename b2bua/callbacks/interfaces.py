"""What is told to an application, and the door of whoever carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from b2bua.routing.plan import Event, LegFacts, StatusPlan


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One step of one leg, as it was when it happened (rcml.md 6.1-6.3).

    `fired_at` is seconds since the epoch; `sequence` counts from 0 the events sent for this leg and
    URL; `token` is the same on every try.  `duration` (whole seconds from answer to end) and
    `sip_status` are given on `completed` alone.
    """

    plan: StatusPlan
    leg: LegFacts
    event: Event
    sequence: int
    fired_at: float
    token: str
    duration: int | None = None
    sip_status: int | None = None
    error: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Why an event did not arrive.

    `is_final` says that trying again is no use; `retry_after` is how many seconds the receiver
    asked to be left alone, None if it did not.
    """

    reason: str
    is_final: bool = False
    retry_after: float | None = None


class Sink(Protocol):
    """Carries one event to where it is wanted."""

    async def post(self, event: StatusEvent) -> Undelivered | str | None:
        """Return None when it was delivered, else why not; never raise.

        A plain sentence means that another try may succeed.
        """
