"""`/Calls`: what a request for a call becomes, and what it must not be."""

from __future__ import annotations

from typing import Any

import pytest

from b2bua.routing.plan import Credentials, Event, Status, StatusPlan
from tests.api.rest import ACCOUNT, CALLS, NOT_OURS, URL, Rest, call_path

GOOD = {"To": "+15550000101", "From": "+15550009999", "Url": URL}


def test_a_call_is_created_as_queued(rest: Rest) -> None:
    reply = rest.post(CALLS, GOOD)
    assert reply.status == 201
    assert reply.headers["content-type"].startswith("application/json")
    shown = {name: reply.body[name] for name in ("status", "direction", "to", "from", "duration")}
    assert shown == {
        "status": "queued",
        "direction": "outbound-api",
        "to": "+15550000101",
        "from": "+15550009999",
        "duration": None,
    }
    assert reply.body["date_created"] == "Fri, 20 Aug 2010 01:13:42 +0000"
    assert reply.body["start_time"] is None
    assert reply.body["uri"] == call_path(reply.body["sid"])
    recordings = reply.body["subresource_uris"]["recordings"]
    assert rest.get(recordings).body["recordings"] == []


def test_an_order_holds_all_that_was_said(rest: Rest) -> None:
    rest.create(
        Method="get",
        FallbackUrl="http://app.example/fallback",
        FallbackMethod="GET",
        StatusCallback="http://app.example/status",
        StatusCallbackMethod="GET",
        StatusCallbackEvent="initiated, ringing",
        SendDigits="ww1W2#",
        Timeout="600",
        TimeLimit="90",
        Byoc="BY1",
        SipAuthUsername="bob",
        SipAuthPassword="secret",
    )
    (order,) = rest.exchange.orders
    assert (order.account_sid, order.from_) == (ACCOUNT, "+15550009999")
    assert (order.timeout, order.time_limit, order.digits) == (600.0, 90.0, "ww1W2#")
    target, number = order.target, order.number
    assert (target.number, target.trunk) == ("+15550000101", "BY1")
    assert target.credentials == Credentials("bob", "secret")
    assert target.status == StatusPlan(
        "http://app.example/status", "GET", frozenset({Event.INITIATED, Event.RINGING})
    )
    assert (number.voice_url, number.voice_method) == (URL, "GET")
    assert number.voice_fallback_url == "http://app.example/fallback"
    assert number.voice_fallback_method == "GET"


def test_events_come_repeated_or_in_a_list(rest: Rest) -> None:
    both = [*GOOD.items(), ("StatusCallback", URL), ("StatusCallbackEvent", "initiated,ringing")]
    assert rest.post(CALLS, [*both, ("StatusCallbackEvent", "answered")]).status == 201
    status = rest.exchange.orders[0].target.status
    assert status is not None
    assert status.events == {Event.INITIATED, Event.RINGING, Event.ANSWERED}


def test_without_events_completed_is_told(rest: Rest) -> None:
    rest.create(StatusCallback=URL)
    status = rest.exchange.orders[0].target.status
    assert status is not None
    assert status.events == {Event.COMPLETED}


@pytest.mark.parametrize(
    ("given", "number", "uri"),
    [
        ("+15550000101", "+15550000101", ""),
        (" +1 (555) 000-0101 ", "+15550000101", ""),
        ("2025550101", "+12025550101", ""),
        ("911", "911", ""),
        ("sip:bob@192.0.2.7;transport=tcp", "", "sip:bob@192.0.2.7;transport=tcp"),
    ],
)
def test_to_is_a_number_or_a_sip_uri(rest: Rest, given: str, number: str, uri: str) -> None:
    rest.create(To=given)
    target = rest.exchange.orders[0].target
    assert (target.number, target.uri) == (number, uri)


def test_headers_may_follow_the_number(rest: Rest) -> None:
    rest.create(To="+15550000101?X-Order=7")
    assert rest.exchange.orders[0].target.headers == (("X-Order", "7"),)


def test_a_document_may_be_given_and_a_url_wins(rest: Rest) -> None:
    twiml = "<Response/>"
    rest.create(Twiml=twiml, Url="")
    rest.create(Twiml=twiml)
    given, both = (order.number for order in rest.exchange.orders)
    assert (given.voice_url, given.voice_document) == ("", twiml)
    assert both.voice_url == URL


@pytest.mark.parametrize(
    ("more", "status", "code", "field"),
    [
        ({"To": None}, 400, 21201, "To"),
        ({"To": ""}, 400, 21211, "To"),
        ({"To": "hello"}, 400, 21211, "To"),
        ({"To": "client:bob"}, 400, 21211, "To"),
        ({"To": "sip:"}, 400, 21211, "To"),
        ({"To": "+1555?Via=x"}, 400, 21211, "To"),
        ({"To": "+1555?X-A=a%0d%0ab"}, 400, 21211, "To"),
        ({"From": None}, 400, 21213, "From"),
        ({"From": "a b"}, 400, 21212, "From"),
        ({"From": "a\r\nb"}, 400, 21212, "From"),
        ({"From": NOT_OURS}, 400, 21210, "From"),
        ({"Url": None}, 400, 21205, "Url"),
        ({"Url": "/relative"}, 400, 21205, "Url"),
        ({"Url": "ftp://app.example/"}, 400, 21205, "Url"),
        ({"Url": "http://a b/"}, 400, 21205, "Url"),
        ({"Url": None, "ApplicationSid": "AP1"}, 400, 21218, "ApplicationSid"),
        ({"Twiml": "x" * 4001}, 400, 20001, "Twiml"),
        ({"Method": "PUT"}, 400, 20001, "Method"),
        ({"FallbackUrl": "nowhere"}, 400, 20001, "FallbackUrl"),
        ({"StatusCallback": "javascript:1"}, 400, 20001, "StatusCallback"),
        ({"StatusCallbackEvent": "answered,gone"}, 400, 20001, "StatusCallbackEvent"),
        ({"Timeout": "0"}, 400, 20001, "Timeout"),
        ({"Timeout": "601"}, 400, 20001, "Timeout"),
        ({"Timeout": "soon"}, 400, 20001, "Timeout"),
        ({"Timeout": "9" * 5000}, 400, 20001, "Timeout"),
        ({"TimeLimit": "-1"}, 400, 20001, "TimeLimit"),
        ({"SendDigits": "12x"}, 400, 20001, "SendDigits"),
        ({"SendDigits": "1" * 33}, 400, 20001, "SendDigits"),
        ({"Byoc": "a b"}, 400, 20001, "Byoc"),
        ({"SipAuthUsername": "a\nb"}, 400, 20001, "SipAuthUsername"),
    ],
    ids=str,
)
def test_a_rejection_says_which_field_and_why(
    rest: Rest, more: dict[str, Any], status: int, code: int, field: str
) -> None:
    form = {name: value for name, value in {**GOOD, **more}.items() if value is not None}
    reply = rest.post(CALLS, form)
    assert (reply.status, reply.body["code"], reply.body["status"]) == (status, code, status)
    assert list(reply.body["details"]) == [field]
    assert reply.body["message"].startswith(f"{field}: ")
    assert reply.body["more_info"].endswith(str(code))
    assert rest.exchange.orders == []


def test_twiml_of_4000_characters_is_taken(rest: Rest) -> None:
    rest.create(Twiml="x" * 4000)


def test_every_bad_field_is_named(rest: Rest) -> None:
    reply = rest.post(CALLS, {"To": "+1555", "Timeout": "0", "Method": "PUT"})
    assert set(reply.body["details"]) == {"From", "Timeout", "Method"}


def test_a_field_given_twice_is_refused(rest: Rest) -> None:
    reply = rest.post(CALLS, [*GOOD.items(), ("To", "+15550000102")])
    assert reply.body["message"] == "To: this is given 2 times"


def test_fields_nobody_knows_are_ignored(rest: Rest) -> None:
    rest.create(Colour="blue", Record="true")


def test_a_full_queue_is_429(rest: Rest) -> None:
    rest.exchange.is_full = True
    assert rest.post(CALLS, GOOD).status == 429


def test_a_service_that_drains_is_503(rest: Rest) -> None:
    rest.exchange.takes_calls = False
    reply = rest.post(CALLS, GOOD)
    assert (reply.status, reply.body["code"]) == (503, 20503)
    assert rest.get(CALLS).status == 200


# One call.


def in_progress(rest: Rest) -> str:
    sid = rest.create()
    rest.clock.advance(2.0)
    rest.exchange.step(sid, Status.INITIATED, Event.INITIATED)
    rest.exchange.step(sid, Status.IN_PROGRESS, Event.ANSWERED)
    return sid


def over(rest: Rest) -> str:
    sid = in_progress(rest)
    rest.clock.advance(7.0)
    rest.exchange.step(sid, Status.COMPLETED, Event.COMPLETED, 7)
    return sid


def test_a_call_that_is_over_shows_how_long_it_took(rest: Rest) -> None:
    shown = rest.get(call_path(over(rest))).body
    assert (shown["status"], shown["duration"], shown["queue_time"]) == ("completed", "7", "2000")
    assert shown["start_time"] == "Fri, 20 Aug 2010 01:13:44 +0000"
    assert shown["end_time"] == "Fri, 20 Aug 2010 01:13:51 +0000"


def test_a_call_that_nobody_answered_has_no_duration(rest: Rest) -> None:
    sid = rest.create()
    rest.exchange.step(sid, Status.BUSY, Event.COMPLETED, 0)
    assert rest.get(call_path(sid)).body["duration"] is None


@pytest.mark.parametrize("sid", ["CA0", "x", "%ff", "..%2f..", "CA1.json"])
def test_a_call_that_is_not_there_is_404(rest: Rest, sid: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = rest.ask(method, call_path(sid))
        assert (reply.status, reply.body["code"]) == (404, 20404)


def test_a_call_is_redirected(rest: Rest) -> None:
    sid = in_progress(rest)
    rest.post(call_path(sid), {"Twiml": "<Response/>", "FallbackUrl": URL})
    ((what, which, number),) = rest.exchange.asked
    assert (what, which) == ("redirect", sid)
    assert (number.voice_document, number.voice_fallback_url) == ("<Response/>", URL)
    assert number.number == "+15550000101"


def test_a_call_is_ended_after_whom_to_tell_was_changed(rest: Rest) -> None:
    sid = in_progress(rest)
    form = {"Status": "completed", "StatusCallback": URL}
    assert rest.post(call_path(sid), form).status == 200
    assert [each[0] for each in rest.exchange.asked] == ["report_to", "end"]


def test_a_call_is_bounded(rest: Rest) -> None:
    sid = in_progress(rest)
    rest.post(call_path(sid), {"TimeLimit": "30"})
    assert rest.exchange.asked == [("limit", sid, 30.0)]


def test_a_queued_call_is_canceled(rest: Rest) -> None:
    sid = rest.create()
    assert rest.post(call_path(sid), {"Status": "canceled"}).status == 200
    assert rest.exchange.asked == [("end", sid)]


@pytest.mark.parametrize("form", [{"Status": "completed"}, {"Url": URL}, {"TimeLimit": "5"}])
def test_a_call_that_is_over_is_not_changed(rest: Rest, form: dict[str, str]) -> None:
    reply = rest.post(call_path(over(rest)), form)
    assert (reply.status, reply.body["code"]) == (400, 21220)
    assert rest.exchange.asked == []


def test_a_call_in_progress_is_not_canceled(rest: Rest) -> None:
    reply = rest.post(call_path(in_progress(rest)), {"Status": "canceled"})
    assert (reply.status, reply.body["code"]) == (400, 21220)


@pytest.mark.parametrize("form", [{"Url": URL}, {"TimeLimit": "5"}, {"StatusCallback": URL}])
def test_what_the_exchange_cannot_do_is_21220(rest: Rest, form: dict[str, str]) -> None:
    rest.exchange.does = False
    reply = rest.post(call_path(in_progress(rest)), form)
    assert (reply.status, reply.body["code"]) == (400, 21220)


@pytest.mark.parametrize("form", [{}, {"Status": "paused"}, {"Url": "x"}, {"Method": "GET"}])
def test_a_change_that_is_none_is_refused(rest: Rest, form: dict[str, str]) -> None:
    assert rest.post(call_path(in_progress(rest)), form).status == 400


def test_a_call_that_is_over_is_deleted(rest: Rest) -> None:
    sid = over(rest)
    reply = rest.ask("DELETE", call_path(sid))
    assert (reply.status, reply.text) == (204, "")
    assert rest.get(call_path(sid)).status == 404


def test_a_call_that_goes_on_is_not_deleted(rest: Rest) -> None:
    reply = rest.ask("DELETE", call_path(in_progress(rest)))
    assert (reply.status, reply.body["code"]) == (400, 21220)
