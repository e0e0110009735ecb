"""Which cookie goes where (RFC 6265), and for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.webhooks.cookies import Cookies, read_cookie
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.url import read_url

FROM = read_url("https://www.app.example/a/b?c")


@pytest.mark.parametrize(
    ("line", "url", "sent"),
    [
        ("s=1", "https://www.app.example/a/x", "s=1"),
        ("s=1", "https://www.app.example/a", "s=1"),
        ("s=1", "https://www.app.example/", ""),
        ("s=1", "https://www.app.example/ab", ""),
        ("s=1", "http://www.app.example:81/a/", "s=1"),
        ("s=1", "https://app.example/a/", ""),
        ("s=1", "https://x.www.app.example/a/", ""),
        ("s=1; Path=/", "https://www.app.example/", "s=1"),
        ("s=1; path=b", "https://www.app.example/a/", "s=1"),
        ("s=1; Secure", "http://www.app.example/a/", ""),
        ("s=1; Domain=app.example; Path=/", "https://api.app.example/", "s=1"),
        ("s=1; Domain=.app.example; Path=/", "https://app.example/", "s=1"),
        ("s=1; Domain=app.example; Path=/", "https://notapp.example/", ""),
        ("s=1; Domain=example; Path=/", "https://www.app.example/", ""),
        ("s=1; Domain=other.example; Path=/", "https://other.example/", ""),
        ("s=1; Max-Age=0", "https://www.app.example/a/", ""),
        ("s=1; Max-Age=60", "https://www.app.example/a/", "s=1"),
        ("s=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "https://www.app.example/a/", ""),
        ("s=1; Expires=Thu, 01 Jan 2970 00:00:00 GMT", "https://www.app.example/a/", "s=1"),
        ("s=1; Expires=never", "https://www.app.example/a/", "s=1"),
        ("s", "https://www.app.example/a/", ""),
        ("=1", "https://www.app.example/a/", ""),
        ("s=a\tb", "https://www.app.example/a/", ""),
        ("s=ü", "https://www.app.example/a/", ""),
    ],
)
def test_a_cookie_goes_where_it_belongs(line: str, url: str, sent: str) -> None:
    cookies = Cookies(Limits(), lambda: 1_000.0)
    cookies.store("CA1", FROM, [line])
    assert cookies.header("CA1", read_url(url)) == sent


def test_a_cookie_expires() -> None:
    now = [1_000.0]
    cookies = Cookies(Limits(), lambda: now[0])
    cookies.store("CA1", FROM, ["s=1; Max-Age=60"])
    now[0] += 61
    assert cookies.header("CA1", FROM) == ""


def test_a_newer_cookie_replaces_an_older_one() -> None:
    cookies = Cookies(Limits(), lambda: 0.0)
    cookies.store("CA1", FROM, ["s=1", "s=2"])
    assert cookies.header("CA1", FROM) == "s=2"


def test_jars_and_cookies_are_bounded() -> None:
    cookies = Cookies(Limits(cookie_calls=2, cookies_per_call=2, cookie_bytes=10), lambda: 0.0)
    for call in ("CA1", "CA2", "CA3"):
        cookies.store(call, FROM, ["a=1", "b=2", "c=3", "d=" + "4" * 9])
    assert len(cookies) == 2
    assert cookies.header("CA1", FROM) == ""
    assert cookies.header("CA3", FROM) == "b=2; c=3"


@given(st.text())
def test_any_line_is_read(line: str) -> None:
    cookie = read_cookie(line, FROM, 0.0)
    assert cookie is None or "\r" not in cookie.name + cookie.value
