"""Lists: what clients know a page by, and pages that neither repeat nor skip."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from twilio.base.page import Page

from b2bua.routing.plan import Event, Status
from tests.api.rest import CALLS, Rest


def sids(body: dict[str, Any]) -> list[int]:
    return [int(call["sid"][2:], 16) for call in body["calls"]]


def test_a_page_has_the_one_name_that_clients_do_not_know(rest: Rest) -> None:
    rest.create()
    body = rest.get(CALLS).body
    assert set(body) - Page.META_KEYS == {"calls"}


def test_pages_lead_to_each_other(rest: Rest) -> None:
    for _ in range(5):
        rest.create()
    first = rest.get(CALLS, {"PageSize": "2", "To": "+15550000101"}).body
    assert sids(first) == [5, 4]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 2, 0, 1)
    assert first["previous_page_uri"] is None
    assert first["next_page_uri"].startswith(f"{CALLS}?")
    assert parse_qs(urlsplit(first["next_page_uri"]).query)["To"] == ["+15550000101"]
    second = rest.get(first["next_page_uri"]).body
    assert (sids(second), second["page"], second["start"]) == ([3, 2], 1, 2)
    third = rest.get(second["next_page_uri"]).body
    assert (sids(third), third["next_page_uri"]) == ([1], None)
    assert sids(rest.get(third["previous_page_uri"]).body) == [3, 2]
    assert sids(rest.get(third["first_page_uri"]).body) == [5, 4]
    assert sids(rest.get(third["uri"]).body) == [1]


def test_a_call_made_between_two_pages_moves_nothing(rest: Rest) -> None:
    for _ in range(4):
        rest.create()
    first = rest.get(CALLS, {"PageSize": "2"}).body
    rest.create()
    assert sids(rest.get(first["next_page_uri"]).body) == [2, 1]


def test_an_empty_list_is_a_page(rest: Rest) -> None:
    body = rest.get(CALLS).body
    assert (body["calls"], body["page_size"], body["next_page_uri"]) == ([], 50, None)
    assert (body["start"], body["end"]) == (0, 0)


@pytest.mark.parametrize(
    "query",
    [
        {"PageSize": "0"},
        {"PageSize": "1001"},
        {"PageSize": "many"},
        {"PageToken": "PAx"},
        {"PageToken": "PA" + "9" * 19},
        {"Page": "-1"},
        {"Page": "1"},
    ],
    ids=str,
)
def test_a_page_that_cannot_be_is_20002(rest: Rest, query: dict[str, str]) -> None:
    reply = rest.get(CALLS, query)
    assert (reply.status, reply.body["code"]) == (400, 20002)
    assert list(reply.body["details"]) == list(query)


@pytest.mark.parametrize("size", ["1", "1000"])
def test_the_smallest_and_the_largest_page_are_taken(rest: Rest, size: str) -> None:
    assert rest.get(CALLS, {"PageSize": size}).status == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"Status": "queued"}, [2]),
        ({"Status": "busy"}, [1]),
        ({"From": "+15550009999"}, [2, 1]),
        ({"From": "+1555"}, []),
        ({"ParentCallSid": "CA0"}, []),
        ({"StartTime": "2010-08-20"}, [1]),
        ({"StartTime": "2010-08-21"}, []),
        ({"StartTime>": "2010-08-20T01:13:40Z"}, [1]),
        ({"StartTime>": "2010-08-20T01:13:50Z"}, []),
        ({"StartTime<": "2010-08-20"}, []),
        ({"StartTime<": "2010-08-21T00:00:00+02:00"}, [1]),
        ({"EndTime<": "2010-08-21"}, [1]),
    ],
    ids=str,
)
def test_a_list_holds_what_was_asked_for(
    rest: Rest, query: dict[str, str], found: list[int]
) -> None:
    first = rest.create()
    rest.exchange.step(first, Status.INITIATED, Event.INITIATED)
    rest.exchange.step(first, Status.BUSY, Event.COMPLETED, 0)
    rest.create()
    assert sids(rest.get(CALLS, query).body) == found


@pytest.mark.parametrize(
    "query",
    [
        {"Status": "gone"},
        {"StartTime": "yesterday"},
        {"StartTime<": "2010-13-01"},
        {"EndTime>": "9" * 400},
    ],
    ids=str,
)
def test_a_filter_that_says_nothing_is_refused_by_name(rest: Rest, query: dict[str, str]) -> None:
    reply = rest.get(CALLS, query)
    assert reply.status == 400
    assert list(reply.body["details"]) == list(query)
