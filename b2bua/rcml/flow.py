"""One party's way through documents: what a verb may use while it runs, and where it leads.

A verb is a frozen value.  `run` acts on the flow's party and returns a `Next`: None goes on with
the next verb, `Follow` leaves for another document, `End` is the end of the flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from b2bua.rcml.fetch import Library
from b2bua.rcml.limits import Limits
from b2bua.rcml.urls import for_log
from b2bua.routing.interfaces import Call, Party
from b2bua.routing.plan import Answer, Ask, Fault, Outcome, Recording, Ring, Screen
from b2bua.routing.voice_request import voice_parameters

LOOPED = 11215
SCHEMA = 12200


@dataclass(frozen=True, slots=True)
class Follow:
    """A document to be fetched next.

    `url` is absolute; `fields` are sent beside the voice request parameters.  `after_input` says
    that the caller pressed keys to get here, `is_fallback` that another document failed.
    """

    url: str
    method: str = "POST"
    fields: tuple[tuple[str, str], ...] = ()
    after_input: bool = False
    is_fallback: bool = False


class End(Enum):
    """How a flow ended."""

    RAN_OUT = "the last document has no further verb"
    HANG_UP = "a verb asks to hang up"
    OVER = "the caller is gone, or was refused"
    FAILED = "a document could not be had"


Next = Follow | End | None


class Verb(Protocol):
    """One element of a document, read and checked."""

    async def run(self, flow: Flow) -> Next:
        """Act on the flow's party and say where to go."""


class Flow:
    """A party, and what the verbs it meets may use.

    `call` is the whole call, or None in a whisper, where only the callee takes part.
    """

    log = Logger()

    def __init__(
        self,
        party: Party,
        library: Library,
        limits: Limits,
        *,
        country: str = "",
        call: Call | None = None,
        whisper: Callable[[Follow], Screen] | None = None,
    ) -> None:
        self.party = party
        self.limits = limits
        self.country = country
        self.call = call
        self.is_expired = False
        self._is_ringing = False
        self._library = library
        self._whisper = whisper

    @property
    def is_whisper(self) -> bool:
        """Whether the party is a callee who has yet to accept the call."""
        return self.call is None

    async def fetch(self, follow: Follow) -> Answer | Fault:
        """Request the document at `follow` in the name of the party's leg."""
        fields = (*voice_parameters(self.party.leg), *follow.fields)
        ask = self._ask(follow.url, follow.method, fields)
        return await self.party.comfort(self._library.fetch(ask))

    async def tell(self, follow: Follow) -> None:
        """Request `follow` for its effect at the other end; its document is not run (rule D-8)."""
        answer = await self.fetch(follow)
        if isinstance(answer, Fault):
            self.note(answer)

    async def recording(self, url: str) -> Recording | None:
        """Return the audio at `url`, or None when it cannot be had, which is then noted."""
        limit = self.limits.play_bytes
        ask = self._ask(url, "GET", limit_bytes=limit)
        answer = await self.party.comfort(self._library.fetch(ask))
        if isinstance(answer, Fault):
            self.note(answer)
            return None
        return Recording(answer.body)

    def note(self, fault: Fault) -> None:
        """Note `fault` against the party's call."""
        self.party.notify(fault.code, fault.text, url=for_log(fault.url))

    def expire(self) -> None:
        """End the flow because it has run for too long; a bridge ends by its own limit."""
        self.is_expired = True
        self.party.notify(LOOPED, f"documents have run for {self.limits.call_seconds:g} seconds")
        if not self._is_ringing:
            ended = Deferred.fromCoroutine(self.party.hang_up())
            ended.addErrback(lambda failure: self.log.failure("hanging up failed", failure))

    def _ask(
        self,
        url: str,
        method: str,
        fields: tuple[tuple[str, str], ...] = (),
        limit_bytes: int | None = None,
    ) -> Ask:
        leg = self.party.leg
        return Ask(url, method, fields, leg.account_sid, leg.call_sid, limit_bytes=limit_bytes)

    def screen(self, follow: Follow) -> Screen:
        """Return the private conversation that the document at `follow` leads with a callee."""
        assert self._whisper is not None, "a whisper rings nobody"
        return self._whisper(follow)

    async def ring(self, ring: Ring) -> Outcome:
        """Ring as `Call.ring` does."""
        assert self.call is not None, "a whisper rings nobody"
        self._is_ringing = True
        try:
            return await self.call.ring(ring)
        finally:
            self._is_ringing = False
