"""What every call is made with: clocks, wires, media, and the settings of the site."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

from twisted.internet.interfaces import IReactorTime

from b2bua.app.registrations import NoRows, Registrations, Rows
from b2bua.app.settings import Settings
from b2bua.app.signing import SigningKeys
from b2bua.app.trunk_settings import TrunkEntry
from b2bua.app.verification import Verifier
from b2bua.callbacks.interfaces import AnyEvent
from b2bua.media.interfaces import Backend
from b2bua.net.driver import Driver
from b2bua.net.local import Local
from b2bua.routing.interfaces import Web
from b2bua.routing.plan import Event, LegFacts, NumberSettings, Prompt, StatusPlan
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.timers import Timers
from b2bua.store.calls import CallRecords, MemoryCalls
from b2bua.store.numbers import MemoryNumbers, NumberRecords

if TYPE_CHECKING:
    from b2bua.app.tapes import Tapes


class Voice(Protocol):
    """Turns prompts into sound."""

    async def render(self, prompt: Prompt) -> bytes:
        """Return 16-bit PCM, 8 kHz mono; raise `PromptError` when it cannot be had."""


class Events(Protocol):
    """Takes what applications want to be told."""

    def put(self, event: AnyEvent) -> None:
        """Return at once; never raise."""


class Steps(Protocol):
    """Keeps what happened to legs, for longer than this process lives."""

    def append(
        self,
        facts: LegFacts,
        event: Event,
        duration: int | None = None,
        plan: StatusPlan | None = None,
        sequence: int = 0,
    ) -> None:
        """Keep a step, and who is to hear of the next; return at once; never raise."""

    def report_to(self, facts: LegFacts, plan: StatusPlan, sequence: int) -> None:
        """Keep who is to hear of a leg from now on; return at once; never raise."""


class NoSteps:
    """Keeps nothing."""

    def append(
        self,
        facts: LegFacts,
        event: Event,
        duration: int | None = None,
        plan: StatusPlan | None = None,
        sequence: int = 0,
    ) -> None:
        """Do nothing."""

    def report_to(self, facts: LegFacts, plan: StatusPlan, sequence: int) -> None:
        """Do nothing."""


class Notes(Protocol):
    """Keeps errors and warnings of rcml.md 7.4."""

    def note(self, leg: LegFacts, code: int, text: str, url: str) -> None:
        """Return at once; never raise."""


class NoNotes:
    """Keeps nothing."""

    def note(self, leg: LegFacts, code: int, text: str, url: str) -> None:
        """Do nothing."""


class Entropy:
    """Where everything that must be unguessable comes from (RFC 3261 section 19.3)."""

    def call_sid(self) -> str:
        """Return `CA` and 32 hexadecimal digits."""
        return "CA" + secrets.token_hex(16)

    def recording_sid(self) -> str:
        """Return `RE` and 32 hexadecimal digits; a file is called so, and by nothing else."""
        return "RE" + secrets.token_hex(16)

    def call_id(self) -> str:
        """Return a Call-ID that says nothing of this host."""
        return secrets.token_hex(16)

    def tag(self) -> str:
        """Return a tag for From or To."""
        return secrets.token_hex(8)

    def token(self) -> str:
        """Return the idempotency token of one event."""
        return secrets.token_hex(16)

    def origination_id(self) -> uuid.UUID:
        """Return what names a call to those who trace it (RFC 8588 section 5)."""
        return uuid.UUID(bytes=secrets.token_bytes(16), version=4)

    def family(self) -> str:
        """Return what tells a call's family from all others, in hexadecimal."""
        return secrets.token_hex(12)

    def session_id(self) -> int:
        """Return a session id for `o=` (RFC 8866 section 5.2): it fits 63 bits."""
        return secrets.randbits(62)

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return secrets.randbelow(1 << 30) / (1 << 30)


@dataclass
class Equipment:
    """One of each, for all calls.

    `wall` returns seconds since the epoch; `local_for` our end towards a hop; `is_late` whether
    this process cannot keep up.  `forget` is told the CallSid of each call that is over.
    `verifier` is None where no caller's identity is verified.
    `bindings` keeps registered contacts, `is_open` says whether a hop's connection is there.
    `trunk_of` tells the trunk that a request has come by, to a contact we registered there.
    """

    clock: IReactorTime
    wall: Callable[[], float]
    settings: Settings
    driver: Driver
    local_for: Callable[[Hop], Local]
    backend: Backend
    voice: Voice
    events: Events
    web: Web
    timers: Timers
    tapes: Tapes
    calls: CallRecords = field(default_factory=lambda: MemoryCalls(1_000))
    numbers: NumberRecords = field(default_factory=lambda: MemoryNumbers(1_000))
    journal: Steps = field(default_factory=NoSteps)
    notes: Notes = field(default_factory=NoNotes)
    signing: SigningKeys = field(default_factory=SigningKeys)
    verifier: Verifier | None = None
    entropy: Entropy = field(default_factory=Entropy)
    is_late: Callable[[], bool] = lambda: False
    forget: Callable[[str], None] = lambda _call_sid: None
    play_tokens: count[int] = field(default_factory=lambda: count(1))
    bindings: Rows = field(default_factory=NoRows)
    is_open: Callable[[Hop], bool] = lambda _hop: True
    trunk_of: Callable[[Request], TrunkEntry | None] = lambda _request: None
    registrations: Registrations = field(init=False)

    def __post_init__(self) -> None:
        """Make what is made of the rest."""
        limits = self.settings.limits
        self.registrations = Registrations(self.clock, limits, self.bindings, self.is_open)

    def number_for(self, user: str) -> NumberSettings | None:
        """Return what becomes of calls to a user part: an account's own number says, then the site.

        A number whose account is no longer in the settings takes no calls.
        """
        record = self.numbers.find(user)
        if record is not None and self.settings.account(record.plan.account_sid) is not None:
            return record.plan
        return self.settings.number_for(user)
