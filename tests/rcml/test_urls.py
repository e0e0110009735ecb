"""Relative URLs resolve against the document they stand in (rule N-2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.rcml.urls import document_url, for_log, resolve, without_secrets

BASE = "https://u:p@app.example:8443/calls/voice.xml?tenant=7#rc=2"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("next.xml", "https://u:p@app.example:8443/calls/next.xml"),
        ("./next", "https://u:p@app.example:8443/calls/next"),
        ("../next", "https://u:p@app.example:8443/next"),
        ("../../../next", "https://u:p@app.example:8443/next"),
        ("/next", "https://u:p@app.example:8443/next"),
        ("?a=b", "https://u:p@app.example:8443/calls/voice.xml?a=b"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example/x?a=1#rt=100", "http://other.example/x?a=1#rt=100"),
        ("HTTPS://Other.Example", "https://Other.Example"),
        (" /x\n", "https://u:p@app.example:8443/x"),
        ("/x#tt=1000&rc=1", "https://u:p@app.example:8443/x#tt=1000&rc=1"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
        ("/ü", "https://u:p@app.example:8443/ü"),
    ],
)
def test_a_reference_becomes_absolute(reference: str, url: str) -> None:
    assert resolve(BASE, reference) == url


@pytest.mark.parametrize(
    "reference",
    ["ftp://h/x", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "sip:a@b", "http://",
     "http:///x", "http://[::1", "http://[x]/", "http://h:port/", "http://h:65536/", "/a b",
     "/a\tb", "/a\r\nb", "/a\x00", "http://h\\@evil/", "\u0085/x/\u0085y"],
)  # fmt: skip
def test_what_is_no_http_url_is_refused(reference: str) -> None:
    assert resolve(BASE, reference) is None


def test_a_document_from_a_file_leads_nowhere_by_relative_urls() -> None:
    assert resolve("file:///etc/b2bua/voice.xml", "passwd") is None
    assert resolve("file:///etc/b2bua/voice.xml", "https://h/x") == "https://h/x"


@given(st.text(max_size=60))
def test_resolving_never_raises(reference: str) -> None:
    url = resolve(BASE, reference)
    assert url is None or url.startswith(("http://", "https://"))
    without_secrets(reference)
    for_log(reference)


@pytest.mark.parametrize(
    ("asked", "answered", "url"),
    [
        ("http://h/a", "http://h/a", "http://h/a"),
        ("http://H:80/a?b=1#rc=1", "http://h/a?b=1", "http://h/a?b=1#rc=1"),
        ("http://h/a#rc=1", "http://other/moved/", "http://other/moved/#rc=1"),
        ("http://h/a#rc=1", "http://other/moved/#rc=2", "http://other/moved/#rc=2"),
    ],
)
def test_a_document_is_where_it_came_from_with_the_overrides_it_was_asked_with(
    asked: str, answered: str, url: str
) -> None:
    assert document_url(asked, answered) == url


def test_a_log_sees_neither_credentials_nor_a_query() -> None:
    assert for_log(BASE) == "https://app.example:8443/calls/voice.xml"
    assert without_secrets(BASE) == "https://app.example:8443/calls/voice.xml?tenant=7"
