"""Somebody on a leg, as a router meets them: plays to them and collects their keys.

Everything here that waits is ended by `gone`, with `Gone` raised where the router awaits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from b2bua.app.comfort import Comfort
from b2bua.app.equipment import Equipment
from b2bua.app.garbage import forget_frames
from b2bua.app.lines import Lines
from b2bua.call.keys import Collector
from b2bua.media.prompts import PromptError, encode
from b2bua.routing.interfaces import Gone
from b2bua.routing.plan import Digits, ErrorTone, Gather, LegFacts, Prompt, Silence, Tones

NOT_PLAYABLE = (13_520, "this leg takes no G.711: prompts cannot be played to it")

Result = TypeVar("Result")

Item = bytes | Tones | Silence
"""Octets to be played, keys to be pressed, or time to pass."""


class LiveParty:
    """A `Party` on one leg.

    `facts` returns what is known of the leg, `note` takes notes about it, and `hang_up` ends it.
    """

    def __init__(
        self,
        equipment: Equipment,
        lines: Lines,
        facts: Callable[[], LegFacts],
        note: Callable[[int, str, str], None],
        hang_up: Callable[[], None],
    ) -> None:
        self._equipment = equipment
        self._lines = lines
        self._facts = facts
        self._note = note
        self._hang_up = hang_up
        self._known = facts()
        self._is_gone = False
        self._waits: set[Deferred[None]] = set()
        self._playing: dict[int, Deferred[None]] = {}
        self._silences: dict[int, IDelayedCall] = {}
        self._hear_key: Callable[[str], None] | None = None
        self._heard: Deferred[None] | None = None
        self._comfort = Comfort(equipment, lines)

    # The Party that a router sees.

    @property
    def leg(self) -> LegFacts:
        """What is known of this party's leg now, or was when it went."""
        if not self._is_gone:
            self._known = self._facts()
        return self._known

    async def play(self, *prompts: Prompt, loop: int = 1) -> None:
        """Play `prompts` in order, `loop` times (0: until the party hangs up)."""
        await self.play_while(lambda: True, *prompts, loop=loop)

    async def play_while(self, wanted: Callable[[], bool], *prompts: Prompt, loop: int = 1) -> None:
        """Play as `play` does, but nothing that is no longer `wanted` once it is ready."""
        await self._ready()
        made = self._comfort.during(self._render(prompts), lambda: wanted() and self._is_late())
        items = [item for item in await made if item]
        if not items or not wanted():
            return
        if loop == 0 and len(items) == 1 and isinstance(items[0], bytes):
            await self._send(items[0], loop=True)
        for _time in count() if loop == 0 else range(loop):
            for item in items:
                await self._send(item)

    async def gather(self, gather: Gather) -> Digits:
        """Collect keys while `gather.prompts` play; the first key stops them."""
        await self._ready()
        collecting = _Collecting(self, gather)
        self._hear_key = collecting.press
        try:
            return await collecting.collect()
        finally:
            self._hear_key = None
            self._comfort.stop()
            self._comfort.heard()

    async def pause(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await self.sleep(seconds)
        self._comfort.heard()

    async def comfort(self, work: Awaitable[Result]) -> Result:
        """Await `work`, and keep the party company when it is late."""
        return await self._comfort.during(work, self._is_late)

    async def hang_up(self) -> None:
        """End this party's leg."""
        if not self._is_gone:
            self._hang_up()

    def notify(self, code: int, text: str, *, url: str = "") -> None:
        """Note an error or warning of rcml.md 7.4."""
        self._note(code, text, url)

    # What the call tells it.

    def gone(self) -> None:
        """End everything that waits: the leg is over, or has been let go."""
        if self._is_gone:
            return
        self._known = self._facts()
        self._is_gone = True
        waiting = [*self._waits]
        self._comfort.end()
        self._playing.clear()
        for silence in self._silences.values():
            silence.cancel()
        self._silences.clear()
        for wait in waiting:
            wait.errback(Gone())

    def dismiss(self) -> None:
        """End everything that waits, and be quiet: somebody else talks to the party from now on."""
        self.gone()
        stream = self._lines.playing_stream
        if stream is not None:
            self._equipment.backend.quiet(stream)

    def played(self, token: int) -> None:
        """Take that what was sent under `token` has ended."""
        silence = self._silences.pop(token, None)
        if silence is not None and silence.active():
            silence.cancel()
        if wait := self._playing.pop(token, None):
            wait.callback(None)

    def pressed(self, key: str) -> None:
        """Take one key.  Keys nobody waits for are dropped: there is no typing ahead."""
        if self._hear_key is not None:
            self._hear_key(key)

    def aimed(self) -> None:
        """Take that the leg's description is known: there is somewhere to play to."""
        if self._heard is not None:
            heard, self._heard = self._heard, None
            heard.callback(None)

    # How it is done.

    async def _ready(self) -> None:
        """Come back when there is somewhere to play to."""
        self._check()
        if self._lines.is_aimed:
            return
        self._heard = Deferred()
        await self.wait(self._heard)
        self._comfort.heard()

    def _is_late(self) -> bool:
        """Take that what the party waits for is late; return whether it may be played to."""
        return not self._is_gone and not self._playing

    def _check(self) -> None:
        if self._is_gone:
            raise Gone

    async def wait(self, fired: Deferred[None]) -> None:
        """Wait for `fired`, or raise `Gone` when the party goes first."""
        self._check()
        self._waits.add(fired)
        try:
            await fired
        finally:
            self._waits.discard(fired)

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`, or raise `Gone`."""
        over: Deferred[None] = Deferred()
        delayed = self._equipment.clock.callLater(seconds, over.callback, None)
        try:
            await self.wait(over)
        finally:
            if delayed.active():
                delayed.cancel()

    def call_later(self, seconds: float, then: Callable[[], None]) -> IDelayedCall:
        """Start a timer on the party's clock; its maker cancels it."""
        return self._equipment.clock.callLater(seconds, then)

    async def _render(self, prompts: tuple[Prompt, ...]) -> list[Item]:
        found = self._lines.playable
        if found is None:
            self._note(*NOT_PLAYABLE, "")
            return []
        items: list[Item] = []
        for prompt in prompts:
            if isinstance(prompt, Tones | Silence):
                items.append(prompt)
                continue
            sound = encode(await self._pcm(prompt), found.codec)
            match items[-1:]:
                case [bytes() as before]:
                    items[-1] = before + sound
                case _:
                    items.append(sound)
        return items

    async def _pcm(self, prompt: Prompt) -> bytes:
        try:
            pcm = await self._equipment.voice.render(prompt)
        except PromptError as problem:
            self._note(problem.code, problem.text, "")
            pcm = await self._equipment.voice.render(ErrorTone())
        self._check()
        return pcm

    async def _send(self, item: Item, *, loop: bool = False) -> None:
        stream = self._lines.playing_stream
        if stream is None:
            return
        self._comfort.stop()
        token = next(self._equipment.play_tokens)
        ended: Deferred[None] = Deferred()
        self._playing[token] = ended
        match item:
            case Tones(digits):
                self._equipment.backend.press(stream, token, digits)
            case Silence(seconds):
                self._silences[token] = self.call_later(seconds, lambda: self.played(token))
            case bytes():
                self._equipment.backend.play(stream, token, item, loop)
        await self.wait(ended)
        self._comfort.heard()

    def stop_playing(self) -> None:
        """Stop what plays; whoever awaits it goes on."""
        for token in [*self._silences]:
            self.played(token)
        stream = self._lines.playing_stream
        if stream is not None and self._playing:
            self._equipment.backend.quiet(stream)


class _Collecting:
    """One `gather` of a party: prompts first, then silence counts."""

    def __init__(self, party: LiveParty, gather: Gather) -> None:
        self._party = party
        self._gather = gather
        self._collector = Collector(gather)
        self._done: Deferred[None] = Deferred()
        self._digits: Digits | None = None
        self._timer: IDelayedCall | None = None

    async def collect(self) -> Digits:
        """Return the keys when they are enough or the time is over; raise `Gone`."""
        prompting = Deferred.fromCoroutine(self._prompt())
        try:
            await self._party.wait(self._done)
        finally:
            self._disarm()
            self._party.stop_playing()
            prompting.addErrback(_gone_too)
        assert self._digits is not None
        return self._digits

    def press(self, key: str) -> None:
        """Take one key: it ends the prompts and starts the time anew."""
        if self._digits is not None:
            return
        self._disarm()
        self._party.stop_playing()
        digits = self._collector.press(key)
        if digits is not None:
            self._finish(digits)
        else:
            self._arm()

    async def _prompt(self) -> None:
        for prompt in self._gather.prompts:
            if not self._is_waiting():
                return
            await self._party.play_while(self._is_waiting, prompt)
        if self._digits is None and self._timer is None:
            self._arm()

    def _is_waiting(self) -> bool:
        return self._digits is None and not self._collector.has_begun

    def _arm(self) -> None:
        self._timer = self._party.call_later(self._gather.timeout, self._time_over)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _time_over(self) -> None:
        self._timer = None
        self._finish(self._collector.time_over())

    def _finish(self, digits: Digits) -> None:
        if self._digits is None:
            self._digits = digits
            if not self._done.called:
                self._done.callback(None)


def _gone_too(failure: Failure) -> None:
    """Take that prompts ended with their party."""
    failure.trap(Gone)
    forget_frames(failure)
