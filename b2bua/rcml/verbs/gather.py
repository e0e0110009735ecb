"""<Gather>: collect keys while prompts play, and follow where they lead (rcml.md 8.2)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import Flow, Follow, Next
from b2bua.rcml.reading import Reading
from b2bua.rcml.verbs import pause, play, say
from b2bua.routing import plan
from b2bua.routing.plan import Prompt

ATTRIBUTES = frozenset(
    {"action", "method", "timeout", "finishOnKey", "numDigits", "input", "actionOnEmptyResult"}
)
# They shape speech recognition alone.
SPEECH_ATTRIBUTES = frozenset(
    {
        "speechTimeout",
        "language",
        "hints",
        "partialResultCallback",
        "partialResultCallbackMethod",
        "speechModel",
        "profanityFilter",
        "bargeIn",
        "enhanced",
    }
)

Prompting = say.Say | play.Play | pause.Pause

NESTED = {"Say": say.read, "Play": play.read, "Pause": pause.read}


@dataclass(frozen=True, slots=True)
class Gather:
    """`timeout` is in seconds between digits, counted after the prompts end."""

    action: Follow
    prompts: tuple[Prompting, ...] = ()
    timeout: int = 5
    finish_on_key: str = "#"
    num_digits: int | None = None
    follows_silence: bool = False

    async def run(self, flow: Flow) -> Next:
        """Collect; keys lead to `action`, silence to the next verb unless told otherwise."""
        heard = await self._heard(flow)
        collected = await flow.party.gather(
            plan.Gather(heard, float(self.timeout), self.finish_on_key, self.num_digits)
        )
        if not collected.digits and not self.follows_silence:
            return None
        fields = (("Digits", collected.digits),)
        has_input = bool(collected.digits)
        return Follow(self.action.url, self.action.method, fields, after_input=has_input)

    async def _heard(self, flow: Flow) -> tuple[Prompt, ...]:
        heard: list[Prompt] = []
        most = flow.limits.gather_repeats
        for prompting in self.prompts:
            # A prompt for ever would leave no moment to wait for a key after it.
            rounds = min(prompting.loop or most, most)
            heard += list(await prompting.prompts(flow)) * rounds
        return tuple(heard)


def read(element: etree._Element, reading: Reading) -> Gather:
    """Read a <Gather> element."""
    reading.attributes(element, ATTRIBUTES | SPEECH_ATTRIBUTES)
    reading.no_text(element)
    _read_input(element, reading)
    url = reading.link(element, "action") or reading.setting.url
    digits = reading.whole(element, "numDigits", 0, most=250, code=13314)
    return Gather(
        action=Follow(url, reading.method(element, code=13312)),
        prompts=_read_prompts(element, reading),
        timeout=reading.whole(element, "timeout", 5, most=600, code=13313),
        finish_on_key=reading.word(element, "finishOnKey", "#", "[0-9*#]?", 13310),
        num_digits=digits or None,
        follows_silence=reading.flag(element, "actionOnEmptyResult"),
    )


def _read_input(element: etree._Element, reading: Reading) -> None:
    kinds = set((element.get("input") or "dtmf").split())
    if not kinds <= {"dtmf", "speech"}:
        reading.warn(element, "input of <Gather> is not dtmf, speech, or both; dtmf counts")
    elif "speech" in kinds:
        reading.warn(element, "speech of <Gather> is not supported yet; keys count")


def _read_prompts(element: etree._Element, reading: Reading) -> tuple[Prompting, ...]:
    prompts: list[Prompting] = []
    for child in element.iterchildren(etree.Element):
        read_prompt = NESTED.get(str(child.tag))
        if read_prompt is None:
            reading.warn(child, f"<{child.tag:.64}> has no meaning inside <Gather>")
        elif (prompt := read_prompt(child, reading)) is not None:
            prompts.append(prompt)
    return tuple(prompts)
