"""<Pause>: wait.  As the first verb it delays the answer (rcml.md 8.5)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import Flow, Next
from b2bua.rcml.reading import Reading
from b2bua.routing.plan import Prompt, Silence

ATTRIBUTES = frozenset({"length"})
LONGEST = 14_400


@dataclass(frozen=True, slots=True)
class Pause:
    """`length` is in seconds, 1 to 14,400."""

    length: int = 1

    loop = 1

    async def prompts(self, _flow: Flow) -> tuple[Prompt, ...]:
        """Return what is heard in one round."""
        return (Silence(self.length),)

    async def run(self, flow: Flow) -> Next:
        """Wait."""
        await flow.party.pause(self.length)
        return None


def read(element: etree._Element, reading: Reading) -> Pause:
    """Read a <Pause> element."""
    reading.attributes(element, ATTRIBUTES)
    reading.no_children(element)
    reading.no_text(element)
    return Pause(reading.whole(element, "length", 1, most=LONGEST, code=13910))
