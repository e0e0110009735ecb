"""Whatever bytes a server sends, in whatever pieces: an answer or a fault, and nothing left."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.routing.plan import Answer, Fault
from tests.support.web_server import RudeServer
from tests.webhooks.conftest import PUBLIC, Browser, assert_nothing_left

TOKENS = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"HTTP/1.0 ",
        b"200 OK",
        b"100 Continue",
        b"302 Found",
        b"204 No Content",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"Location: /",
        b"Location: http://127.0.0.1/",
        b"Content-Length: ",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip",
        b"Set-Cookie: a=b",
        b"Connection: close",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b": ",
        b" ",
        b"9" * 40,
        b"5",
        b"\x00",
        b"\xff",
    ]
)
RESPONSES = st.one_of(st.binary(max_size=200), st.lists(TOKENS, max_size=30).map(b"".join))


def outcome_of(pieces: list[bytes]) -> Answer | Fault:
    browser = Browser()
    server = RudeServer(browser.internet, lambda: pieces, 0.001, ends=True)
    browser.internet.serve(PUBLIC, 80, server, "rude.example")
    outcome = browser.fetch("http://rude.example/#rc=0")
    assert {place[0] for place in browser.internet.dialled} == {PUBLIC}
    assert_nothing_left(browser)
    return outcome


@settings(max_examples=200, deadline=None)
@given(RESPONSES)
def test_any_bytes_are_an_answer_or_a_fault(response: bytes) -> None:
    outcome = outcome_of([response] if response else [])
    assert isinstance(outcome, Answer) or outcome.code != 12400


WHOLE = (
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nX-Folded: a\r\n b\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n<Resp\r\n7\r\nonse />\r\n0\r\n\r\n"
)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.integers(1, len(WHOLE) - 1)))
def test_the_pieces_a_response_comes_in_make_no_difference(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(WHOLE)]
    outcome = outcome_of([WHOLE[a:b] for a, b in pairwise(edges)])
    assert isinstance(outcome, Answer)
    assert (outcome.status, outcome.body) == (200, b"<Response />")
