"""Requests in a dialog: which are taken and what the others hear (RFC 3261 12.2.2, 8.2, 11)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.capabilities import refuse_invite
from b2bua.sip.dialog.events import Informed
from b2bua.sip.message import Response
from tests.support.ladder import Ladder, incoming, read, request

ALLOWED = "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, PRACK, UPDATE, REFER"


@pytest.fixture
def ladder(clock: Clock) -> Ladder:
    """Return a session in which they called and we accepted."""
    ladder = Ladder(incoming(), clock)
    ladder.do("accept", "sdp")
    ladder.ask("ACK", "number=1")
    ladder.log.clear()
    ladder.replies.clear()
    return ladder


def asked(ladder: Ladder, method: str, number: int = 2, *extra: str) -> Response:
    """Return what `method` is answered with."""
    ladder.perform(ladder.session.request(request(method, number=number, to_tag="us", extra=extra)))
    return ladder.replies[-1][1]


@pytest.mark.parametrize("method", ["MESSAGE", "SUBSCRIBE", "REGISTER", "PUBLISH"])
def test_a_method_that_is_not_offered_is_405_with_allow(ladder: Ladder, method: str) -> None:
    response = asked(ladder, method)
    assert response.status == 405
    assert response.headers.get("Allow") == ALLOWED


def test_a_method_nobody_knows_is_501(ladder: Ladder) -> None:
    assert asked(ladder, "DANCE").status == 501


def test_options_tells_what_we_can_do(ladder: Ladder) -> None:
    response = asked(ladder, "OPTIONS")
    assert response.status == 200
    assert response.headers.get("Allow") == ALLOWED
    assert response.headers.listed("Accept") == [
        "application/sdp",
        "application/dtmf-relay",
        "application/dtmf",
    ]
    assert response.headers.listed("Supported") == ["100rel", "timer", "replaces"]


@pytest.mark.parametrize("method", ["INVITE", "INFO", "BYE", "OPTIONS"])
def test_a_required_extension_that_we_lack_is_420_and_changes_nothing(
    ladder: Ladder, method: str
) -> None:
    response = asked(ladder, method, 2, "Require: precondition, 100rel, gruu")
    assert response.status == 420
    assert response.headers.listed("Unsupported") == ["precondition", "gruu"]
    assert asked(ladder, "OPTIONS", 3).status == 200


@pytest.mark.parametrize(("number", "status"), [(1, 500), (0, 500), (2, 200), (900, 200)])
def test_a_lower_or_equal_cseq_is_out_of_order(ladder: Ladder, number: int, status: int) -> None:
    assert asked(ladder, "OPTIONS", number).status == status


def test_a_request_with_another_tag_is_in_no_dialog(ladder: Ladder) -> None:
    stranger = request("BYE", number=2, from_tag="stranger", to_tag="us")
    ladder.perform(ladder.session.request(stranger))
    assert ladder.log == ["-> 481 2 BYE"]


def test_an_info_is_answered_and_passed_on(ladder: Ladder) -> None:
    lines = [
        "INFO sip:us@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKinfo",
        "From: <sip:them@192.0.2.2>;tag=them",
        "To: <sip:us@192.0.2.1>;tag=us",
        "Call-ID: call",
        "CSeq: 2 INFO",
        "Max-Forwards: 70",
        "Content-Type: Application/DTMF-Relay",
    ]
    info = read(lines, b"Signal=5\r\nDuration=160\r\n")
    assert not isinstance(info, Response)
    ladder.perform(ladder.session.request(info))
    assert ladder.replies[-1][1].status == 200
    assert ladder.events[-1] == Informed("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n")


def test_an_info_of_a_package_we_did_not_ask_for_is_469(ladder: Ladder) -> None:
    """RFC 6086 section 4.2.2."""
    response = asked(ladder, "INFO", 2, "Info-Package: conference")
    assert response.status == 469
    assert "Recv-Info" in response.headers


def test_ack_and_cancel_are_never_answered(ladder: Ladder) -> None:
    for method in ("ACK", "CANCEL"):
        ladder.perform(ladder.session.request(request(method, number=9, to_tag="us")))
    assert ladder.log == []


@pytest.mark.parametrize(
    ("extra", "contact", "status", "field"),
    [
        (("Require: precondition",), "<sip:them@192.0.2.2>", 420, "Unsupported"),
        (("Content-Type: text/plain",), "<sip:them@192.0.2.2>", 415, "Accept"),
        (("Accept: application/isup, text/plain",), "<sip:them@192.0.2.2>", 406, "To"),
        ((), "", 400, "To"),
    ],
)
def test_an_invite_that_cannot_be_a_call_is_refused(
    extra: tuple[str, ...], contact: str, status: int, field: str
) -> None:
    lines = [
        "INVITE sip:us@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKfirst",
        "From: <sip:them@192.0.2.2>;tag=them",
        "To: <sip:us@192.0.2.1>",
        "Call-ID: call",
        "CSeq: 1 INVITE",
        "Max-Forwards: 70",
        *([f"Contact: {contact}"] if contact else []),
        *extra,
    ]
    invite = read(lines, b"hello" if status == 415 else b"")
    assert not isinstance(invite, Response)
    refusal = refuse_invite(invite, "us")
    assert refusal is not None
    assert (refusal.status, refusal.to.tag, field in refusal.headers) == (status, "us", True)


@pytest.mark.parametrize(
    "extra",
    [
        (),
        ("Accept: application/sdp;level=1",),
        ("Accept: text/plain, */*",),
        ("Accept: application/*",),
    ],
)
def test_an_invite_that_can_be_a_call_is_not_refused(extra: tuple[str, ...]) -> None:
    assert refuse_invite(request("INVITE", sdp=True, extra=extra), "us") is None
