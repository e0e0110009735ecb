"""`/IncomingPhoneNumbers`."""

from __future__ import annotations

import pytest

from b2bua.routing.plan import Event, StatusPlan
from tests.api.rest import ACCOUNT, NUMBERS, OTHER, OTHER_TOKEN, URL, Rest

THEIRS = f"{OTHER}:{OTHER_TOKEN}"
NUMBER = "+15557770001"


def create(rest: Rest, number: str = NUMBER, **more: str) -> str:
    """Take a number and return the path of it."""
    reply = rest.post(NUMBERS, {"PhoneNumber": number, **more})
    assert reply.status == 201, reply.text
    return str(reply.body["uri"])


def test_a_number_takes_calls_as_it_says(rest: Rest) -> None:
    create(
        rest,
        FriendlyName="Desk",
        VoiceUrl=URL,
        VoiceMethod="GET",
        VoiceFallbackUrl="http://app.example/fallback",
        StatusCallback="http://app.example/status",
        SmsUrl="http://app.example/sms",
    )
    record = rest.exchange.numbers.find(NUMBER)
    assert record is not None
    plan = record.plan
    assert (plan.number, plan.router, plan.account_sid) == (NUMBER, "rcml", ACCOUNT)
    assert (plan.voice_url, plan.voice_method) == (URL, "GET")
    assert plan.voice_fallback_url == "http://app.example/fallback"
    status = StatusPlan("http://app.example/status", "POST", frozenset({Event.COMPLETED}))
    assert plan.status == status


def test_a_number_shows_what_was_said_of_it(rest: Rest) -> None:
    body = rest.get(create(rest, VoiceUrl=URL, SmsUrl="http://app.example/sms")).body
    assert (body["phone_number"], body["friendly_name"]) == (NUMBER, NUMBER)
    assert (body["voice_url"], body["sms_url"]) == (URL, "http://app.example/sms")
    assert body["capabilities"]["voice"]


def test_an_update_changes_what_it_names_and_nothing_else(rest: Rest) -> None:
    path = create(rest, VoiceUrl=URL, VoiceMethod="GET", StatusCallback=URL)
    body = rest.post(path, {"VoiceUrl": "http://app.example/other", "FriendlyName": "New"}).body
    assert (body["voice_url"], body["voice_method"]) == ("http://app.example/other", "GET")
    assert (body["status_callback"], body["friendly_name"]) == (URL, "New")
    assert rest.post(path, {"StatusCallback": ""}).body["status_callback"] == ""


def test_numbers_are_listed_and_found(rest: Rest) -> None:
    create(rest)
    create(rest, "+15557770002", FriendlyName="Desk")
    body = rest.get(NUMBERS).body
    assert [each["phone_number"] for each in body["incoming_phone_numbers"]] == [
        *("+15557770002", NUMBER)
    ]
    for query in ({"PhoneNumber": "70002"}, {"FriendlyName": "Desk"}):
        found = rest.get(NUMBERS, query).body["incoming_phone_numbers"]
        assert [each["phone_number"] for each in found] == ["+15557770002"]


def test_a_number_that_is_given_up_can_be_taken_again(rest: Rest) -> None:
    path = create(rest)
    assert rest.ask("DELETE", path).status == 204
    assert rest.exchange.numbers.find(NUMBER) is None
    assert rest.get(path).status == 404
    create(rest)


def test_a_number_is_one_accounts_alone(rest: Rest) -> None:
    path = create(rest)
    theirs = NUMBERS.replace(ACCOUNT, OTHER)
    reply = rest.post(theirs, {"PhoneNumber": NUMBER}, user=THEIRS)
    assert (reply.status, reply.body["code"]) == (400, 21422)
    for method in ("GET", "POST", "DELETE"):
        assert rest.ask(method, path.replace(ACCOUNT, OTHER), user=THEIRS).status == 404


def test_an_account_has_no_more_numbers_than_it_may(rest: Rest) -> None:
    for last in (1, 2, 3):
        create(rest, f"+1555777000{last}")
    assert rest.post(NUMBERS, {"PhoneNumber": "+15557770004"}).status == 400


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "PhoneNumber"),
        ({"PhoneNumber": ""}, "PhoneNumber"),
        ({"PhoneNumber": "desk"}, "PhoneNumber"),
        ({"PhoneNumber": NUMBER, "VoiceUrl": "/x"}, "VoiceUrl"),
        ({"PhoneNumber": NUMBER, "VoiceMethod": "PUT"}, "VoiceMethod"),
        ({"PhoneNumber": NUMBER, "FriendlyName": "a\nb"}, "FriendlyName"),
        ({"PhoneNumber": NUMBER, "FriendlyName": "a" * 65}, "FriendlyName"),
        ({"PhoneNumber": NUMBER, "SmsUrl": "a" * 2001}, "SmsUrl"),
    ],
    ids=str,
)
def test_a_rejection_says_which_field_and_why(rest: Rest, form: dict[str, str], field: str) -> None:
    reply = rest.post(NUMBERS, form)
    assert reply.status == 400
    assert list(reply.body["details"]) == [field]
    assert len(rest.exchange.numbers) == 0
