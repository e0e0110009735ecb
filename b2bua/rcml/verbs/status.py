"""What a noun asks to be told about its leg: the `statusCallback` attributes (rules N-5 to N-8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from lxml import etree

from b2bua.rcml.reading import Reading
from b2bua.routing.plan import Event, StatusPlan

BAD_METHOD = 13210

_EVENTS = {event.value: event for event in Event}

EventT = TypeVar("EventT")


def read_status(element: etree._Element, reading: Reading) -> StatusPlan | None:
    """Read the three attributes; None when nothing is to be told."""
    words = element.get("statusCallbackEvent")
    url = reading.link(element, "statusCallback")
    if url is None:
        if words is not None and not element.get("statusCallback", "").strip():
            reading.warn(element, "statusCallbackEvent without statusCallback tells nobody")
        return None
    if "_" in (urlsplit(url).hostname or ""):
        reading.warn(element, "the host of statusCallback has an underscore in its name")
    method = reading.method(element, "statusCallbackMethod", BAD_METHOD)
    events = read_events(element, "statusCallbackEvent", _EVENTS, Event.COMPLETED, reading)
    return StatusPlan(url, method, events)


def read_events(
    element: etree._Element,
    name: str,
    known: Mapping[str, EventT],
    default: EventT,
    reading: Reading,
) -> frozenset[EventT]:
    """Read a list of events with commas or spaces between them; `default` where it names none."""
    asked: set[EventT] = set()
    for word in re.findall(r"[^\s,]+", element.get(name, "")):
        event = known.get(word.lower())
        if event is None:
            reading.warn(element, f"{name} names {word[:32]!r}, which is no event")
        else:
            asked.add(event)
    return frozenset(asked) or frozenset({default})
