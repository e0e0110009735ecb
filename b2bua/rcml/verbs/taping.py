"""What the attributes of <Dial> say of a recording (rcml.md 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from b2bua.rcml.reading import Reading
from b2bua.rcml.verbs.status import read_events
from b2bua.routing.taping import TapeCallback, TapePlan, TapeStatus

ATTRIBUTES = frozenset(
    {
        "record",
        "trim",
        "recordingTrack",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
        "recordingStatusCallbackEvent",
    }
)

_FROM_ANSWER = TapePlan()
RECORD: dict[str, TapePlan | None] = {
    "false": None,
    "do-not-record": None,
    "true": _FROM_ANSWER,
    "record-from-answer": _FROM_ANSWER,
    "record-from-ringing": TapePlan(from_ringing=True),
    "record-from-answer-dual": TapePlan(is_dual=True),
    "record-from-ringing-dual": TapePlan(from_ringing=True, is_dual=True),
}
TRACKS = {"both": (True, True), "inbound": (True, False), "outbound": (False, True)}
TRIMS = {"do-not-trim": False, "trim-silence": True}
EVENTS = {status.value: status for status in TapeStatus}


def read_tape(element: etree._Element, reading: Reading) -> TapePlan | None:
    """Return how a <Dial> is recorded, None if it is not; bad values are noted."""
    plan = RECORD[_one_of(element, reading, "record", "false", RECORD)]
    caller, callee = TRACKS[_one_of(element, reading, "recordingTrack", "both", TRACKS)]
    trim = TRIMS[_one_of(element, reading, "trim", "do-not-trim", TRIMS)]
    callback = _read_callback(element, reading)
    if plan is None:
        return None
    return replace(plan, trim=trim, caller=caller, callee=callee, callback=callback)


def _one_of(
    element: etree._Element, reading: Reading, name: str, default: str, known: Mapping[str, object]
) -> str:
    text = (element.get(name) or default).strip().lower()
    if text in known:
        return text
    reading.warn(element, f"{name} of <Dial> is not known here: {default} is taken")
    return default


def _read_callback(element: etree._Element, reading: Reading) -> TapeCallback | None:
    url = reading.link(element, "recordingStatusCallback")
    if url is None:
        return None
    method = reading.method(element, "recordingStatusCallbackMethod")
    name = "recordingStatusCallbackEvent"
    events = read_events(element, name, EVENTS, TapeStatus.COMPLETED, reading)
    return TapeCallback(url, method, events)
