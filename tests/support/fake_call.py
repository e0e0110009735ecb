"""`Party` and `Call` in memory, on the test's clock: scripted people, and what they met.

Words take one second, so does a recording; silence takes as long as it says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from b2bua.routing.interfaces import Gone
from b2bua.routing.plan import (
    Digits,
    Direction,
    Gather,
    LegFacts,
    NumberSettings,
    Offer,
    Outcome,
    Prompt,
    Ring,
    Silence,
    Status,
    Tones,
)

ACCOUNT = "AC00000000000000000000000000000001"
CALLER = LegFacts(
    "CA" + "a" * 32, ACCOUNT, Direction.INBOUND, Status.RINGING, "+15550001111", "+15550002222"
)
CALLEE = LegFacts(
    "CA" + "b" * 32,
    ACCOUNT,
    Direction.OUTBOUND_DIAL,
    Status.IN_PROGRESS,
    "+15550001111",
    "+15550003333",
    parent_call_sid=CALLER.call_sid,
)

ResultT = TypeVar("ResultT")


def seconds_of(prompt: Prompt) -> float:
    """Return how long `prompt` is heard."""
    match prompt:
        case Silence(seconds):
            return seconds
        case Tones(digits):
            return sum({"w": 0.5, "W": 1.0}.get(digit, 0.2) for digit in digits)
        case _:
            return 1.0


class FakeParty:
    """Somebody who hears, presses keys at given times and may hang up."""

    def __init__(self, clock: Clock, leg: LegFacts = CALLEE) -> None:
        self.clock = clock
        self.leg = leg
        self.heard: list[tuple[float, Prompt]] = []
        self.notices: list[tuple[int, str, str]] = []
        self.is_gone = False
        self._wait: Deferred[str | None] | None = None
        self._wants_key = False
        self._script: list[IDelayedCall] = []

    # The script.

    def press(self, keys: str, at: float) -> None:
        """Press `keys` one after the other, 0.1 s apart, from `at` seconds on."""
        for i, key in enumerate(keys):
            self._script.append(self.clock.callLater(at + i / 10, self._pressed, key))

    def hang_up_at(self, seconds: float) -> None:
        """Hang up after `seconds`."""
        self._script.append(self.clock.callLater(seconds, self.go))

    # The record.

    @property
    def codes(self) -> list[int]:
        """The codes of what was notified, in order."""
        return [code for code, _text, _url in self.notices]

    @property
    def prompts(self) -> list[Prompt]:
        """What was heard, without its times."""
        return [prompt for _at, prompt in self.heard]

    # The Party that a router sees.

    async def play(self, *prompts: Prompt, loop: int = 1) -> None:
        await self._ready()
        rounds = 0
        while loop == 0 or rounds < loop:
            rounds += 1
            for prompt in prompts:
                self.heard.append((self.clock.seconds(), prompt))
                await self._sleep(seconds_of(prompt))

    async def gather(self, gather: Gather) -> Digits:
        await self._ready()
        digits = ""
        key = await self._prompted(gather)
        while key is not None:
            if key == gather.finish_on_key:
                return Digits(digits, finished=True)
            digits += key
            if len(digits) == gather.num_digits:
                return Digits(digits, finished=True)
            key = await self._sleep(gather.timeout, for_key=True)
        return Digits(digits, finished=bool(digits))

    async def pause(self, seconds: float) -> None:
        self._check()
        await self._sleep(seconds)

    async def comfort(self, work: Awaitable[ResultT]) -> ResultT:
        return await work

    async def hang_up(self) -> None:
        self.go()

    def notify(self, code: int, text: str, *, url: str = "") -> None:
        self.notices.append((code, text, url))

    # How it is done.

    def go(self) -> None:
        """Leave: whatever waits ends with `Gone`, and so does all that is asked later."""
        if self.is_gone:
            return
        self.is_gone = True
        self.leg = replace(self.leg, status=Status.COMPLETED)
        for delayed in self._script:
            if delayed.active():
                delayed.cancel()
        if self._wait is not None:
            self._wait.errback(Gone())

    async def _ready(self) -> None:
        self._check()

    def _check(self) -> None:
        if self.is_gone:
            raise Gone

    async def _prompted(self, gather: Gather) -> str | None:
        for prompt in gather.prompts:
            self.heard.append((self.clock.seconds(), prompt))
            key = await self._sleep(seconds_of(prompt), for_key=True)
            if key is not None:
                return key
        return await self._sleep(gather.timeout, for_key=True)

    async def _sleep(self, seconds: float, *, for_key: bool = False) -> str | None:
        self._check()
        self._wait = wait = Deferred[str | None]()
        self._wants_key = for_key
        delayed = self.clock.callLater(seconds, wait.callback, None)
        try:
            return await wait
        finally:
            self._wait = None
            if delayed.active():
                delayed.cancel()

    def _pressed(self, key: str) -> None:
        # Nobody types ahead: a key that is not waited for is lost.
        if self._wait is not None and self._wants_key:
            self._wait.callback(key)


class FakeCall(FakeParty):
    """A caller.  `outcomes` are what `ring` leads to, in turn; one may be a coroutine function."""

    def __init__(
        self,
        clock: Clock,
        number: NumberSettings,
        leg: LegFacts = CALLER,
        *,
        caller: str = "+15550001111",
        called: str = "+15550002222",
        country: str = "",
    ) -> None:
        super().__init__(clock, leg)
        self.offer = Offer(caller, called, number, country)
        self.is_answered = False
        self.answered_at: float | None = None
        self.refused: tuple[int, str] | None = None
        self.rings: list[Ring] = []
        self.outcomes: list[Outcome | Callable[[Ring], Awaitable[Outcome]]] = []
        self.ring_seconds = 1.0

    async def answer(self) -> None:
        self._check()
        if not self.is_answered:
            self.is_answered = True
            self.answered_at = self.clock.seconds()
            self.leg = replace(self.leg, status=Status.IN_PROGRESS)

    async def ring(self, ring: Ring) -> Outcome:
        self.rings.append(ring)
        if self.is_gone:
            return Outcome(Status.CANCELED, caller_gone=True)
        if not ring.answer_on_bridge:
            await self.answer()
        outcome = self.outcomes.pop(0)
        try:
            if not isinstance(outcome, Outcome):
                outcome = await outcome(ring)
            await self._sleep(self.ring_seconds)
        except Gone:
            return Outcome(Status.CANCELED, caller_gone=True)
        if outcome.bridged:
            await self.answer()
        if outcome.caller_gone:
            self.go()
        return outcome

    async def refuse(self, status: int, reason: str) -> None:
        self._check()
        if not self.is_answered:
            self.refused = (status, reason)
        self.go()

    async def _ready(self) -> None:
        await self.answer()


def begin(awaitable: Awaitable[ResultT]) -> Deferred[ResultT]:
    """Begin to await `awaitable`, which the clock will bring to its end."""

    async def result() -> ResultT:
        return await awaitable

    return Deferred.fromCoroutine(result())


def play_out(clock: Clock, awaitable: Awaitable[ResultT], seconds: float = 60.0) -> ResultT | Gone:
    """Await `awaitable` for at most `seconds` of the clock; return its result, or its `Gone`.

    Raises:
        AssertionError: it has not ended by then.
    """
    results: list[Any] = []
    running: Deferred[Any] = begin(awaitable)
    running.addErrback(lambda failure: failure.value if failure.check(Gone) else failure)
    running.addBoth(results.append)
    end = clock.seconds() + seconds
    while not results and clock.seconds() < end:
        upcoming = [call.getTime() for call in clock.getDelayedCalls()]
        if not upcoming:
            break
        due = min([*upcoming, end])
        clock.advance(max(0.0, due - clock.seconds()))
        if clock.seconds() < due:  # a sum of floats may fall short of it by a hair
            clock.advance(1e-9)
    assert results, f"still running after {seconds} seconds"
    if hasattr(results[0], "raiseException"):
        results[0].raiseException()
    result: ResultT | Gone = results[0]
    return result
