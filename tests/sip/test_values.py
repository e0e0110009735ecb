"""Typed header values: NameAddr, Via, CSeq."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.uri import Uri, read_uri
from b2bua.sip.values import CSeq, NameAddr, Via, read_cseq, read_name_addr, read_via

BOB = read_uri("sip:bob@example.com")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<sip:bob@example.com>", NameAddr(BOB)),
        ("sip:bob@example.com", NameAddr(BOB)),
        ("sip:bob@example.com;Tag=x", NameAddr(BOB, "", (("tag", "x"),))),
        ("Bob  B. <sip:bob@example.com>", NameAddr(BOB, "Bob  B.")),
        ("Bob<sip:bob@example.com>;a ; b = c", NameAddr(BOB, "Bob", (("a", None), ("b", "c")))),
        (r'"B \"\\\o" <sip:bob@example.com>', NameAddr(BOB, 'B "\\o')),
        ('"" <sip:bob@example.com>', NameAddr(BOB)),
        ("Größe (1) @x <sip:bob@example.com>", NameAddr(BOB, "Größe (1) @x")),
        ('<sip:bob@example.com>;a="x;,\\""', NameAddr(BOB, "", (("a", '"x;,\\""'),))),
        ("<sip:bob@example.com>;a=", NameAddr(BOB, "", (("a", None),))),
        ("<sip:h;lr>;q=1", NameAddr(Uri("sip", "h", params=(("lr", None),)), "", (("q", "1"),))),
    ],
)
def test_an_address_is_read(text: str, value: NameAddr) -> None:
    assert read_name_addr(text) == value
    assert read_name_addr(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Bob",
        "<>",
        "<sip:b>>",
        "<<sip:b>",
        "< sip:b>",
        "<sip:b >",
        '"Bob <sip:b>',
        'B"ob" <sip:b>',
        '"a" "b" <sip:b>',
        "a, b <sip:b>",
        "<sip:b>;",
        "<sip:b>;;a",
        "<sip:b>;=x",
        "<sip:b> x",
        "<sip:b>;a=x y",
        '<sip:b>;a="x',
        "sip:b?a=1",
        "sip:b,c",
        "<sip:b\n>",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_name_addr(text)


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_any_display_name_survives_writing_and_reading(display: str) -> None:
    assert read_name_addr(str(NameAddr(BOB, display))).display == display


def test_a_tag_is_read_and_replaced() -> None:
    value = read_name_addr("<sip:b>;x=1;tag=a")
    assert (value.tag, value.param("x")) == ("a", "1")
    assert str(value.with_tag("b")) == "<sip:b>;x=1;tag=b"
    assert NameAddr(BOB).tag is None
    assert read_name_addr("<sip:b>;tag").tag is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SIP/2.0/UDP h", Via("UDP", "h")),
        ("sip / 2.0 / tcp  H : 5070 ; Branch = x", Via("TCP", "h", 5070, (("branch", "x"),))),
        ("SIP/2.0/UDP [2001:DB8::1]:5060", Via("UDP", "2001:db8::1", 5060)),
        ("SIP/2.0/TLS 192.0.2.1;rport", Via("TLS", "192.0.2.1", None, (("rport", None),))),
        ("SIP/7.0/UDP h", Via("UDP", "h", version="7.0")),
    ],
)
def test_a_via_is_read(text: str, value: Via) -> None:
    assert read_via(text) == value
    assert read_via(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "SIP/3/UDP h",
        "SIP/3.x/UDP h",
        "HTTP/2.0/UDP h",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:70000",
        "SIP/2.0/UDP h:",
        "SIP/2.0/UDP h i",
        "SIP/2.0/UDP h;",
        "SIP/2.0/UDP h;;branch=x",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP [:::1]",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP h,",
        "SIP/2.0/UDP h\n",
    ],
)
def test_what_is_no_via_is_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_via(text)


@pytest.mark.parametrize(
    ("params", "rport"),
    [("", None), (";rport", True), (";rport=", True), (";rport=5", 5), (";rport=x", True)],
)
def test_rport_is_asked_for_or_filled_in(params: str, rport: object) -> None:
    assert read_via(f"SIP/2.0/UDP h{params}").rport == rport


@pytest.mark.parametrize("text", ["2001:db8::1", "[2001:db8::1]"])
def test_received_is_without_brackets(text: str) -> None:
    assert read_via(f"SIP/2.0/UDP h;received={text}").received == "2001:db8::1"


def test_a_vias_parameters_can_be_changed() -> None:
    via = Via("UDP", "h", params=(("branch", "a"), ("rport", None)))
    assert (via.branch, via.received) == ("a", None)
    assert str(via.with_params(rport="5", received="1.1.1.1")) == (
        "SIP/2.0/UDP h;branch=a;rport=5;received=1.1.1.1"
    )
    assert str(via.without_params("rport")) == "SIP/2.0/UDP h;branch=a"
    assert via.param("rport") == ""


def test_a_cseq_is_a_number_and_a_method() -> None:
    assert read_cseq("0009  INVITE") == CSeq(9, "INVITE")
    assert str(read_cseq("2147483647 BYE")) == "2147483647 BYE"


@pytest.mark.parametrize(
    "text", ["", "1", "INVITE", "1INVITE", "-1 BYE", "2147483648 BYE", "1 A B"]
)
def test_what_is_no_cseq_is_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_cseq(text)
