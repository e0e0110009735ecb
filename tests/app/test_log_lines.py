"""A log line is one event, and holds no secret, whatever the fields hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.app.log_lines import WITHHELD, json_line, redact, text_line

EVENT: dict[str, object] = {"time": 1_792_700_000.5, "level": "info", "event": "call offered"}


def test_text_shows_time_level_event_and_fields() -> None:
    line = text_line({**EVENT, "call_sid": "CA1", "legs": 2, "display": "Bob Smith", "gone": None})
    assert (
        line
        == '2026-10-22T20:13:20.500Z info     call offered call_sid=CA1 legs=2 display="Bob Smith"'
    )


def test_json_is_one_object_with_the_same_fields() -> None:
    assert json.loads(json_line({**EVENT, "call_sid": "CA1", "lag": float("nan")})) == {
        "time": "2026-10-22T20:13:20.500Z",
        "level": "info",
        "event": "call offered",
        "call_sid": "CA1",
        "lag": "nan",
    }


VALUES = st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.booleans())


@given(st.text(), st.dictionaries(st.text(min_size=1), VALUES))
def test_an_event_is_one_printable_line(event: str, fields: dict[str, object]) -> None:
    for line in (text_line, json_line):
        written = line({**fields, "time": 0.0, "event": event})
        assert written.isprintable()
        assert len(written.splitlines()) == 1


def test_a_quoted_value_cannot_pretend_to_be_a_field() -> None:
    line = text_line({**EVENT, "user": 'x" call_sid="CA2'})
    assert line.endswith(r'user="x\" call_sid=\"CA2"')


@pytest.mark.parametrize(
    "name", ["password", "auth_token", "Authorization", "Proxy-Authorization", "digits", "digit"]
)
def test_a_secret_field_is_withheld(name: str) -> None:
    for line in (text_line, json_line):
        assert "sesame" not in line({**EVENT, name: "sesame"})


@pytest.mark.parametrize(
    "text",
    [
        'INVITE\r\nAuthorization: Digest username="bob",\r\n response="sesame"\r\nTo: x',
        "authorization=Basic sesame",
        "{'Authorization': 'Basic sesame'}",
        "(b'Proxy-Authorization', b'Basic sesame')",
        "POST /gather?CallSid=CA1&Digits=sesame&x=1",
        "Signal=sesame\r\nDuration=160",
        "<Number sendDigits='sesame'/>",
        '{"digits": "sesame"}',
        "auth_token=sesame",
        "authtoken: sesame",
        "password='sesame'",
        "https://user:sesame@example.com/voice",
        "sip:bob:sesame@example.com",
        "postgresql+psycopg://b2bua:sesame@db/b2bua",
    ],
)
def test_a_secret_inside_a_text_is_withheld(text: str) -> None:
    shown = redact(text)
    assert "sesame" not in shown
    assert WITHHELD in shown


@pytest.mark.parametrize(
    "text",
    ["sip:bob@example.com:5060", "http://example.com:8080/digits", "12 digits were expected"],
)
def test_a_harmless_text_stays(text: str) -> None:
    assert redact(text) == text
