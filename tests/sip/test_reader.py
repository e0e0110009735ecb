"""The reader's promises: cases as files, streams in any split, limits at n and n + 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from b2bua.sip.message import Message, Request, Response
from b2bua.sip.reader import Limits, Malformed, Ping, StreamReader, read_datagram
from b2bua.sip.writer import write

CASES = sorted((Path(__file__).parent.parent / "data" / "messages").glob("*.sip"))
GOOD = [case for case in CASES if not case.stem.startswith("bad-")]
BAD = [case for case in CASES if case.stem.startswith("bad-")]

OPTIONS = (
    b"OPTIONS sip:b@example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b"From: <sip:a@example.com>;tag=1\r\n"
    b"To: <sip:b@example.com>\r\n"
    b"Call-ID: 1\r\n"
    b"CSeq: 1 OPTIONS\r\n"
    b"Content-Length: 0\r\n"
    b"\r\n"
)


def with_fields(*fields: str, start: str = "OPTIONS sip:b@example.com SIP/2.0") -> bytes:
    rest = OPTIONS.partition(b"\r\n")[2]
    lines = "".join(f"{field}\r\n" for field in fields)
    return start.encode() + b"\r\n" + lines.encode() + rest


def refusal(data: bytes) -> tuple[int, str] | None:
    """What `data` is refused with, None when it is a message."""
    found = read_datagram(data)
    assert found is not None
    return (found.status, found.reason) if isinstance(found, Malformed) else None


def expected(case: Path) -> dict[str, Any]:
    wanted = json.loads(case.with_suffix(".json").read_text("utf-8"))
    assert isinstance(wanted, dict)
    return wanted


def facts(message: Message, names: dict[str, Any]) -> dict[str, Any]:
    """What a case's file says, taken from the message: the keys of `names`, and `kind`."""
    found: dict[str, Any] = {"kind": type(message).__name__.lower()}
    for name in names.keys() - {"kind"}:
        if name == "headers":
            found[name] = {field: message.headers.get(field) for field in names[name]}
            continue
        value = getattr(message, name)
        if isinstance(value, list):
            found[name] = [str(one) for one in value]
        elif isinstance(value, bytes):
            found[name] = value.decode()
        else:
            found[name] = value if value is None or isinstance(value, int) else str(value)
    return found


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.stem)
def test_a_message_becomes_what_its_file_says(case: Path) -> None:
    message = read_datagram(case.read_bytes())
    assert isinstance(message, Request | Response)
    wanted = expected(case)
    assert facts(message, wanted) == wanted


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.stem)
def test_what_we_write_of_a_message_reads_as_the_same_message(case: Path) -> None:
    message = read_datagram(case.read_bytes())
    assert isinstance(message, Request | Response)
    again = read_datagram(write(message))
    assert isinstance(again, Request | Response)
    wanted = expected(case)
    assert facts(again, wanted) == wanted


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.stem)
def test_octets_after_a_datagrams_content_length_are_cut_off(case: Path) -> None:
    data = case.read_bytes()
    assert read_datagram(data + OPTIONS) == read_datagram(data)


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.stem)
def test_a_stream_split_at_every_octet_gives_the_same_messages(case: Path) -> None:
    data = case.read_bytes() + OPTIONS
    whole = StreamReader().feed(data)
    reader = StreamReader()
    single = [item for at in range(len(data)) for item in reader.feed(data[at : at + 1])]
    assert single == whole == [read_datagram(case.read_bytes()), read_datagram(OPTIONS)]
    assert reader.is_idle


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.stem)
def test_a_malformed_message_is_refused_as_its_file_says(case: Path) -> None:
    found = read_datagram(case.read_bytes())
    assert isinstance(found, Malformed)
    assert expected(case) == {
        "kind": "malformed",
        "status": found.status,
        "reason": found.reason,
        "answerable": found.request is not None,
    }


ANSWERABLE = [case for case in BAD if expected(case)["answerable"]]


@pytest.mark.parametrize("case", ANSWERABLE, ids=lambda case: case.stem)
def test_the_answer_to_a_malformed_request_can_be_sent_back_by_its_via(case: Path) -> None:
    found = read_datagram(case.read_bytes())
    assert isinstance(found, Malformed)
    assert found.request is not None
    answer = write(found.request.reply(found.status, found.reason, to_tag="ours"))
    assert answer.startswith(f"SIP/2.0 {found.status} ".encode())
    assert f"Via: {found.request.via}".encode() in answer


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0", b"\r\n \r\n"])
def test_a_keep_alive_is_nothing(data: bytes) -> None:
    assert read_datagram(data) is None


def test_blank_lines_before_a_start_line_are_skipped() -> None:
    assert read_datagram(b"\r\n\r\n" + OPTIONS) == read_datagram(OPTIONS)


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x00\x00!\x12\xa4B" + bytes(12), b"hello", b"\xff" * 99]
)
def test_what_is_no_sip_at_all_is_not_answered(data: bytes) -> None:
    found = read_datagram(data)
    assert isinstance(found, Malformed)
    assert found.request is None


def test_broken_utf_8_becomes_a_replacement_character() -> None:
    message = read_datagram(OPTIONS.replace(b"<sip:a@", b'"M\xfcller" <sip:a@'))
    assert isinstance(message, Request)
    assert message.from_.display == "M\N{REPLACEMENT CHARACTER}ller"


def test_a_message_without_content_length_goes_to_the_datagrams_end() -> None:
    data = OPTIONS.replace(b"Content-Length: 0\r\n", b"") + b"all of it"
    message = read_datagram(data)
    assert isinstance(message, Request)
    assert message.body == b"all of it"


def test_equal_content_lengths_do_not_conflict() -> None:
    assert refusal(with_fields("l: 000")) is None


def test_a_malformed_request_with_many_vias_is_answered_by_the_topmost_alone() -> None:
    found = read_datagram(with_fields(*["Via: SIP/2.0/UDP 192.0.2.9"] * 70))
    assert isinstance(found, Malformed)
    assert found.request is not None
    assert [str(via) for via in found.request.vias] == ["SIP/2.0/UDP 192.0.2.9"]


@pytest.mark.parametrize("start", ["INVITE sip:b@x SIP/2.0", "INVITE  x", "INVITE " + "x" * 40_000])
def test_fields_are_found_whatever_the_start_line_holds(start: str) -> None:
    found = read_datagram(with_fields(start=start))
    assert isinstance(found, Malformed)
    assert found.request is not None
    assert found.request.headers.get("Call-ID") == "1"


def test_an_answer_never_carries_a_control_character_of_the_request() -> None:
    found = read_datagram(OPTIONS.replace(b"Call-ID: 1", b"Call-ID: 1\x07\x00"))
    assert isinstance(found, Malformed)
    assert found.request is not None
    assert b"Call-ID: 1\r\n" in write(found.request.reply(400))


def of_size(size: int) -> bytes:
    body = size - len(OPTIONS) - 4
    return OPTIONS.replace(b"Length: 0", b"Length: %05d" % body) + b"x" * body


LIMITS = {
    "message": (of_size, 65_536, 513),
    "headers": (lambda n: with_fields(*["X: y"] * (n - 6)), 256, 513),
    "line": (lambda n: with_fields("X: " + "y" * (n - 3)), 8_192, 513),
    "folded line": (lambda n: with_fields("X:\r\n " + "y" * (n - 3)), 8_192, 513),
    "vias": (lambda n: with_fields(*["Via: SIP/2.0/UDP h"] * (n - 1)), 70, 400),
    "vias in a list": (
        lambda n: with_fields("Via: " + ", ".join(["SIP/2.0/UDP h"] * (n - 1))),
        70,
        400,
    ),
    "routes": (lambda n: with_fields(*["Route: <sip:h;lr>"] * n), 20, 400),
    "record-routes": (lambda n: with_fields(*["Record-Route: <sip:h;lr>"] * n), 20, 400),
    "contacts": (lambda n: with_fields("m: " + ",".join(["<sip:h>"] * n)), 50, 400),
    "uri parameters": (lambda n: with_fields(f"m: <sip:h{';p=1' * n}>;q=1"), 100, 400),
    "field parameters": (lambda n: with_fields(f"m: <sip:h;p=1>{';p=1' * n}"), 100, 400),
    "via parameters": (lambda n: with_fields(f"Via: SIP/2.0/UDP h{';p' * n}"), 100, 400),
    "request-uri parameters": (
        lambda n: with_fields(start=f"OPTIONS sip:h{';p' * n} SIP/2.0"),
        100,
        400,
    ),
    "parameters in all": (
        lambda n: with_fields(
            *[f"Via: SIP/2.0/UDP h{';p' * 99}"] * 10, "Via: SIP/2.0/UDP h" + ";p" * (n - 992)
        ),
        1_000,
        400,
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_accepted_and_one_more_is_refused(name: str) -> None:
    make, most, status = LIMITS[name]
    assert refusal(make(most)) is None
    refused = refusal(make(most + 1))
    assert refused is not None
    assert refused[0] == status


def test_a_field_may_be_folded_often_but_not_without_end() -> None:
    assert refusal(with_fields("X: y" + "\r\n " * 900)) is None
    assert refusal(with_fields("X: y" + "\r\n " * 1_100)) == (513, "Too many lines")


@pytest.mark.parametrize("start", ["OPTIONS\tsip:h SIP/2.0", "OPTIONS sip:\0h SIP/2.0"])
def test_a_start_line_has_neither_tabs_nor_control_characters(start: str) -> None:
    assert refusal(with_fields(start=start)) is not None


def test_a_tab_in_a_field_is_a_space() -> None:
    message = read_datagram(with_fields("Subject:\ta\tb\t"))
    assert isinstance(message, Request)
    assert message.headers.get("Subject") == "a b"


def test_limits_are_the_callers_to_choose() -> None:
    found = read_datagram(OPTIONS, Limits(headers=5))
    assert isinstance(found, Malformed)
    assert found.status == 513


def test_commas_in_quotes_and_brackets_count_for_nothing() -> None:
    name = ",<;" * 60
    message = read_datagram(with_fields(f'm: "{name}" <sip:a,b@h>'))
    assert isinstance(message, Request)
    assert [contact.display for contact in message.contacts] == [name]


PING = b"\r\n\r\n"


def test_a_stream_answers_pings_between_messages() -> None:
    reader = StreamReader()
    assert reader.feed(PING + OPTIONS + PING) == [Ping(), read_datagram(OPTIONS), Ping()]


def test_a_ping_in_pieces_is_one_ping() -> None:
    reader = StreamReader()
    assert [reader.feed(piece) for piece in (b"\r", b"\n\r", b"\n")] == [[], [], [Ping()]]
    assert reader.is_idle


def test_a_lone_crlf_before_a_message_is_no_ping() -> None:
    reader = StreamReader()
    assert reader.feed(b"\r\n") == []
    assert reader.feed(OPTIONS) == [read_datagram(OPTIONS)]


def test_a_begun_message_is_not_idle() -> None:
    reader = StreamReader()
    assert reader.is_idle
    reader.feed(OPTIONS[:50])
    assert not reader.is_idle
    reader.feed(OPTIONS[50:].replace(b"Length: 0", b"Length: 1"))
    assert not reader.is_idle
    assert len(reader.feed(b"x")) == 1
    assert reader.is_idle


def test_a_malformed_message_with_known_length_does_not_break_the_stream() -> None:
    bad = OPTIONS.replace(b"1 OPTIONS", b"1 INVITE")
    reader = StreamReader()
    refused, good = reader.feed(bad + OPTIONS)
    assert isinstance(refused, Malformed)
    assert isinstance(good, Request)
    assert not reader.broken


@pytest.mark.parametrize(("start", "is_answered"), [(b"OPTIONS", True), (b"TIONS", False)])
def test_the_rest_of_a_message_whose_beginning_is_lost_is_not_answered(
    start: bytes, is_answered: bool
) -> None:
    """It might be of an ACK, too."""
    rest = OPTIONS.replace(b"OPTIONS", start, 1).replace(b"CSeq", b"X-CSeq")
    [refused] = StreamReader().feed(rest)
    assert isinstance(refused, Malformed)
    assert (refused.request is not None) == is_answered
    datagram = read_datagram(rest)
    assert isinstance(datagram, Malformed)
    assert datagram.request is not None


BREAKING = {
    "no Content-Length": OPTIONS.replace(b"Content-Length: 0\r\n", b""),
    "bad Content-Length": OPTIONS.replace(b"Length: 0", b"Length: x"),
    "conflicting Content-Lengths": with_fields("Content-Length: 7"),
    "a body beyond the message limit": OPTIONS.replace(b"Length: 0", b"Length: 65536"),
    "a header beyond its limit": with_fields("X: " + "y" * 8_000, "Y: " + "y" * 8_300),
    "a header without an end": b"x" * 16_385,
    "a field without a colon": with_fields("Subject"),
    "another protocol": b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_stream_whose_framing_is_lost_is_broken(name: str) -> None:
    reader = StreamReader()
    items = reader.feed(BREAKING[name] + OPTIONS)
    assert reader.broken
    assert [type(item) for item in items] == [Malformed]
    assert reader.feed(OPTIONS) == []


def test_a_streams_header_may_be_as_long_as_its_limit() -> None:
    pad = 16_384 - len(with_fields("X: ", "Y: "))
    fits = with_fields("X: " + "y" * 8_000, "Y: " + "y" * (pad - 8_000))
    assert len(StreamReader().feed(fits)) == 1
    reader = StreamReader()
    reader.feed(fits.replace(b"X: ", b"X:  "))
    assert reader.broken


def test_a_long_body_waits_for_its_last_octet() -> None:
    data = of_size(65_536)
    reader = StreamReader()
    assert reader.feed(data[:-1]) == []
    assert reader.feed(data[-1:]) == [read_datagram(data)]
