"""What goes over the wire for an ask, and what comes back."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from twisted.internet.defer import CancelledError, Deferred

from b2bua import __version__
from b2bua.routing.plan import Answer, Ask
from b2bua.webhooks.request import compose
from b2bua.webhooks.url import form, read_url
from tests.support.web_server import Customer, Reply
from tests.webhooks.conftest import ACCOUNT, CALL, ELSEWHERE, PUBLIC, TOKEN, Browser


def serve(browser: Browser, *replies: Reply, port: int = 80, name: str = "app.example") -> Customer:
    customer = Customer(*replies)
    browser.internet.serve(PUBLIC, port, customer.site(browser.internet), name)
    return customer


def test_a_post_carries_its_fields_as_a_form(browser: Browser) -> None:
    customer = serve(browser)
    answer = browser.answer("http://app.example/voice?a=1", fields=(("From", "+1 555"), ("é", "ü")))
    (seen,) = customer.seen
    assert (seen.method, seen.uri) == ("POST", "/voice?a=1")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert seen.fields == [("From", "+1 555"), ("é", "ü")]
    assert answer == Answer(
        200, "text/xml", b"<Response/>", "http://app.example/voice?a=1", answer.headers
    )


def test_a_get_appends_its_fields_to_the_query_that_is_there(browser: Browser) -> None:
    customer = serve(browser)
    answer = browser.answer("http://app.example/x?a=1", "GET", fields=(("CallSid", CALL),))
    assert customer.seen[0].uri == f"/x?a=1&CallSid={CALL}"
    assert customer.seen[0].body == b""
    assert answer.url == "http://app.example/x?a=1"


@pytest.mark.parametrize("status", [200, 204, 304, 404, 500])
def test_any_status_is_an_answer(browser: Browser, status: int) -> None:
    serve(browser, Reply(status))
    assert browser.answer("http://app.example/").status == status


def test_what_we_send_names_the_product_and_refuses_encodings(browser: Browser) -> None:
    customer = serve(browser)
    browser.answer("http://app.example/", headers=(("I-Twilio-Idempotency-Token", "t"),))
    headers = customer.seen[0].headers
    assert headers["user-agent"] == f"b2bua/{__version__}"
    assert headers["accept-encoding"] == "identity"
    assert headers["i-twilio-idempotency-token"] == "t"
    assert ACCOUNT not in headers["user-agent"]


@given(st.lists(st.tuples(st.text(), st.text())))
def test_a_form_is_what_the_standard_library_writes(fields: list[tuple[str, str]]) -> None:
    assert form(fields) == urlencode(fields, errors="replace")


def test_a_control_character_in_a_header_stops_at_the_writer() -> None:
    with pytest.raises(ValueError, match="X-One"):
        compose("GET", read_url("http://app.example/"), [("X-One", "a\r\nX-Two: b")], None)


def test_headers_of_the_answer_are_found_by_lower_case_name(browser: Browser) -> None:
    serve(browser, Reply(200, b"", {"Content-Type": "Text/XML; charset=utf-8", "X-One": "1\n2"}))
    answer = browser.answer("http://app.example/")
    assert answer.content_type == "text/xml"
    assert answer.headers["x-one"] == "1, 2"
    assert answer.headers["content-type"] == "Text/XML; charset=utf-8"


@pytest.mark.parametrize(
    ("url", "method", "fields"),
    [
        ("http://app.example/voice", "POST", (("CallSid", CALL), ("From", "+15551230001"))),
        ("http://app.example/voice", "GET", (("CallSid", CALL), ("From", "+15551230001"))),
        ("http://app.example/voice?a=1&b=2", "POST", (("z", "1"), ("A", "2"))),
        ("http://app.example/voice?a=1&b=2", "GET", (("z", "1"), ("A", "2"))),
        ("http://app.example/v", "POST", (("Digits", "2"), ("Digits", "1"), ("Digits", "2"))),
        ("http://app.example/v", "POST", (("SpeechResult", "grüß dich, 世界 🎉"), ("é", ""))),
        ("http://app.example/v?name=gr%C3%BC%C3%9F", "GET", (("SpeechResult", "世界"),)),
        ("http://app.example/grüße?q=ä b", "POST", (("a", "b"),)),
        ("http://app.example:8080/voice", "POST", (("a", "b"),)),
        ("http://app.example:80/voice", "POST", (("a", "b"),)),
        ("http://app.example:8080/voice?x", "GET", ()),
        ("http://app.example/voice#rc=2&rp=5xx", "POST", (("a", "b"),)),
        ("http://app.example/voice?a=1#rc=2&rp=5xx", "GET", (("a", "b"),)),
        ("http://bob:secret@app.example/voice", "POST", (("a", "b"),)),
        ("http://app.example", "POST", ()),
        ("http://APP.example./voice/../x;p=1", "POST", (("a", "b"),)),
    ],
)
def test_the_public_validator_accepts_the_signature(
    browser: Browser, url: str, method: str, fields: tuple[tuple[str, str], ...]
) -> None:
    port = 8080 if ":8080" in url else 80
    customer = serve(browser, port=port)
    browser.answer(url, method, fields=fields)
    (seen,) = customer.seen
    assert "#" not in seen.uri
    signature = seen.headers["x-twilio-signature"]
    params = _MultiDict(seen.fields) if method == "POST" else {}
    assert RequestValidator(TOKEN).validate(seen.url, params, signature)
    assert not RequestValidator("other").validate(seen.url, params, signature)


class _MultiDict(dict[str, str]):
    """Repeated names as web frameworks hand them to the validator."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__(fields)
        self._fields = fields

    def getlist(self, name: str) -> list[str]:
        return [value for other, value in self._fields if other == name]


def test_an_account_without_a_token_sends_no_signature(browser: Browser) -> None:
    customer = serve(browser)
    browser.internet.finish(browser.client.fetch(Ask("http://app.example/", account_sid="AC9")))
    assert "x-twilio-signature" not in customer.seen[0].headers


def test_userinfo_becomes_basic_credentials_at_the_first_request(browser: Browser) -> None:
    customer = serve(browser)
    answer = browser.answer("http://bob:p%40ss%3A@app.example/x#rc=0")
    assert customer.seen[0].headers["authorization"] == "Basic Ym9iOnBAc3M6"
    assert answer.url == "http://bob:p%40ss%3A@app.example/x"


def test_a_fault_does_not_repeat_credentials(browser: Browser) -> None:
    fault = browser.fault("http://bob:secret@nowhere.example/x#rc=0")
    assert fault.url == "http://nowhere.example/x"
    assert "secret" not in repr(fault)


@pytest.mark.parametrize(
    "location", ["http://app.example/next", "/next", "next", "//app.example/next"]
)
def test_credentials_stay_with_their_host(browser: Browser, location: str) -> None:
    customer = serve(browser, Reply(302, b"", {"Location": location}), Reply())
    browser.answer("http://bob:secret@app.example/x")
    assert [seen.headers.get("authorization") for seen in customer.seen] == [
        "Basic Ym9iOnNlY3JldA=="
    ] * 2


@pytest.mark.parametrize("location", ["http://other.example/", "http://app.example:81/"])
def test_credentials_do_not_follow_to_another_place(browser: Browser, location: str) -> None:
    serve(browser, Reply(302, b"", {"Location": location}))
    other = Customer()
    browser.internet.serve(ELSEWHERE, 80, other.site(browser.internet), "other.example")
    browser.internet.servers[PUBLIC, 81] = other.site(browser.internet)
    answer = browser.answer("http://bob:secret@app.example/x")
    assert "authorization" not in other.seen[0].headers
    assert answer.url == location


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (302, "GET", "GET"),
        (307, "GET", "GET"),
    ],
)
def test_a_redirect_keeps_or_changes_the_method(
    browser: Browser, status: int, method: str, then: str
) -> None:
    customer = serve(browser, Reply(status, b"", {"Location": "/next?b=2"}), Reply())
    browser.answer("http://app.example/x", method, fields=(("a", "1"),))
    second = customer.seen[1]
    assert (second.method, second.uri) == (then, "/next?b=2")
    assert second.fields == ([("a", "1")] if then == "POST" else [])


def test_each_hop_is_signed_for_its_own_url(browser: Browser) -> None:
    customer = serve(browser, Reply(307, b"", {"Location": "/next"}), Reply())
    browser.answer("http://app.example/x", fields=(("a", "1"),))
    validator = RequestValidator(TOKEN)
    assert all(
        validator.validate(seen.url, dict(seen.fields), seen.headers["x-twilio-signature"])
        for seen in customer.seen
    )


@pytest.mark.parametrize(("hops", "code"), [(10, None), (11, 11215)])
def test_ten_redirects_are_followed_and_no_more(
    browser: Browser, hops: int, code: int | None
) -> None:
    redirects = [Reply(302, b"", {"Location": f"/{n}"}) for n in range(hops)]
    customer = serve(browser, *redirects, Reply())
    outcome = browser.fetch("http://app.example/x")
    assert getattr(outcome, "code", None) == code
    assert len(customer.seen) == 11


def test_a_redirect_to_nothing_is_an_answer(browser: Browser) -> None:
    serve(browser, Reply(302, b"", {}))
    assert browser.answer("http://app.example/x").status == 302


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://app.example/", "http:///", "http:x", "//[x"]
)
def test_a_redirect_that_is_no_web_url_is_refused(browser: Browser, location: str) -> None:
    serve(browser, Reply(302, b"", {"Location": location}))
    assert browser.fault("http://app.example/x").code == 11100


@pytest.mark.parametrize(
    "url",
    [
        "",
        "voice",
        "/voice",
        "file:///etc/passwd",
        "ftp://app.example/",
        "http://",
        "http:///x",
        "http://app.example:0/",
        "http://app.example:65536/",
        "http://app.example:x/",
        "http://app example/",
        "http://app.exam\tple/",
        "http://app.example/\r\nX: y",
        "http://-app.example/",
        "http://app..example/",
        "http://a%2eb/",
        "http://app.example\\@other.example/",
        "http://b\r\nX-A: b:c@app.example/",
        "http://b%0d%0aX:c@app.example/",
        "http://" + "a" * 254 + "/",
        "http://app.example/" + "a" * 8192,
        "http://\ud800.example/",
    ],
)
def test_what_is_no_web_url_is_11100(browser: Browser, url: str) -> None:
    assert browser.fault(url).code == 11100
    assert browser.internet.dialled == []


def test_only_get_and_post_are_sent(browser: Browser) -> None:
    assert browser.fault("http://app.example/", "DELETE").code == 11100


def test_connections_are_kept_for_the_next_request(browser: Browser) -> None:
    customer = serve(browser)
    for _ in range(5):
        browser.answer("http://app.example/")
    assert len(customer.seen) == 5
    assert len(browser.internet.dialled) == 1


def test_an_idle_connection_is_not_kept_for_ever(browser: Browser) -> None:
    serve(browser)
    browser.answer("http://app.example/")
    browser.internet.advance(3.9)
    assert browser.internet.open_wires == 1
    browser.internet.advance(0.2)
    assert browser.internet.open_wires == 0


def test_a_kept_connection_that_just_died_is_replaced_unseen(browser: Browser) -> None:
    customer = serve(browser)
    browser.answer("http://app.example/")
    # The server closes; its FIN has not been read when the next request is written.
    browser.internet.wires[0].peer.loseConnection()
    browser.answer("http://app.example/", fields=(("a", "1"),))
    assert len(customer.seen) == 2
    assert len(browser.internet.dialled) == 2


def test_a_server_that_wants_to_close_is_let_go(browser: Browser) -> None:
    serve(browser, Reply(200, b"x", {"Connection": "close"}))
    browser.answer("http://app.example/")
    assert browser.internet.open_wires == 0
    browser.answer("http://app.example/")
    assert len(browser.internet.dialled) == 2


def test_cookies_last_for_a_call(browser: Browser) -> None:
    customer = serve(
        browser, Reply(200, b"", {"Set-Cookie": "s=1; Path=/\nt=2; Path=/other"}), Reply()
    )
    browser.answer("http://app.example/x")
    browser.answer("http://app.example/x")
    browser.answer("http://app.example/other/x")
    browser.answer("http://app.example/x", call_sid="CA9")
    browser.client.forget(CALL)
    browser.answer("http://app.example/x")
    cookies = [seen.headers.get("cookie") for seen in customer.seen]
    assert cookies == [None, "s=1", "t=2; s=1", None, None]


def test_the_second_address_is_tried_when_the_first_refuses(browser: Browser) -> None:
    serve(browser)
    browser.internet.names["app.example"] = [[ELSEWHERE, PUBLIC]]
    browser.answer("http://app.example/")
    assert browser.internet.dialled == [(ELSEWHERE, 80), (PUBLIC, 80)]


def test_the_second_address_is_tried_when_the_first_is_silent(browser: Browser) -> None:
    serve(browser)
    browser.internet.names["app.example"] = [["2606:4700::1", PUBLIC]]
    browser.internet.black_holes.add(("2606:4700::1", 80))
    browser.answer("http://app.example/")
    assert browser.internet.seconds() == pytest.approx(0.25)


def test_a_host_that_is_an_ipv6_address_is_written_in_brackets(browser: Browser) -> None:
    customer = Customer()
    browser.internet.serve("2606:4700::1", 8080, customer.site(browser.internet))
    browser.answer("http://[2606:4700:0:0::1]:8080/x")
    assert customer.seen[0].host == "[2606:4700::1]:8080"
    assert browser.internet.asked == []


@pytest.mark.parametrize("host", ["server1", "a.b2", "x_y.example", "4me"])
def test_a_name_may_hold_digits(browser: Browser, host: str) -> None:
    customer = serve(browser, name=host)
    browser.answer(f"http://{host}/")
    assert customer.seen[0].host == host


@pytest.mark.parametrize("host", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"])
def test_a_name_beyond_ascii_is_asked_for_in_its_ascii_form(browser: Browser, host: str) -> None:
    customer = serve(browser, name="xn--bcher-kva.example")
    browser.answer(f"http://{host}/")
    assert customer.seen[0].host == "xn--bcher-kva.example"


def test_a_caller_who_cancels_frees_everything(browser: Browser) -> None:
    serve(browser, Reply(0))
    outcome: list[object] = []
    fetching = Deferred.fromCoroutine(browser.client.fetch(Ask("http://app.example/")))
    fetching.addBoth(outcome.append)
    browser.internet.advance(0)
    assert browser.client.in_flight == 1
    fetching.cancel()
    browser.internet.advance(0)
    assert getattr(outcome[0], "type", None) is CancelledError
    assert browser.client.in_flight == 0
