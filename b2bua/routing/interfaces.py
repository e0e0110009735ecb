"""The doors of a routing plugin: `Call` and `Party` on one side, `IRouter` on the other.

A plugin provides `IRouterFactory` (found by `twisted.plugin.getPlugins` in `b2bua.plugins`), which
makes an `IRouter`, whose `take` is a coroutine handed one `Call`.  Semantic versioning applies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from twisted.internet.interfaces import IReactorTime
from zope.interface import Attribute, Interface

from b2bua.routing.plan import (
    Answer,
    Ask,
    Digits,
    Fault,
    Gather,
    LegFacts,
    Offer,
    Outcome,
    Prompt,
    Ring,
)

Result = TypeVar("Result")


class Gone(Exception):  # noqa: N818 - it is an event of the call, not an error of anybody
    """The party has hung up.  A router need not catch it: its coroutine simply ends here."""


class Party(Protocol):
    """Somebody who hears and presses keys: the caller, or a callee in a whisper.

    Every method raises `Gone` once the party has hung up, or was let go.
    """

    @property
    def leg(self) -> LegFacts:
        """What is known of this party's leg now."""

    async def play(self, *prompts: Prompt, loop: int = 1) -> None:
        """Play `prompts` in order, `loop` times (0: until the party hangs up); return at the end.

        Answers the caller first if that has not happened.  A prompt that cannot be rendered is
        noted (`notify`) and replaced by an error tone.
        """

    async def gather(self, gather: Gather) -> Digits:
        """Collect keys; see `Gather`.  Answers the caller first if that has not happened."""

    async def pause(self, seconds: float) -> None:
        """Wait.  Does *not* answer a caller that has not been answered (rcml.md 8.5)."""

    async def comfort(self, work: Awaitable[Result]) -> Result:
        """Return what `work` comes to; meanwhile the party is not left in dead air.

        When it has heard nothing for a second it hears soft noise until `work` is done; a caller
        who has not been answered hears ringing.  It does not raise `Gone` of its own.
        """

    async def hang_up(self) -> None:
        """End this party's leg.  Harmless when it has ended."""

    def notify(self, code: int, text: str, *, url: str = "") -> None:
        """Note an error or warning of rcml.md 7.4 against this call, for the log and the store."""


class Call(Party, Protocol):
    """An incoming call, in a router's hands."""

    @property
    def offer(self) -> Offer:
        """Who calls whom."""

    @property
    def is_answered(self) -> bool:
        """Whether the caller has been sent a 200."""

    async def answer(self) -> None:
        """Answer the caller now.  Does nothing when that has happened."""

    async def ring(self, ring: Ring) -> Outcome:
        """Ring all targets, bridge the first that accepts, return when that is over.

        Never raises `Gone`: a caller who hung up is told by `Outcome.caller_gone`.
        """

    async def refuse(self, status: int, reason: str) -> None:
        """Answer the caller with a final refusal, 300-699 (RFC 3261 section 21).

        When the caller has been answered already, it is hung up instead.
        """


class Web(Protocol):
    """HTTP to customers' servers: signed, bounded in time and size, never into our own network."""

    async def fetch(self, ask: Ask) -> Answer | Fault:
        """Send `ask`, following redirects and its URL's connection overrides; never raises."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a plugin is given of the process it runs in.

    `limits` are the site's `[limits]` by name; a plugin goes by those it knows.
    """

    clock: IReactorTime
    web: Web
    limits: Mapping[str, float] = field(default_factory=dict)


class IRouter(Interface):
    """Decides what becomes of calls."""

    def take(call: Call) -> Any:
        """Return a coroutine that handles `call`.

        It ends when the router is done with the call: a caller who is still there is then hung
        up, or answered 480 if it was never answered.  When the caller hangs up, the next thing
        awaited of `call` raises `Gone` (`ring` returns instead).  What else it raises is logged
        with the plugin's name, and the caller hears 500.
        """


class IRouterFactory(Interface):
    """Makes one router from the settings.  Provide it together with `twisted.plugin.IPlugin`."""

    name = Attribute('what `router = "..."` in the settings says')

    def create(settings: Mapping[str, Any], site: Site) -> IRouter:
        """Check `settings` (the table `[plugins.NAME]`) and make the router.

        Raises:
            ValueError: a sentence that tells the operator what to change.
        """
