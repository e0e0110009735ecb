"""What a URL's fragment may ask for, and that the client does it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from b2bua.routing.plan import Answer
from b2bua.webhooks.overrides import Overrides, read_overrides
from tests.support.web_server import Customer, Reply, RudeServer
from tests.webhooks.conftest import PUBLIC, TOKEN, Browser

EVERYTHING = frozenset({"4xx", "5xx", "ct", "rt"})


@pytest.mark.parametrize(
    ("fragment", "overrides"),
    [
        ("", Overrides()),
        ("section-2", Overrides()),
        ("rc=2&rp=all&ct=1000", Overrides(connect=1.0, retries=2, retry_on=EVERYTHING)),
        ("rt=100&tt=15000", Overrides(read=0.1, total=15.0)),
        ("rp=4xx,5xx", Overrides(retry_on=frozenset({"4xx", "5xx"}))),
        ("rp=RT, ct", Overrides(retry_on=frozenset({"rt", "ct"}))),
        ("rc=0", Overrides(retries=0)),
        ("sni=n", Overrides(sni=False)),
        ("e=ashburn,dublin&sni=y", Overrides()),
        ("unknown=1&rc", Overrides()),
    ],
)
def test_a_fragment_is_read(fragment: str, overrides: Overrides) -> None:
    assert read_overrides(fragment) == overrides


@pytest.mark.parametrize(
    ("fragment", "field", "value"),
    [
        ("ct=99", "connect", 0.1),
        ("ct=10001", "connect", 10.0),
        ("rt=0", "read", 0.1),
        ("rt=15001", "read", 15.0),
        ("tt=99999999999", "total", 15.0),
        ("tt=-5", "total", 0.1),
        ("rc=6", "retries", 5),
        ("rc=-1", "retries", 0),
        ("rc=two", "retries", 1),
        ("rc=²", "retries", 1),
        ("ct=--5", "connect", None),
        ("ct=" + "9" * 5000, "connect", None),
        ("rp=6xx", "retry_on", {"ct"}),
        ("rp=6xx,rt", "retry_on", {"rt"}),
        ("rp=", "retry_on", {"ct"}),
        ("sni=maybe", "sni", True),
    ],
)
def test_what_is_out_of_range_is_clamped_with_a_warning(
    fragment: str, field: str, value: object
) -> None:
    overrides = read_overrides(fragment)
    assert getattr(overrides, field) == value
    assert len(overrides.warnings) == 1


@given(st.text())
def test_any_fragment_is_read(fragment: str) -> None:
    overrides = read_overrides(fragment)
    assert 0 <= overrides.retries <= 5
    assert overrides.retry_on


def serve(browser: Browser, *replies: Reply) -> Customer:
    customer = Customer(*replies)
    browser.internet.serve(PUBLIC, 80, customer.site(browser.internet), "app.example")
    return customer


@pytest.mark.parametrize(
    ("fragment", "status", "tries"),
    [
        ("#rc=2&rp=5xx", 503, 3),
        ("#rc=5&rp=5xx", 500, 6),
        ("#rc=2&rp=5xx", 404, 1),
        ("#rc=2&rp=4xx", 404, 3),
        ("#rc=2&rp=all", 404, 3),
        ("#rc=2", 503, 1),
        ("#rc=0&rp=all", 503, 1),
        ("#rc=2&rp=all", 200, 1),
        ("", 503, 1),
    ],
)
def test_rc_counts_the_retries_of_a_status_in_rp(
    browser: Browser, fragment: str, status: int, tries: int
) -> None:
    customer = serve(browser, Reply(status))
    assert browser.answer("http://app.example/" + fragment).status == status
    assert len(customer.seen) == tries


def test_retries_end_with_the_first_success(browser: Browser) -> None:
    customer = serve(browser, Reply(503), Reply(503), Reply(200))
    assert browser.answer("http://app.example/#rc=5&rp=5xx").status == 200
    assert len(customer.seen) == 3


def test_a_refused_connection_is_tried_once_more_by_default(browser: Browser) -> None:
    browser.internet.names["app.example"] = [[PUBLIC]]
    assert browser.fault("http://app.example/").code == 11205
    assert len(browser.internet.dialled) == 2


def test_connect_timeouts_are_retried_within_the_total(browser: Browser) -> None:
    browser.internet.names["hole.example"] = [[PUBLIC]]
    browser.internet.black_holes.add((PUBLIC, 80))
    assert browser.fault("http://hole.example/#rc=5&ct=4000").code == 11205
    assert browser.internet.seconds() == pytest.approx(15)
    assert len(browser.internet.dialled) == 4


def test_a_read_timeout_is_retried_only_if_asked_for(browser: Browser) -> None:
    customer = serve(browser, Reply(0))
    browser.fault("http://app.example/#rc=2&rp=ct&rt=1000")
    assert len(customer.seen) == 1
    browser.fault("http://app.example/#rc=2&rp=rt&rt=1000")
    assert len(customer.seen) == 4
    assert browser.internet.seconds() == pytest.approx(4)


def test_a_partial_response_is_not_retried(browser: Browser) -> None:
    server = RudeServer(
        browser.internet, lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"], ends=True
    )
    browser.internet.serve(PUBLIC, 80, server, "app.example")
    browser.fault("http://app.example/#rc=5&rp=all")
    assert len(server.served) == 1


def test_tt_bounds_all_attempts_of_a_call(browser: Browser) -> None:
    serve(browser, Reply(0))
    browser.fault("http://app.example/#rc=5&rp=all&rt=1000&tt=2500")
    assert browser.internet.seconds() == pytest.approx(2.5)


def test_tt_bounds_each_attempt_of_what_no_call_waits_on(browser: Browser) -> None:
    customer = serve(browser, Reply(0))
    browser.fetch("http://app.example/#rc=2&rp=all&tt=2500", patient=True)
    assert browser.internet.seconds() == pytest.approx(7.5)
    assert len(customer.seen) == 3


def test_scenario_10(browser: Browser) -> None:
    """rcml.md 12.10: the query is kept, the fragment is not sent, three attempts, one token."""
    customer = serve(browser, Reply(503), Reply(503), Reply(200))
    outcome = browser.fetch(
        "http://app.example/x?a=1#rc=2&rp=5xx",
        "GET",
        (("CallStatus", "completed"),),
        headers=(("I-Twilio-Idempotency-Token", "token-1"),),
    )
    assert isinstance(outcome, Answer)
    assert [seen.uri for seen in customer.seen] == ["/x?a=1&CallStatus=completed"] * 3
    assert {seen.headers["i-twilio-idempotency-token"] for seen in customer.seen} == {"token-1"}
    validator = RequestValidator(TOKEN)
    assert all(
        validator.validate(seen.url, {}, seen.headers["x-twilio-signature"])
        for seen in customer.seen
    )
