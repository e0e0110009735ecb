"""A server can waste neither our time nor our memory; each attack is over within 15 seconds."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat

import pytest
from twisted.internet.defer import Deferred

from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.webhooks.bulk import Bulk
from b2bua.webhooks.limits import Limits
from tests.support.web_server import Customer, Reply, RudeServer
from tests.webhooks.conftest import ACCOUNT, PUBLIC, Browser, assert_nothing_left

URL = "http://rude.example/#rc=0"


def rude(
    browser: Browser,
    pieces: Callable[[], Iterable[bytes]],
    seconds: float = 0.01,
    ends: bool = False,
) -> RudeServer:
    server = RudeServer(browser.internet, pieces, seconds, ends)
    browser.internet.serve(PUBLIC, 80, server, "rude.example")
    return server


def says(*pieces: bytes) -> Callable[[], Iterable[bytes]]:
    return lambda: pieces


def test_a_server_that_never_answers_is_left_after_10_seconds(browser: Browser) -> None:
    server = rude(browser, says())
    fault = browser.fault(URL)
    assert (fault.code, fault.text) == (11200, "no response within 10 s")
    assert browser.internet.seconds() == pytest.approx(10)
    assert browser.internet.wires[0].was_aborted
    assert server.served[0].is_lost


def test_a_host_that_does_not_connect_is_left_after_5_seconds(browser: Browser) -> None:
    browser.internet.names["hole.example"] = [[PUBLIC]]
    browser.internet.black_holes.add((PUBLIC, 80))
    fault = browser.fault("http://hole.example/#rc=0")
    assert fault.code == 11205
    assert browser.internet.seconds() == pytest.approx(5)


def test_a_name_that_does_not_resolve_is_left_after_5_seconds(browser: Browser) -> None:
    browser.internet.silent_names.add("silent.example")
    assert browser.fault("http://silent.example/#rc=0").code == 11205
    assert browser.internet.seconds() == pytest.approx(5)


def test_a_refused_connection_is_11205(browser: Browser) -> None:
    browser.internet.names["app.example"] = [[PUBLIC]]
    assert browser.fault("http://app.example/").code == 11205


def test_a_slow_head_is_left_after_10_seconds(browser: Browser) -> None:
    rude(browser, lambda: repeat(b"H"), seconds=1)
    assert browser.fault(URL).code == 11200
    assert browser.internet.seconds() == pytest.approx(10)


def test_a_slow_body_is_left_after_15_seconds(browser: Browser) -> None:
    def drip() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        yield from repeat(b"x")

    rude(browser, drip, seconds=1)
    fault = browser.fault(URL)
    assert (fault.code, fault.status) == (11200, 200)
    assert browser.internet.seconds() == pytest.approx(15)


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 99999999\r\n"])
def test_an_endless_body_is_cut_off(browser: Browser, framing: bytes) -> None:
    def endless() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n"
        yield from repeat(b"x" * 4096)

    rude(browser, endless)
    fault = browser.fault(URL)
    assert (fault.code, fault.status) == (11750, 200)
    assert len(browser.internet.wires[0].peer.written) < 80_000


def test_an_endless_chunked_body_is_cut_off(browser: Browser) -> None:
    def endless() -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        yield from repeat(b"1000\r\n" + b"x" * 4096 + b"\r\n")

    rude(browser, endless)
    assert browser.fault(URL).code == 11750


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "code"), [(65_536, None), (65_537, 11750)])
def test_a_body_may_be_64_kib(browser: Browser, size: int, code: int | None, chunked: bool) -> None:
    body = b"x" * size
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body
    if chunked:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        head += b"%x\r\n" % size + body + b"\r\n0\r\n\r\n"
    rude(browser, says(head))
    outcome = browser.fetch(URL)
    assert getattr(outcome, "code", None) == code


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"identity, gzip", b"x"])
def test_an_encoded_body_is_not_even_read(browser: Browser, encoding: bytes) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
    rude(browser, says(head % (encoding, len(bomb)), bomb))
    fault = browser.fault(URL)
    assert (fault.code, fault.status) == (11206, 200)
    assert len(browser.internet.wires[0].peer.written) < 1000


def test_identity_is_no_encoding(browser: Browser) -> None:
    rude(
        browser,
        says(b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx"),
    )
    assert browser.answer(URL).body == b"x"


def head_of(size: int, fields: int) -> bytes:
    """A response head of exactly `size` bytes with `fields` fields."""
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(fields - 2))
    padding = size - len(start) - len(lines) - len(b"P: \r\n\r\n")
    return start + lines + b"P: " + b"p" * padding + b"\r\n\r\n"


@pytest.mark.parametrize("step", [1_000, 100_000])
@pytest.mark.parametrize(
    ("size", "fields", "code"),
    [(16_384, 3, None), (16_385, 3, 11750), (2_000, 100, None), (2_000, 101, 11750)],
)
def test_headers_may_be_16_kib_and_a_hundred(
    browser: Browser, size: int, fields: int, code: int | None, step: int
) -> None:
    head = head_of(size, fields)
    assert len(head) == size
    rude(browser, says(*(head[at : at + step] for at in range(0, size, step))))
    assert getattr(browser.fetch(URL), "code", None) == code


@pytest.mark.parametrize(
    "flood",
    [b"X: y\r\n", b"X: " + b"y" * 4096, b" folded\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"\n"],
)
def test_an_endless_head_is_cut_off(browser: Browser, flood: bytes) -> None:
    def endless() -> Iterable[bytes]:
        yield b"HTTP/1.1 100 Continue\r\n\r\n" if b"100" in flood else b"HTTP/1.1 200 OK\r\n"
        yield from repeat(flood)

    rude(browser, endless, seconds=0.0001)
    outcome = browser.fetch(URL)
    # A head of nothing but empty lines is soon over, and was a response.
    assert isinstance(outcome, Answer) or outcome.code in {11750, 11206}
    assert len(browser.internet.wires[0].peer.written) < 100_000


@pytest.mark.parametrize("interim", [b"100 Continue", b"103 Early Hints", b"199"])
def test_interim_responses_are_passed_over(browser: Browser, interim: bytes) -> None:
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    rude(browser, says(b"HTTP/1.1 " + interim + b"\r\nX: y\r\n\r\n" + final))
    assert browser.answer(URL).body == b"ok"


@pytest.mark.parametrize(
    "response",
    [
        b"SIP/2.0 200 OK\r\n\r\n",
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded first\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"\x16\x03\x01\x00\x05\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_11206(browser: Browser, response: bytes) -> None:
    rude(browser, says(response), ends=True)
    assert browser.fault(URL).code == 11206


def test_a_server_that_hangs_up_without_a_word_is_11205(browser: Browser) -> None:
    rude(browser, says(), ends=True)
    assert browser.fault(URL).code == 11205


def test_a_server_that_talks_out_of_turn_is_dropped(browser: Browser) -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    rude(browser, says(ok, ok), seconds=1)
    browser.answer(URL)
    browser.internet.advance(1)
    assert browser.internet.open_wires == 0


def test_redirects_share_the_15_seconds(browser: Browser) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    rude(browser, says(b"", b"", b"", b"", moved), seconds=1)
    assert browser.fault(URL).code == 11200
    assert browser.internet.seconds() == pytest.approx(15)


def test_a_hanging_host_delays_nobody_else(browser: Browser) -> None:
    hanging = Customer(Reply(0))
    browser.internet.serve(PUBLIC, 80, hanging.site(browser.internet), "hang.example")
    healthy = Customer()
    browser.internet.serve("93.184.216.35", 80, healthy.site(browser.internet), "ok.example")
    waiting = [
        Deferred.fromCoroutine(
            browser.client.fetch(Ask("http://hang.example/#rc=0", account_sid=ACCOUNT))
        )
        for _ in range(100)
    ]
    browser.answer("http://ok.example/")
    assert browser.internet.seconds() == 0
    assert len(hanging.seen) == 10
    assert browser.client.in_flight == 100
    browser.internet.advance(15)
    browser.internet.advance(15)
    assert all(one.called for one in waiting)


def test_of_all_that_pour_at_once_the_largest_is_given_up() -> None:
    browser = Browser(limits=Limits(bodies_bytes=300_000))
    sizes = {"a": 100_000, "b": 1_000_000, "c": 150_000}

    def body(size: int) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        yield from repeat(b"x" * (size // 10), 10)

    fetching = []
    for number, (name, size) in enumerate(sizes.items()):
        server = RudeServer(browser.internet, partial(body, size), 0.1, ends=True)
        address = f"93.184.216.{40 + number}"
        browser.internet.serve(address, 80, server, f"{name}.example")
        ask = Ask(f"http://{name}.example/#rc=0", account_sid=ACCOUNT, limit_bytes=10_000_000)
        fetching.append(Deferred.fromCoroutine(browser.client.fetch(ask)))
    for _ in range(20):
        browser.internet.advance(0.1)
    a, b, c = [one.result for one in fetching]
    assert isinstance(a, Answer)
    assert isinstance(b, Fault)
    assert isinstance(c, Answer)
    assert (len(a.body), len(c.body)) == (100_000, 150_000)
    assert (b.code, b.text) == (11750, "too much is being fetched at once")
    assert browser.client._bulk.held == 0
    assert_nothing_left(browser)


def test_what_is_held_is_counted_from_64_kib_on_and_given_back() -> None:
    bulk, gone = Bulk(200_000), list[str]()

    def give_up(name: str) -> None:
        gone.append(name)
        bulk.end(name)

    def grow(name: str, size: int) -> None:
        bulk.grow(name, size, partial(give_up, name))

    grow("small", 65_536)
    assert bulk.held == 0
    grow("a", 90_000)
    grow("b", 110_000)
    assert (bulk.held, gone) == (200_000, [])
    grow("a", 90_001)
    assert (bulk.held, gone) == (90_001, ["b"])
    bulk.end("a")
    bulk.end("small")
    assert bulk.held == 0
