"""What is told to an application, and the doors of whoever carries and keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from b2bua.routing.plan import Event, LegFacts, StatusPlan
from b2bua.routing.taping import TapeCallback, TapeFacts, TapeStatus


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One step of one leg, as it was when it happened (rcml.md 6.1-6.3).

    `fired_at` is seconds since the epoch; `sequence` counts from 0 the events sent for this leg and
    URL; `token` is the same on every try.  `duration` (whole seconds from answer to end) and
    `sip_status` are given on `completed` alone, as is `tape`, if the leg was recorded.
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
    tape: TapeFacts | None = None

    @property
    def account_sid(self) -> str:
        """Whose it is."""
        return self.leg.account_sid

    @property
    def call_sid(self) -> str:
        """The leg it is about."""
        return self.leg.call_sid

    @property
    def mailbox(self) -> str:
        """Whose events are told one after another: the leg's."""
        return self.leg.call_sid


@dataclass(frozen=True, slots=True)
class TapeEvent:
    """One step of a recording (rcml.md 8.7); `call_sid` is the caller's leg.

    `began_at` and `fired_at` are seconds since the epoch; `token` is the same on every try.
    """

    plan: TapeCallback
    account_sid: str
    call_sid: str
    event: TapeStatus
    tape: TapeFacts
    channels: int
    began_at: float
    fired_at: float
    token: str
    sequence: int = 0

    @property
    def mailbox(self) -> str:
        """Whose events are told one after another: the recording's; those of legs do not wait."""
        return self.tape.sid


AnyEvent = StatusEvent | TapeEvent


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Why an event did not arrive.

    `is_final` says that trying again is no use; `retry_after` is how many seconds the receiver
    asked to be left alone, None if it did not; `code` is one of rcml.md 7.4.
    """

    reason: str
    is_final: bool = False
    retry_after: float | None = None
    code: int = 11_200


class Sink(Protocol):
    """Carries one event to where it is wanted."""

    async def post(self, event: AnyEvent) -> Undelivered | str | None:
        """Return None when it was delivered, else why not; never raise.

        A plain sentence means that another try may succeed.
        """


@dataclass(slots=True, eq=False)
class Letter:
    """An event on its way, and how far it has got.

    `place` orders letters in an outbox; `tries` have failed, the last with `problem`; `due_at` is
    when the next one is due and `until` when it is the last, in seconds since the epoch.  `code` is
    the problem's of rcml.md 7.4.
    """

    event: AnyEvent
    place: int = 0
    tries: int = 0
    due_at: float = 0.0
    until: float = 0.0
    problem: str = ""
    code: int = 11_200

    @property
    def account_sid(self) -> str:
        """Whose it is."""
        return self.event.account_sid

    @property
    def call_sid(self) -> str:
        """The leg it is about."""
        return self.event.call_sid

    @property
    def mailbox(self) -> str:
        """The mailbox it is in."""
        return self.event.mailbox

    @property
    def token(self) -> str:
        """What every try carries."""
        return self.event.token


class OutboxAwayError(Exception):
    """An outbox can't be read now; it may be later."""


class Outbox(Protocol):
    """Keeps letters until they have arrived.  Nothing here waits, and only `waiting` raises.

    `outlives_us` says that what is kept is there after a restart.
    """

    outlives_us: bool

    def add(self, letter: Letter, kept: Callable[[], None]) -> None:
        """Give `letter` its place and keep it.

        `kept` is called once, in the order of adding: when it is safe, or when it is known that it
        can't be for now.
        """

    def postpone(self, letter: Letter) -> None:
        """Keep that a try has failed."""

    def bury(self, letter: Letter) -> None:
        """Keep that it was given up."""

    def remove(self, letter: Letter, kept: Callable[[], None]) -> None:
        """Forget it: it has arrived.  `kept` as in `add`."""

    async def waiting(self, account_sid: str, places: range, size: int) -> list[Letter]:
        """Return an account's oldest letters in `places` that are not given up.

        Raises:
            OutboxAwayError: it can't be read now.
        """


class Unkept:
    """An outbox that keeps nothing: for tests, and for who can do without."""

    outlives_us = False

    def add(self, letter: Letter, kept: Callable[[], None]) -> None:
        """Say at once that it is kept."""
        kept()

    def postpone(self, letter: Letter) -> None:
        """Do nothing."""

    def bury(self, letter: Letter) -> None:
        """Do nothing."""

    def remove(self, letter: Letter, kept: Callable[[], None]) -> None:
        """Say at once that it is kept."""
        kept()

    async def waiting(self, account_sid: str, places: range, size: int) -> list[Letter]:
        """Return that there are none."""
        return []
