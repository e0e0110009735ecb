"""A step of a recording: as JSON for the outbox, and as the parameters it is told in (8.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from b2bua.callbacks.interfaces import TapeEvent
from b2bua.callbacks.timestamps import timestamp
from b2bua.routing.taping import TapeCallback, TapeFacts, TapeStatus

RECORDING_SOURCE = "DialVerb"


def tape_fields(event: TapeEvent) -> tuple[tuple[str, str], ...]:
    """Return the parameters of `event` in a fixed order; no URL or length of what is not there."""
    fields = [
        ("AccountSid", event.account_sid),
        ("CallSid", event.call_sid),
        ("RecordingSid", event.tape.sid),
        ("RecordingStatus", event.event.value),
        ("RecordingChannels", str(event.channels)),
        ("RecordingStartTime", timestamp(event.began_at)),
        ("RecordingSource", RECORDING_SOURCE),
        ("Timestamp", timestamp(event.fired_at)),
    ]
    if event.event is not TapeStatus.ABSENT:
        fields.append(("RecordingUrl", event.tape.url))
    if event.event is TapeStatus.COMPLETED:
        fields.append(("RecordingDuration", str(event.tape.seconds)))
    return tuple(fields)


def tape_body(event: TapeEvent) -> dict[str, Any]:
    """Return everything of `event` by name."""
    plan = event.plan
    return {
        "url": plan.url,
        "method": plan.method,
        "events": sorted(wanted.value for wanted in plan.events),
        "account_sid": event.account_sid,
        "call_sid": event.call_sid,
        "event": event.event.value,
        "sequence": event.sequence,
        "tape": asdict(event.tape),
        "channels": event.channels,
        "began_at": event.began_at,
        "fired_at": event.fired_at,
        "token": event.token,
    }


def tape_event_from(body: Mapping[str, Any]) -> TapeEvent:
    """Return what `tape_body` was made from."""
    return TapeEvent(
        TapeCallback(body["url"], body["method"], frozenset(map(TapeStatus, body["events"]))),
        body["account_sid"],
        body["call_sid"],
        TapeStatus(body["event"]),
        TapeFacts(**body["tape"]),
        body["channels"],
        body["began_at"],
        body["fired_at"],
        body["token"],
        body["sequence"],
    )
