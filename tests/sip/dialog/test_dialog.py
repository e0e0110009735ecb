"""Dialogs: route set, remote target, numbers, and where a request goes (RFC 3261 section 12)."""

from __future__ import annotations

import pytest

from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.values import NameAddr
from tests.support.ladder import CONTACT, HOP, LOCAL, REMOTE, SDP, outgoing, request, response

LOOSE = ("Record-Route: <sip:p2@198.51.100.2;lr>, <sip:p1@198.51.100.1;lr>",)
STRICT = ("Record-Route: <sip:p2@198.51.100.2>, <sip:p1@198.51.100.1>",)
STREAM = Hop("tcp", "192.0.2.2", 34_567, connection=7)


def our_invite() -> Request:
    [begin] = outgoing().start()
    invite: Request = begin.request  # type: ignore[union-attr]
    invite.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1")
    return invite


def uac(*extra: str, contact: str = "<sip:them@192.0.2.2:5080>") -> Dialog:
    invite = our_invite()
    return Dialog.of_uac(invite, response(invite, 200, extra=extra, contact=contact), HOP)


def uas(*extra: str, source: Hop | None = None, contact: str = "<sip:t@192.0.2.2:5080>") -> Dialog:
    return Dialog.of_uas(request("INVITE", extra=extra, contact=contact), "us", source)


def test_a_uac_takes_its_numbers_and_ends_from_its_invite() -> None:
    dialog = uac()
    bye, hop = dialog.request("BYE")
    assert str(bye.uri) == "sip:them@192.0.2.2:5080"
    assert (bye.call_id, bye.from_, bye.to) == ("call", LOCAL, REMOTE.with_tag("them"))
    assert (bye.cseq.number, bye.cseq.method, bye.max_forwards) == (2, "BYE", 70)
    assert hop == Hop("udp", "192.0.2.2", 5080)
    assert dialog.request("INFO")[0].cseq.number == 3


def test_a_uas_begins_its_own_numbers_and_turns_the_ends_round() -> None:
    bye, hop = uas().request("BYE")
    assert bye.from_.tag == "us"
    assert bye.to.tag == "them"
    assert bye.cseq.number == 1
    assert hop == Hop("udp", "192.0.2.2", 5080)


def test_a_uac_reverses_the_record_route_and_a_uas_does_not() -> None:
    """RFC 3261 12.1.1 and 12.1.2."""
    for dialog, hosts in [
        (uac(*LOOSE), ["198.51.100.1", "198.51.100.2"]),
        (uas(*LOOSE), ["198.51.100.2", "198.51.100.1"]),
    ]:
        bye, hop = dialog.request("BYE")
        assert [str(route.uri.host) for route in bye.routes] == hosts  # type: ignore[union-attr]
        assert hop == Hop("udp", hosts[0], 5060)
        assert str(bye.uri) == str(dialog.remote_target)


def test_a_strict_router_takes_the_place_of_the_remote_target() -> None:
    """RFC 3261 12.2.1.1: it becomes the Request-URI, and the target the last Route."""
    bye, hop = uas(*STRICT).request("BYE")
    assert str(bye.uri) == "sip:p2@198.51.100.2"
    assert [str(route) for route in bye.routes] == [
        "<sip:p1@198.51.100.1>",
        "<sip:t@192.0.2.2:5080>",
    ]
    assert hop == Hop("udp", "198.51.100.2", 5060)


def test_a_route_set_never_changes_after_the_dialog_began() -> None:
    dialog = uas(*LOOSE)
    dialog.refresh(request("INVITE", number=2, contact="<sip:t@192.0.2.99>", extra=(STRICT[0],)))
    bye, _ = dialog.request("BYE")
    assert str(bye.uri) == "sip:t@192.0.2.99"
    assert [route.param("lr") for route in bye.routes] == [None, None]
    assert [str(route) for route in bye.routes] == [
        "<sip:p2@198.51.100.2;lr>",
        "<sip:p1@198.51.100.1;lr>",
    ]


def test_what_may_not_stand_in_a_request_uri_is_left_out() -> None:
    contact = "<sip:t@192.0.2.2;method=INVITE;transport=tcp?Subject=x>"
    bye, hop = uas(contact=contact).request("BYE")
    assert str(bye.uri) == "sip:t@192.0.2.2;transport=tcp"
    assert hop == Hop("tcp", "192.0.2.2", 5060)


@pytest.mark.parametrize("contact", ["<tel:+15550001111>", "<mailto:them@192.0.2.2>", ""])
def test_a_contact_that_sip_cannot_reach_leads_back_where_the_call_is(contact: str) -> None:
    assert uac(contact=contact).request("BYE")[1].host == "192.0.2.2"
    assert uas(contact=contact).request("BYE")[1].host == "192.0.2.2"
    assert uas(contact=contact, source=STREAM).request("BYE")[1] == STREAM


@pytest.mark.parametrize(
    ("via", "source", "port"),
    [
        ("192.0.2.2", Hop("udp", "192.0.2.2", 5060), 5080),  # no NAT: the Contact decides
        ("10.0.0.5;received=203.0.113.9", Hop("udp", "203.0.113.9", 1024), 1024),
        ("192.0.2.2", STREAM, STREAM.port),  # the other end of a stream need not listen
    ],
)
def test_requests_find_back_through_a_nat_and_on_a_stream(via: str, source: Hop, port: int) -> None:
    invite = request("INVITE", contact="<sip:t@192.0.2.2:5080>")
    invite.headers.set("Via", f"SIP/2.0/UDP {via};branch=z9hG4bKx")
    assert Dialog.of_uas(invite, "us", source).request("BYE")[1].port == port


def test_a_proxy_before_us_is_not_taken_for_the_peer() -> None:
    """It did not record a route, so it does not want what follows."""
    invite = request("INVITE", contact="<sip:t@192.0.2.2:5080>")
    invite.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.1;received=203.0.113.9;branch=z9hG4bKp")
    dialog = Dialog.of_uas(invite, "us", Hop("udp", "203.0.113.9", 5060))
    assert dialog.request("BYE")[1] == Hop("udp", "192.0.2.2", 5080)


def test_a_route_set_wins_over_the_way_back() -> None:
    dialog = uas(*LOOSE, source=STREAM)
    assert dialog.request("BYE")[1] == Hop("udp", "198.51.100.2", 5060)


def test_the_ack_has_the_number_the_credentials_and_the_way_of_its_invite() -> None:
    dialog = uac(*LOOSE)
    invite = our_invite()
    invite.headers.add("Proxy-Authorization", 'Digest realm="edge"')
    ack, hop = dialog.ack(invite, SDP)
    assert (ack.method, ack.cseq.number, ack.sdp) == ("ACK", 1, SDP)
    assert ack.headers.get("Proxy-Authorization") == 'Digest realm="edge"'
    assert hop.host == "198.51.100.1"
    ack.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKack")
    [(again, _)] = dialog.acked(invite)
    assert again.body == SDP
    assert "Via" not in again.headers


def test_old_acks_are_forgotten_first() -> None:
    dialog = uac()
    invites = [dialog.request("INVITE")[0] for _ in range(20)]
    for invite in invites:
        dialog.ack(invite)
    assert [bool(dialog.acked(invite)) for invite in invites] == [False] * 12 + [True] * 8


def test_requests_are_taken_in_their_order_and_once() -> None:
    """RFC 3261 12.2.2: gaps are allowed, going back is not."""
    dialog = uas()
    numbers = [1, 2, 2, 5, 4, 6]
    assert [dialog.takes(request("INFO", number=number)) for number in numbers] == [
        False,
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_uac_takes_any_first_number() -> None:
    assert uac().takes(request("INFO", number=0))


def test_nothing_of_a_peer_is_in_our_contact() -> None:
    [begin] = outgoing().start()
    invite: Request = begin.request  # type: ignore[union-attr]
    assert invite.contact == NameAddr(invite.contact.uri) if invite.contact else False
    assert invite.headers.get("Contact") == f"<{CONTACT}>"
