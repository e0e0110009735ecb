"""<Hangup>: end the call; in a whisper, decline it (rcml.md 8.6, rule W-4)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import End, Flow, Next
from b2bua.rcml.reading import Reading


@dataclass(frozen=True, slots=True)
class Hangup:
    async def run(self, _flow: Flow) -> Next:
        """End the flow; who started it knows how its party is let go."""
        return End.HANG_UP


def read(element: etree._Element, reading: Reading) -> Hangup:
    """Read a <Hangup> element."""
    reading.attributes(element, ())
    reading.no_children(element)
    reading.no_text(element)
    return Hangup()
