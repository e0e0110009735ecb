"""An event as the webhook it is sent as (rcml.md 6.3), and what the answer means (6.4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from b2bua.callbacks.interfaces import AnyEvent, StatusEvent, TapeEvent, Undelivered
from b2bua.callbacks.tape_event import tape_fields
from b2bua.callbacks.timestamps import timestamp
from b2bua.routing.interfaces import Web
from b2bua.routing.plan import Answer, Ask, Event, Fault
from b2bua.routing.voice_request import tape_parameters, voice_parameters

CALLBACK_SOURCE = "call-progress-events"
IDEMPOTENCY_TOKEN = "I-Twilio-Idempotency-Token"  # noqa: S105 - the name of a header

_INVALID_URL = 11100
# RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4: come again later.
_LATER = frozenset({408, 425, 429})


def event_fields(event: AnyEvent) -> tuple[tuple[str, str], ...]:
    """Return the parameters of any event."""
    return tape_fields(event) if isinstance(event, TapeEvent) else callback_fields(event)


def callback_fields(event: StatusEvent) -> tuple[tuple[str, str], ...]:
    """Return the parameters of `event` in a fixed order, absent values left out."""
    fields = [
        *voice_parameters(event.leg),
        ("Timestamp", timestamp(event.fired_at)),
        ("CallbackSource", CALLBACK_SOURCE),
        ("SequenceNumber", str(event.sequence)),
    ]
    if event.event is Event.COMPLETED:
        seconds = event.duration or 0
        fields += [("CallDuration", str(seconds)), ("Duration", str(-(-seconds // 60)))]
        if event.sip_status is not None:
            fields.append(("SipResponseCode", str(event.sip_status)))
        if event.tape is not None:
            fields += tape_parameters(event.tape)
    if event.error is not None:
        code, message = event.error
        fields += [("ErrorCode", str(code)), ("ErrorMessage", message)]
    return tuple(fields)


def ask_for(event: AnyEvent) -> Ask:
    """Return the request that carries `event`: the same on every try, token included."""
    return Ask(
        event.plan.url,
        event.plan.method,
        event_fields(event),
        event.account_sid,
        event.call_sid,
        ((IDEMPOTENCY_TOKEN, event.token),),
    )


class HttpSink:
    """Posts events by `web`; a `Sink`.  `epoch` is the time of day, for dates in Retry-After."""

    def __init__(self, web: Web, epoch: Callable[[], float] = time.time) -> None:
        self._web = web
        self._epoch = epoch

    async def post(self, event: AnyEvent) -> Undelivered | None:
        return judge(await self._web.fetch(ask_for(event)), self._epoch())


def judge(outcome: Answer | Fault, now: float) -> Undelivered | None:
    """Say whether a callback has arrived: its status decides, its body is of no interest (Q-5).

    `now` is in seconds since the epoch.
    """
    status = outcome.status
    if status is None:
        assert isinstance(outcome, Fault)
        return Undelivered(
            f"{outcome.text} ({outcome.code})",
            is_final=outcome.code == _INVALID_URL,
            code=outcome.code,
        )
    if 200 <= status < 300:
        return None
    if status not in _LATER and status < 500:
        return Undelivered(f"status {status}", is_final=True)
    asked = outcome.headers.get("retry-after") if isinstance(outcome, Answer) else None
    return Undelivered(f"status {status}", retry_after=_seconds_until(asked, now))


def _seconds_until(retry_after: str | None, now: float) -> float | None:
    # RFC 9110 section 10.2.3: seconds, or a date.
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
