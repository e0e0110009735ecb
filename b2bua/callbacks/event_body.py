"""An event as JSON in ASCII keeps it: what an outbox that outlives us needs to send it."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from b2bua.callbacks.interfaces import AnyEvent, StatusEvent, TapeEvent
from b2bua.callbacks.tape_event import tape_body, tape_event_from
from b2bua.routing.leg_body import leg_body, leg_from
from b2bua.routing.plan import Event, StatusPlan
from b2bua.routing.taping import TapeFacts

# Made once: to make one takes longer than to use it.
_WRITER = json.JSONEncoder(separators=(",", ":"))


def event_body(event: AnyEvent) -> str:
    """Return everything of `event`, as JSON."""
    if isinstance(event, TapeEvent):
        return _WRITER.encode(tape_body(event))
    body: dict[str, Any] = {
        "url": event.plan.url,
        "method": event.plan.method,
        "events": _names(event.plan.events),
        "leg": leg_body(event.leg),
        "event": event.event.value,
        "sequence": event.sequence,
        "fired_at": event.fired_at,
        "token": event.token,
        "duration": event.duration,
        "sip_status": event.sip_status,
        "error": event.error,
    }
    if event.tape is not None:
        body["recorded"] = asdict(event.tape)
    return _WRITER.encode(body)


@lru_cache(maxsize=16)
def _names(events: frozenset[Event]) -> list[str]:
    return sorted(event.value for event in events)


def event_from(text: str) -> AnyEvent:
    """Return what `event_body` was made from."""
    body = json.loads(text)
    if "tape" in body:
        return tape_event_from(body)
    error, recorded = body["error"], body.get("recorded")
    return StatusEvent(
        StatusPlan(body["url"], body["method"], frozenset(map(Event, body["events"]))),
        leg_from(body["leg"]),
        Event(body["event"]),
        body["sequence"],
        body["fired_at"],
        body["token"],
        body["duration"],
        body["sip_status"],
        None if error is None else (error[0], error[1]),
        None if recorded is None else TapeFacts(**recorded),
    )
