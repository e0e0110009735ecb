"""Recordings as callbacks: their parameters, their row in the outbox, their own mailbox."""

from __future__ import annotations

import pytest

from b2bua.callbacks.event_body import event_body, event_from
from b2bua.callbacks.http import ask_for, event_fields
from b2bua.callbacks.interfaces import Letter, TapeEvent
from b2bua.routing.taping import TapeCallback, TapeFacts, TapeStatus

TAPE = TapeFacts("RE1", "http://pbx/Recordings/RE1", 7)


def a_tape_event(status: TapeStatus = TapeStatus.COMPLETED) -> TapeEvent:
    plan = TapeCallback("http://app/recorded", "GET", frozenset(TapeStatus))
    return TapeEvent(plan, "AC1", "CA1", status, TAPE, 2, 1_282_266_822.0, 1_282_266_829.5, "tok")


def test_a_completed_recording_is_told_with_all_parameters() -> None:
    assert dict(event_fields(a_tape_event())) == {
        "AccountSid": "AC1",
        "CallSid": "CA1",
        "RecordingSid": "RE1",
        "RecordingUrl": "http://pbx/Recordings/RE1",
        "RecordingStatus": "completed",
        "RecordingDuration": "7",
        "RecordingChannels": "2",
        "RecordingStartTime": "Fri, 20 Aug 2010 01:13:42 +0000",
        "RecordingSource": "DialVerb",
        "Timestamp": "Fri, 20 Aug 2010 01:13:49 +0000",
    }


@pytest.mark.parametrize("status", [TapeStatus.IN_PROGRESS, TapeStatus.ABSENT])
def test_what_is_not_there_has_no_length(status: TapeStatus) -> None:
    fields = dict(event_fields(a_tape_event(status)))
    assert fields["RecordingStatus"] == status.value
    assert "RecordingDuration" not in fields
    assert ("RecordingUrl" in fields) == (status is not TapeStatus.ABSENT)


@pytest.mark.parametrize("status", TapeStatus)
def test_the_outbox_gives_back_what_it_was_given(status: TapeStatus) -> None:
    event = a_tape_event(status)
    assert event_from(event_body(event)) == event


def test_it_is_sent_as_other_callbacks_are_and_waits_for_none_of_them() -> None:
    ask = ask_for(a_tape_event())
    assert (ask.url, ask.method, ask.account_sid) == ("http://app/recorded", "GET", "AC1")
    assert ask.headers == (("I-Twilio-Idempotency-Token", "tok"),)
    letter = Letter(a_tape_event())
    assert (letter.call_sid, letter.mailbox) == ("CA1", "RE1")
