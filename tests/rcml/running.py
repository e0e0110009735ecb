"""Whole calls in memory: the number that takes them, and what every request about them says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b2bua.routing.plan import NumberSettings
from tests.support.fake_call import ACCOUNT, CALLER

Run = Callable[..., None]

VOICE = "https://app.example/calls/voice.xml"
FALLBACK = "https://spare.example/fallback"
VOICE_FIELDS = {
    "CallSid": CALLER.call_sid,
    "AccountSid": ACCOUNT,
    "From": "+15550001111",
    "To": "+15550002222",
    "Caller": "+15550001111",
    "Called": "+15550002222",
    "CallStatus": "ringing",
    "ApiVersion": "2010-04-01",
    "Direction": "inbound",
}


def number(**more: Any) -> NumberSettings:
    return NumberSettings("+15550002222", "rcml", ACCOUNT, **{"voice_url": VOICE, **more})
