"""What is asked for again is asked for only if it must be (RFC 9111)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from b2bua.routing.plan import Answer, Ask
from b2bua.webhooks.cache import ENTRY_BYTES, Cache, Kept
from b2bua.webhooks.limits import Limits
from tests.support.web_server import Customer, Reply
from tests.webhooks.conftest import ACCOUNT, PUBLIC, Browser, assert_nothing_left

SOUND = b"RIFF" + bytes(1_000)
URL = "http://app.example/hello.wav"


def sound(*headers: str, body: bytes = SOUND, status: int = 200) -> Reply:
    told = dict(header.split(": ", 1) for header in headers)
    return Reply(status, body, {"Content-Type": "audio/wav", **told})


def serve(browser: Browser, *replies: Reply) -> Customer:
    customer = Customer(*replies)
    browser.internet.serve(PUBLIC, 80, customer.site(browser.internet), "app.example")
    return customer


def totals(browser: Browser) -> dict[str, int]:
    told: dict[str, int] = browser.client.counters()["web_cache_total"]
    return {name: count for name, count in told.items() if count}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ('ETag: "v1"', {"if-none-match": '"v1"'}),
        ('ETag: W/"v1"', {"if-none-match": 'W/"v1"'}),
        (
            "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
            {"if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"},
        ),
    ],
)
def test_a_server_is_asked_whether_its_answer_still_holds(
    browser: Browser, said: str, asked: dict[str, str]
) -> None:
    customer = serve(browser, sound(said), Reply(304, b"", {}))
    for _ in range(3):
        answer = browser.answer(URL, "GET")
        assert (answer.status, answer.body, answer.content_type) == (200, SOUND, "audio/wav")
    first, *later = customer.seen
    assert not {"if-none-match", "if-modified-since"} & set(first.headers)
    assert [{name: seen.headers.get(name) for name in asked} for seen in later] == [asked, asked]
    assert totals(browser) == {"miss": 1, "revalidated": 2, "stored": 3, "dropped": 2}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("Cache-Control: max-age=60",), 60),
        (("Cache-Control: private, max-age=60",), 60),
        (('Cache-Control: MAX-AGE="60"',), 60),
        (("Cache-Control: max-age=60", "Age: 20"), 40),
        (("Cache-Control: max-age=60, s-maxage=5",), 60),
        (("Expires: Sun, 06 Nov 1994 08:50:37 GMT", "Date: Sun, 06 Nov 1994 08:49:37 GMT"), 60),
        (
            (
                "Cache-Control: max-age=10",
                "Expires: Sun, 06 Nov 1994 08:50:37 GMT",
                "Date: Sun, 06 Nov 1994 08:49:37 GMT",
            ),
            10,
        ),
    ],
)
def test_what_is_fresh_is_not_asked_for(
    browser: Browser, headers: tuple[str, ...], seconds: float
) -> None:
    customer = serve(browser, sound(*headers))
    browser.answer(URL, "GET")
    browser.internet.advance(seconds - 0.1)
    assert browser.answer(URL, "GET").body == SOUND
    assert len(customer.seen) == 1
    browser.internet.advance(0.2)
    assert browser.answer(URL, "GET").body == SOUND
    assert len(customer.seen) == 2


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Cache-Control: no-store", 'ETag: "v1"'),
        ("Cache-Control: max-age=60, no-store",),
        ("Cache-Control: max-age=0",),
        ("Cache-Control: max-age=soon",),
        ("Cache-Control: max-age=-1",),
        ("Expires: 0", "Date: Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Cache-Control: max-age=60", "Vary: *"),
        ("Cache-Control: max-age=60", "Vary: Accept, Cookie"),
        ("Cache-Control: max-age=60", "Vary: X-Twilio-Signature"),
        ("Cache-Control: max-age=60", "Age: 60"),
    ],
    ids=str,
)
def test_what_must_not_be_kept_is_asked_for_every_time(
    browser: Browser, headers: tuple[str, ...]
) -> None:
    customer = serve(browser, sound(*headers))
    for _ in range(2):
        browser.answer(URL, "GET")
    assert len(customer.seen) == 2
    assert "if-none-match" not in customer.seen[1].headers
    assert totals(browser) == {"miss": 2}


def test_no_cache_keeps_and_asks_every_time(browser: Browser) -> None:
    said = ("Cache-Control: no-cache, max-age=60", 'ETag: "v1"')
    customer = serve(browser, sound(*said), Reply(304, b"", {}))
    for _ in range(2):
        assert browser.answer(URL, "GET").body == SOUND
    assert customer.seen[1].headers["if-none-match"] == '"v1"'


def test_a_304_says_for_how_long_the_answer_holds_from_now_on(browser: Browser) -> None:
    fresh = Reply(304, b"", {"Cache-Control": "max-age=30", "ETag": '"v2"'})
    customer = serve(browser, sound('ETag: "v1"'), fresh)
    for _ in range(4):
        browser.answer(URL, "GET")
    assert len(customer.seen) == 2
    browser.internet.advance(31)
    browser.answer(URL, "GET")
    assert customer.seen[2].headers["if-none-match"] == '"v2"'


def test_a_new_version_takes_the_place_of_the_old_one(browser: Browser) -> None:
    customer = serve(browser, sound('ETag: "v1"'), sound('ETag: "v2"', body=b"new"))
    assert [browser.answer(URL, "GET").body for _ in range(3)] == [SOUND, b"new", b"new"]
    conditions = [seen.headers.get("if-none-match") for seen in customer.seen]
    assert conditions == [None, '"v1"', '"v2"']


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_forgotten(browser: Browser, status: int) -> None:
    customer = serve(browser, sound('ETag: "v1"'), sound(status=status, body=b""))
    statuses = [browser.answer(URL, "GET").status for _ in range(3)]
    assert statuses == [200, status, status]
    assert "if-none-match" not in customer.seen[2].headers


def test_a_server_that_is_ill_does_not_make_us_forget(browser: Browser) -> None:
    customer = serve(browser, sound('ETag: "v1"'), sound(status=503), Reply(304, b"", {}))
    statuses = [browser.answer(URL, "GET").status for _ in range(3)]
    assert statuses == [200, 503, 200]
    assert customer.seen[2].headers["if-none-match"] == '"v1"'


def test_a_304_that_nobody_asked_for_is_an_answer_like_another(browser: Browser) -> None:
    serve(browser, Reply(304, b"", {}))
    assert browser.answer(URL, "GET").status == 304


def test_a_post_is_neither_kept_nor_answered_from_what_is(browser: Browser) -> None:
    customer = serve(browser, sound("Cache-Control: max-age=60"))
    browser.answer(URL, "GET")
    browser.answer(URL, "POST")
    browser.answer(URL, "GET")
    assert [seen.method for seen in customer.seen] == ["GET", "POST", "GET"]


def test_a_callback_by_get_arrives_every_time(browser: Browser) -> None:
    customer = serve(browser, sound("Cache-Control: max-age=60", 'ETag: "v1"'))
    browser.answer(URL, "GET")
    for _ in range(2):
        assert browser.answer(URL, "GET", patient=True).status == 200
    assert len(customer.seen) == 3
    assert "if-none-match" not in customer.seen[2].headers
    assert totals(browser) == {"miss": 1, "stored": 1}


def test_accounts_and_credentials_have_answers_of_their_own(browser: Browser) -> None:
    customer = serve(browser, sound("Cache-Control: max-age=60"))
    asks = [
        Ask(URL, "GET", account_sid=ACCOUNT),
        Ask(URL, "GET", account_sid="AC2"),
        Ask(URL.replace("app", "bob:one@app"), "GET", account_sid=ACCOUNT),
        Ask(URL.replace("app", "bob:two@app"), "GET", account_sid=ACCOUNT),
    ]
    for ask in [*asks, *asks]:
        browser.internet.finish(browser.client.fetch(ask))
    assert len(customer.seen) == len(asks)


def test_where_a_redirect_leads_is_kept_and_the_redirect_is_not(browser: Browser) -> None:
    moved = Reply(302, b"", {"Location": "/there.wav"})
    customer = serve(browser)
    customer.by_path |= {"/hello.wav": moved, "/there.wav": sound("Cache-Control: max-age=60")}
    for _ in range(2):
        answer = browser.answer(URL, "GET")
        assert (answer.body, answer.url) == (SOUND, "http://app.example/there.wav")
    assert [seen.uri for seen in customer.seen] == ["/hello.wav", "/there.wav", "/hello.wav"]


def test_what_is_too_large_for_its_asker_is_not_given_to_him(browser: Browser) -> None:
    serve(browser, sound("Cache-Control: max-age=60"))
    browser.answer(URL, "GET")
    assert browser.fault(URL, "GET", limit_bytes=len(SOUND) - 1).code == 11750
    assert browser.answer(URL, "GET", limit_bytes=len(SOUND)).body == SOUND


def test_cookies_of_an_answer_are_not_kept_with_it(browser: Browser) -> None:
    serve(browser, sound("Cache-Control: max-age=60", "Set-Cookie: s=1"))
    browser.answer(URL, "GET")
    assert "set-cookie" not in browser.answer(URL, "GET").headers


@pytest.mark.parametrize("size", [0, ENTRY_BYTES + len(SOUND) - 1])
def test_what_does_not_fit_is_not_kept(size: int) -> None:
    browser = Browser(limits=Limits(cache_bytes=size))
    customer = serve(browser, sound("Cache-Control: max-age=60"))
    for _ in range(2):
        assert browser.answer(URL, "GET").body == SOUND
    assert len(customer.seen) == 2
    assert_nothing_left(browser)


# The shelves themselves.


HEADERS = {"cache-control": "max-age=60"}
ENTRY = ENTRY_BYTES + len("".join([*HEADERS, *HEADERS.values()])) + 2
"""What an answer without a body costs whose URL is one letter."""


def answer(size: int = 0) -> Answer:
    return Answer(200, "audio/wav", bytes(size), URL, HEADERS)


def fill(cache: Cache, account: str, names: str, size: int = 0) -> None:
    for name in names:
        cache.settle((account, name, None), None, answer(size), 0.0)


def kept(cache: Cache, account: str, names: str) -> str:
    return "".join(name for name in names if cache.find((account, name, None), 10_000_000))


def test_an_account_keeps_so_many_answers_and_loses_the_longest_unused() -> None:
    cache = Cache(Limits(cache_entries_per_account=3))
    fill(cache, "AC1", "abc")
    assert kept(cache, "AC1", "a") == "a"
    fill(cache, "AC1", "d")
    fill(cache, "AC2", "e")
    assert (kept(cache, "AC1", "abcd"), kept(cache, "AC2", "e")) == ("acd", "e")


def test_an_account_keeps_so_many_bytes() -> None:
    cache = Cache(Limits(cache_bytes_per_account=3 * (ENTRY + 10)))
    fill(cache, "AC1", "abc", 10)
    assert len(cache) == 3
    fill(cache, "AC1", "d", 11)
    assert kept(cache, "AC1", "abcd") == "cd"


def test_when_all_is_full_who_has_most_gives_first() -> None:
    cache = Cache(Limits(cache_bytes=4 * ENTRY))
    fill(cache, "AC1", "abc")
    fill(cache, "AC2", "ab")
    assert (kept(cache, "AC1", "abc"), kept(cache, "AC2", "ab")) == ("bc", "ab")
    assert cache.size == len(cache) * ENTRY


def test_the_size_is_that_of_what_is_kept() -> None:
    cache = Cache(Limits(cache_bytes=100_000, cache_entries_per_account=5))
    for turn in range(200):
        fill(cache, f"AC{turn % 7}", chr(97 + turn % 11), turn * 37 % 5_000)
        if turn % 3 == 0:
            cache.drop((f"AC{turn % 5}", chr(97 + turn % 13), None))
    shelves = cache._shelves.values()
    assert cache.size == sum(shelf.size for shelf in shelves) <= 100_000
    assert cache.size == sum(one.size for shelf in shelves for one in shelf.kept.values())
    assert cache.totals["stored"] - cache.totals["dropped"] == len(cache)


def test_an_answer_that_came_while_another_was_dropped_is_still_answered() -> None:
    cache = Cache(Limits())
    place = ("AC1", "a", None)
    old = Kept(answer(), ENTRY, 0.0)
    not_modified = replace(answer(), status=304, headers={})
    assert cache.settle(place, old, not_modified, 1.0).status == 200


def test_headers_and_the_url_are_part_of_what_an_answer_costs() -> None:
    cache = Cache(Limits())
    long = replace(answer(), headers={**HEADERS, "x": "y" * 10_000})
    cache.settle(("AC1", "u" * 5_000, None), None, long, 0.0)
    assert cache.size > ENTRY_BYTES + 20_000
