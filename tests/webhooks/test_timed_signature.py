"""The second signature: bound to time, method, URL and body; two secrets may be live."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from b2bua.routing.plan import Ask
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from b2bua.webhooks.signing import key_id, timed_signature
from tests.support.internet import Internet
from tests.support.web_server import Customer, Reply

AT = 1_700_000_000
URL = "http://app.example/x?y=ü"


def test_it_is_hmac_sha256_over_time_method_url_and_body() -> None:
    told = timed_signature(["secret"], AT, "POST", URL, b"a=1")
    text = f"{AT}.POST.{URL}.a=1".encode()
    digest = hmac.new(b"secret", text, hashlib.sha256).hexdigest()
    assert told == f"t={AT},v1={key_id('secret')}:{digest}"


@pytest.mark.parametrize(
    "other",
    [
        (["secreT"], AT, "POST", URL, b"a=1"),
        (["secret"], AT + 1, "POST", URL, b"a=1"),
        (["secret"], AT, "GET", URL, b"a=1"),
        (["secret"], AT, "POST", URL + "z", b"a=1"),
        (["secret"], AT, "POST", URL, b"a=2"),
    ],
)
def test_everything_counts(other: tuple[list[str], int, str, str, bytes]) -> None:
    told = timed_signature(["secret"], AT, "POST", URL, b"a=1")
    assert timed_signature(*other).rpartition(":")[2] != told.rpartition(":")[2]


def test_a_key_id_is_stable_and_tells_nothing() -> None:
    assert key_id("old") == key_id("old")
    assert key_id("old") != key_id("new")
    assert "old" not in key_id("old")


def test_while_secrets_change_both_sign_and_each_try_is_dated_anew() -> None:
    internet = Internet()
    customer = Customer(Reply(503), Reply(200))
    internet.serve("93.184.216.34", 80, customer.site(internet), "app.example")
    web = WebClient(
        internet,
        internet,
        lambda _sid: ("new", "old"),
        EgressPolicy(is_own=lambda _: False),
        epoch=lambda: AT + len(customer.seen),
    )
    url = "http://app.example/x#rc=1&rp=5xx"
    internet.finish(web.fetch(Ask(url, fields=(("a", "ü"),), account_sid="AC1")))
    web.close()
    for number, seen in enumerate(customer.seen):
        assert seen.headers["x-b2bua-signature"] == timed_signature(
            ["new", "old"], AT + number, "POST", seen.url, seen.body
        )
    assert len(customer.seen) == 2
