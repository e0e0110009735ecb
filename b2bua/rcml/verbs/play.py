"""<Play>: play an audio file, or press keys (rcml.md 8.4)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import Flow, Next
from b2bua.rcml.reading import Reading, text_of
from b2bua.routing.plan import ErrorTone, Prompt, Tones

ATTRIBUTES = frozenset({"loop", "digits"})
NO_URL = 21402

_DIGITS = r"[0-9A-D*#wW]{1,128}"


@dataclass(frozen=True, slots=True)
class Play:
    """Exactly one of `url` (absolute) and `digits` is given; `loop` 0 repeats until hang-up."""

    url: str = ""
    digits: str = ""
    loop: int = 1

    async def prompts(self, flow: Flow) -> tuple[Prompt, ...]:
        """Return what is heard in one round; a recording that cannot be had is an error tone."""
        if self.digits:
            return (Tones(self.digits),)
        return (await flow.recording(self.url) or ErrorTone(),)

    async def run(self, flow: Flow) -> Next:
        """Play.  A recording that cannot be had is heard once, whatever `loop` says."""
        prompts = await self.prompts(flow)
        loop = 1 if prompts == (ErrorTone(),) else self.loop
        await flow.party.play(*prompts, loop=loop)
        return None


def read(element: etree._Element, reading: Reading) -> Play | None:
    """Read a <Play> element; without a URL or digits there is nothing to do."""
    reading.attributes(element, ATTRIBUTES)
    reading.no_children(element)
    code = 13322 if reading.is_in_gather(element) else 13410
    loop = reading.whole(element, "loop", 1, least=0, most=1000, code=code)
    text = text_of(element)
    if digits := reading.word(element, "digits", "", _DIGITS):
        if text:
            reading.warn(element, "<Play> has digits, so that its URL is ignored")
        return Play(digits=digits, loop=loop)
    url = reading.resolve(text) if text else None
    if url is None:
        reading.warn(element, "<Play> has no http or https URL", NO_URL)
        return None
    return Play(url, loop=loop)
