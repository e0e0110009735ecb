"""<Say>: speak words (rcml.md 8.3)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import Flow, Next
from b2bua.rcml.reading import Reading
from b2bua.routing.plan import Prompt, Speech

ATTRIBUTES = frozenset({"voice", "language", "loop"})

_VOICE = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"  # BCP 47, as far as engines know it


@dataclass(frozen=True, slots=True)
class Say:
    """`loop` is how often the words are spoken; 0 repeats them until the party hangs up."""

    speech: Speech
    loop: int = 1

    async def prompts(self, _flow: Flow) -> tuple[Prompt, ...]:
        """Return what is heard in one round."""
        return (self.speech,)

    async def run(self, flow: Flow) -> Next:
        """Speak."""
        await flow.party.play(self.speech, loop=self.loop)
        return None


def read(element: etree._Element, reading: Reading) -> Say | None:
    """Read a <Say> element; without words there is nothing to do."""
    reading.attributes(element, ATTRIBUTES)
    in_gather = reading.is_in_gather(element)
    for child in element.iterchildren(etree.Element):
        reading.warn(child, f"<{child.tag:.64}> inside <Say> is left out, its words are spoken")
    text = " ".join("".join(map(str, element.itertext())).split())
    if not text:
        reading.warn(element, "<Say> has no words", 13325 if in_gather else 13520)
        return None
    voice = reading.word(element, "voice", "", _VOICE, 13321 if in_gather else 13511)
    language = reading.word(element, "language", "en-US", _LANGUAGE)
    loop = reading.whole(element, "loop", 1, least=0, most=1000, code=13322 if in_gather else 13510)
    return Say(Speech(text, voice, language), loop)
