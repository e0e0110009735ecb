"""What a callback says (rcml.md 6.3) and what its answer means (6.4)."""

from __future__ import annotations

import pytest

from b2bua.callbacks.http import ask_for, callback_fields, judge
from b2bua.callbacks.interfaces import Undelivered
from b2bua.callbacks.timestamps import timestamp
from b2bua.routing.plan import Answer, Event, Fault, Status
from tests.callbacks.conftest import ACCOUNT, STATUS, an_event

NOW = 1_282_266_822.0


def test_an_event_says_who_when_and_which() -> None:
    assert callback_fields(an_event(Event.RINGING, sequence=1)) == (
        ("CallSid", "CA1"),
        ("AccountSid", ACCOUNT),
        ("From", "+15551230001"),
        ("To", "+15551230002"),
        ("Caller", "+15551230001"),
        ("Called", "+15551230002"),
        ("CallStatus", "ringing"),
        ("ApiVersion", "2010-04-01"),
        ("Direction", "outbound-dial"),
        ("ParentCallSid", "CA0"),
        ("SipCallId", "abc@b2bua"),
        ("Timestamp", "Fri, 20 Aug 2010 01:13:42 +0000"),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", "1"),
    )


@pytest.mark.parametrize("event", list(Event))
def test_call_status_is_the_leg_s(event: Event) -> None:
    assert dict(callback_fields(an_event(event)))["CallStatus"] == STATUS[event].value


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(None, 0), (0, 0), (1, 1), (59, 1), (60, 1), (61, 2), (3600, 60)]
)
def test_completed_says_how_long(seconds: int | None, minutes: int) -> None:
    fields = dict(callback_fields(an_event(duration=seconds, sip_status=200)))
    assert fields["CallDuration"] == str(seconds or 0)
    assert fields["Duration"] == str(minutes)
    assert fields["SipResponseCode"] == "200"


@pytest.mark.parametrize("event", [Event.INITIATED, Event.RINGING, Event.ANSWERED])
def test_only_completed_says_how_long(event: Event) -> None:
    fields = dict(callback_fields(an_event(event, duration=3, sip_status=200)))
    assert not fields.keys() & {"CallDuration", "Duration", "SipResponseCode"}


def test_what_is_not_known_is_left_out() -> None:
    fields = dict(callback_fields(an_event()))
    assert not fields.keys() & {"SipResponseCode", "ErrorCode", "ErrorMessage", "CallerName"}


def test_an_error_is_told() -> None:
    event = an_event(status=Status.FAILED, error=(13224, "not a phone number"))
    fields = dict(callback_fields(event))
    assert (fields["ErrorCode"], fields["ErrorMessage"]) == ("13224", "not a phone number")


def test_a_day_has_two_digits_and_utc_is_plus_zero() -> None:
    assert timestamp(0.999) == "Thu, 01 Jan 1970 00:00:00 +0000"


def test_every_try_is_the_same_request() -> None:
    event = an_event(url="http://app.example/x?a=1#rc=2&rp=5xx", method="GET")
    ask = ask_for(event)
    assert ask == ask_for(event)
    assert (ask.url, ask.method) == ("http://app.example/x?a=1#rc=2&rp=5xx", "GET")
    assert (ask.account_sid, ask.call_sid) == (ACCOUNT, "CA1")
    assert ask.headers == (("I-Twilio-Idempotency-Token", "CA1-0"),)


def an_answer(status: int, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, "text/plain", b"thanks", "http://app.example/", headers or {})


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_delivered_whatever_its_body(status: int) -> None:
    assert judge(an_answer(status), NOW) is None


@pytest.mark.parametrize("status", [301, 304, 400, 401, 403, 404, 410, 422, 451])
def test_other_statuses_are_final(status: int) -> None:
    problem = judge(an_answer(status), NOW)
    assert problem == Undelivered(f"status {status}", is_final=True)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_some_statuses_ask_for_another_try(status: int) -> None:
    assert judge(an_answer(status), NOW) == Undelivered(f"status {status}")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Fri, 20 Aug 2010 01:15:42 GMT", 120.0),
        ("Fri, 20 Aug 2010 01:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("²", None),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value: str, seconds: float | None) -> None:
    problem = judge(an_answer(503, {"retry-after": value}), NOW)
    assert problem is not None
    assert problem.retry_after == seconds


@pytest.mark.parametrize("code", [11200, 11205, 11206, 11210, 11220])
def test_a_network_fault_asks_for_another_try(code: int) -> None:
    problem = judge(Fault(code, "it failed", "http://app.example/"), NOW)
    assert problem == Undelivered(f"it failed ({code})", code=code)


def test_a_url_that_is_none_is_final() -> None:
    problem = judge(Fault(11100, "the URL is not absolute", "x"), NOW)
    assert problem is not None
    assert problem.is_final


def test_a_2xx_with_a_body_too_large_is_delivered_all_the_same() -> None:
    assert judge(Fault(11750, "too large", "http://app.example/", 200), NOW) is None
