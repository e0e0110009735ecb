"""Requests, responses and replies."""

from __future__ import annotations

import pytest

from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.headers import Headers
from b2bua.sip.message import REASONS, Request, Response, reason_for
from b2bua.sip.uri import read_uri

FIELDS = [
    ("Via", "SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b"),
    ("Via", "SIP/2.0/TCP c"),
    ("Record-Route", "<sip:p1;lr>"),
    ("From", "<sip:a@h>;tag=1"),
    ("To", "sip:b@h;user=phone"),
    ("Call-ID", "x"),
    ("CSeq", "7 INVITE"),
    ("Timestamp", "54"),
    ("Subject", "not copied"),
]


def request(*fields: tuple[str, str], method: str = "INVITE", body: bytes = b"") -> Request:
    return Request(method, read_uri("sip:b@h"), Headers([*FIELDS, *fields]), body)


def test_a_reply_has_the_fields_of_8_2_6_as_the_request_wrote_them() -> None:
    reply = request().reply(486, to_tag="t")
    assert (reply.status, reply.reason) == (486, "Busy Here")
    assert [*reply.headers] == [
        FIELDS[0],
        FIELDS[1],
        FIELDS[3],
        ("To", "sip:b@h;user=phone;tag=t"),
        FIELDS[5],
        FIELDS[6],
    ]
    assert (reply.to.tag, reply.via.branch, reply.cseq.number) == ("t", "z9hG4bK1", 7)


def test_a_100_has_no_tag_but_the_timestamp() -> None:
    reply = request().reply(100, to_tag="t")
    assert reply.to.tag is None
    assert reply.headers.get("Timestamp") == "54"
    assert "Record-Route" not in reply.headers


@pytest.mark.parametrize(
    ("method", "status", "crosses"),
    [("INVITE", 180, True), ("INVITE", 200, True), ("INVITE", 300, False), ("BYE", 200, False)],
)
def test_record_route_crosses_where_a_dialog_is_made(
    method: str, status: int, crosses: bool
) -> None:
    assert ("Record-Route" in request(method=method).reply(status).headers) == crosses


def test_a_tag_that_is_there_stays() -> None:
    asked = request()
    asked.headers.set("To", '"x;tag=no" <sip:b@h>;tag=theirs')
    assert asked.reply(200, to_tag="ours").headers.get("To") == '"x;tag=no" <sip:b@h>;tag=theirs'


def test_a_request_that_lacks_fields_gets_a_reply_that_lacks_them() -> None:
    asked = Request("INVITE", read_uri("sip:h"), Headers([FIELDS[0], ("To", '"')]))
    assert [*asked.reply(400, to_tag="t").headers] == [FIELDS[0], ("To", '"')]


def test_a_reply_takes_headers_and_a_body() -> None:
    reply = request().reply(
        200, "Fine", headers=[("m", "<sip:c>")], body=b"v=0", content_type="application/sdp"
    )
    assert (reply.reason, reply.sdp, str(reply.contact)) == ("Fine", b"v=0", "<sip:c>")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(180, "Ringing"), (199, "Early Dialog Terminated"), (299, "OK"), (499, "Client Error")],
)
def test_every_status_has_a_reason(status: int, reason: str) -> None:
    assert reason_for(status) == reason
    assert all(reason_for(number) for number in range(100, 700))
    assert reason_for(404) == REASONS[404]


def test_typed_values_are_read_from_the_fields() -> None:
    asked = request(
        ("Contact", "<sip:a@1>, <sip:a@2>"),
        ("Route", "<sip:r1;lr>"),
        ("Route", "<sip:r2;lr>"),
        ("Max-Forwards", "70"),
        ("Content-Type", "Application/SDP ; charset=x"),
        body=b"v=0",
    )
    assert [via.host for via in asked.vias] == ["a", "b", "c"]
    assert (asked.from_.tag, asked.to.tag, asked.call_id) == ("1", None, "x")
    assert (asked.cseq.number, asked.cseq.method) == (7, "INVITE")
    assert [str(contact) for contact in asked.contacts] == ["<sip:a@1>", "<sip:a@2>"]
    assert asked.contact == asked.contacts[0]
    assert [str(route) for route in asked.routes] == ["<sip:r1;lr>", "<sip:r2;lr>"]
    assert [str(route) for route in asked.record_routes] == ["<sip:p1;lr>"]
    assert (asked.max_forwards, asked.content_type, asked.sdp) == (70, "application/sdp", b"v=0")


def test_absent_values_are_none_or_empty() -> None:
    asked = request()
    assert (asked.contact, asked.contacts, asked.routes) == (None, [], [])
    assert (asked.max_forwards, asked.content_type, asked.sdp) == (None, None, None)


def test_a_list_that_was_handed_out_is_the_callers_own() -> None:
    asked = request()
    asked.vias.clear()
    asked.record_routes.clear()
    assert len(asked.vias) == 3
    assert len(asked.record_routes) == 1


def test_a_changed_field_is_read_again() -> None:
    asked = request()
    assert asked.via.host == "a"
    asked.headers.prepend("Via", "SIP/2.0/UDP new")
    assert asked.via.host == "new"


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Via"])
def test_a_message_of_ours_without_a_mandatory_field_says_so(name: str) -> None:
    made = Request("BYE", read_uri("sip:h"), Headers([]))
    attribute = {"From": "from_", "Call-ID": "call_id"}.get(name, name.lower())
    with pytest.raises(SyntaxFault):
        getattr(made, attribute)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(100, (True, False, False)), (200, (False, True, True)), (300, (False, False, True))],
)
def test_a_response_knows_its_class(status: int, expected: tuple[bool, bool, bool]) -> None:
    response = Response(status, "", Headers())
    assert (response.is_provisional, response.is_success, response.is_final) == expected


def multipart(body: bytes, content_type: str = "multipart/mixed;boundary=b") -> bytes | None:
    return request(("Content-Type", content_type), body=body).sdp


PART = b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"


@pytest.mark.parametrize(
    ("body", "sdp"),
    [
        (PART + b"\r\n--b--\r\n", b"v=0\r\n"),
        (b"preamble\r\n" + PART + b"\r\n--b--", b"v=0\r\n"),
        (b"--b\r\n\r\ntext\r\n" + PART + b"\r\n--b--", b"v=0\r\n"),
        (b"--b\r\nc: x\r\ncontent-type:APPLICATION/SDP;a=b\r\n\r\nv=0\r\n--b--", b"v=0"),
        (b"--b\r\nContent-Type: text/plain\r\n\r\nv=0\r\n--b--", None),
        (b"--b--\r\n" + PART, None),
        (b"--b", None),
        (b"", None),
    ],
)
def test_sdp_is_found_in_a_multipart_body(body: bytes, sdp: bytes | None) -> None:
    assert multipart(body) == sdp


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed",
        "multipart/mixed;boundary=",
        'multipart/mixed;boundary=""',
        "multipart/mixed;boundary=ü",
        "multipart/mixed;boundary=" + "b" * 71,
        "multipart/mixed;boundary=other",
        "text/plain;boundary=b",
    ],
)
def test_a_multipart_without_a_proper_boundary_has_no_sdp(content_type: str) -> None:
    assert multipart(PART + b"\r\n--b--", content_type) is None
