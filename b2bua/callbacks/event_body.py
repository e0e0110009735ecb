"""A status event as JSON in ASCII keeps it: what an outbox that outlives us needs to send it."""

from __future__ import annotations

import json
from typing import Any

from b2bua.callbacks.interfaces import StatusEvent
from b2bua.routing.leg_body import leg_body, leg_from
from b2bua.routing.plan import Event, StatusPlan

# Made once: to make one takes longer than to use it.
_WRITER = json.JSONEncoder(separators=(",", ":"))


def event_body(event: StatusEvent) -> str:
    """Return everything of `event`, as JSON."""
    body: dict[str, Any] = {
        "url": event.plan.url,
        "method": event.plan.method,
        "events": sorted(wanted.value for wanted in event.plan.events),
        "leg": leg_body(event.leg),
        "event": event.event.value,
        "sequence": event.sequence,
        "fired_at": event.fired_at,
        "token": event.token,
        "duration": event.duration,
        "sip_status": event.sip_status,
        "error": event.error,
    }
    return _WRITER.encode(body)


def event_from(text: str) -> StatusEvent:
    """Return what `event_body` was made from."""
    body = json.loads(text)
    error = body["error"]
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
    )
