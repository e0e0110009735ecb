"""What belongs to no call and becomes none is answered at once, and nothing of it stays."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from twisted.internet.task import Clock

from tests.support.flow import SERVER, Flow
from tests.support.network import Address
from tests.support.users import Wiretap

TRUSTED, STRANGE = "192.0.2.77", "198.51.100.7"
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\n"
)


class Knocker:
    """A peer without a call: sends one request, and keeps what it is told."""

    def __init__(self, clock: Clock, address: str = TRUSTED) -> None:
        self.clock = clock
        self.flow = Flow("", clock)
        self.wiretap = Wiretap(self.flow.network, address)

    def knock(
        self,
        method: str,
        *fields: str,
        uri: str = "sip:200@192.0.2.1",
        to_tag: str = "",
        body: str = "",
        branch: str = ";branch=z9hG4bKknock",
        contact: str = "Contact: <sip:me@192.0.2.77>",
    ) -> list[str]:
        """Return the start lines of all that is heard in two minutes."""
        host = self.wiretap.address[0]
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}{branch}",
            f"From: <sip:me@{host}>;tag=me",
            f"To: <sip:200@192.0.2.1>{f';tag={to_tag}' if to_tag else ''}",
            "Call-ID: knock",
            f"CSeq: 1 {method}",
            *fields,
            *([contact] if contact else []),
            *(["Content-Type: application/sdp"] if body == SDP else []),
            f"Content-Length: {len(body)}",
        ]
        self.send("\r\n".join([*lines, "", body]), SERVER)
        return self.wiretap.lines

    def send(self, text: str, to: Address) -> None:
        """Send a datagram, and let two minutes pass."""
        self.flow.network.carry(text.encode(), self.wiretap.address, to)
        self.clock.pump([0.5] * 240)
        assert self.flow.leftovers() == {}


@pytest.mark.parametrize("method", ["BYE", "INFO", "PRACK", "UPDATE", "NOTIFY"])
@pytest.mark.parametrize("to_tag", ["", "unknown"])
def test_what_needs_a_dialog_is_481(clock: Clock, method: str, to_tag: str) -> None:
    heard = Knocker(clock).knock(method, to_tag=to_tag)
    assert heard == ["481 Call/Transaction Does Not Exist"]


def test_a_re_invite_of_no_dialog_is_refused_once(clock: Clock) -> None:
    """12.2.2; without a 100, and without being sent again (8.2.7)."""
    heard = Knocker(clock).knock("INVITE", to_tag="unknown", body=SDP)
    assert heard == ["481 Call/Transaction Does Not Exist"]


@pytest.mark.parametrize(
    ("method", "fields", "uri", "status"),
    [
        ("OPTIONS", (), "sip:200@192.0.2.1", "200"),
        ("OPTIONS", (), "tel:+15550001111", "200"),
        ("OPTIONS", ("Max-Forwards: 0",), "sip:200@192.0.2.1", "200"),
        ("OPTIONS", (), "soap.beep://192.0.2.1:3002", "416"),
        ("OPTIONS", ("Require: nobodyHasThis",), "sip:200@192.0.2.1", "420"),
        ("REGISTER", (), "sip:192.0.2.1", "405"),
        ("MESSAGE", (), "sip:200@192.0.2.1", "405"),
        ("NEWMETHOD", (), "sip:200@192.0.2.1", "501"),
        ("INVITE", (), "urn:service:sos", "416"),
        ("INVITE", ("Max-Forwards: 0",), "sip:200@192.0.2.1", "483"),
        ("INVITE", ("Require: nobodyHasThis",), "sip:200@192.0.2.1", "420"),
        ("INVITE", ("Accept: text/plain",), "sip:200@192.0.2.1", "406"),
    ],
)
def test_each_refusal_is_sent_once(
    clock: Clock, method: str, fields: Sequence[str], uri: str, status: str
) -> None:
    [line] = Knocker(clock).knock(method, *fields, uri=uri)
    assert line.startswith(status)


@pytest.mark.parametrize("body", ["m=audio\r\n", "v=9\r\ngarbage", "\0\1\2"])
def test_a_description_that_cannot_be_read_is_488(clock: Clock, body: str) -> None:
    knocker = Knocker(clock)
    [line] = knocker.knock("INVITE", "Content-Type: application/sdp", body=body)
    assert line.startswith("488")
    assert knocker.flow.switchboard.refused == {"unacceptable_media": 1}


def test_who_is_not_trusted_gets_no_more_than_was_sent(clock: Clock) -> None:
    """limits.md: responses before authentication, at most twice the bytes of the request."""
    knocker = Knocker(clock, STRANGE)
    assert knocker.knock("INVITE", body=SDP) == ["403 Forbidden"]
    sent = sum(len(data) for _, sender, _, data in knocker.flow.network.sent if sender != SERVER)
    assert len(knocker.wiretap.heard[0]) <= sent


def test_a_request_that_comes_again_gets_the_same_answer(clock: Clock) -> None:
    """8.2.7: the same To tag, though nothing was remembered."""
    knocker = Knocker(clock, STRANGE)
    knocker.knock("INVITE", body=SDP)
    knocker.knock("INVITE", body=SDP)
    first, second = (re.findall(r"(?m)^To: .*$", text) for text in knocker.wiretap.heard)
    assert first == second
    assert "tag=" in first[0]


def test_a_caller_of_rfc_2543_needs_no_contact(clock: Clock) -> None:
    heard = Knocker(clock).knock("INVITE", body=SDP, branch="", contact="")
    assert heard[0].startswith("100")


def test_another_caller_needs_one(clock: Clock) -> None:
    assert Knocker(clock).knock("INVITE", body=SDP, contact="") == ["400 Contact missing"]
