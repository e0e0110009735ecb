"""<Redirect>: go on in another document (rcml.md 8.6)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import Flow, Follow, Next
from b2bua.rcml.reading import Reading, text_of

ATTRIBUTES = frozenset({"method"})
NO_URL = 21402


@dataclass(frozen=True, slots=True)
class Redirect:
    follow: Follow

    async def run(self, _flow: Flow) -> Next:
        """Leave for the other document."""
        return self.follow


def read(element: etree._Element, reading: Reading) -> Redirect | None:
    """Read a <Redirect> element; without a URL it leads nowhere."""
    reading.attributes(element, ATTRIBUTES)
    reading.no_children(element)
    method = reading.method(element, code=13710)
    text = text_of(element)
    url = reading.resolve(text) if text else None
    if url is None:
        reading.warn(element, "<Redirect> has no http or https URL", NO_URL)
        return None
    return Redirect(Follow(url, method))
