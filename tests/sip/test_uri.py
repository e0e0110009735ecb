"""URIs: reading, writing, comparing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.uri import OtherUri, TelUri, Uri, read_uri, same_uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:example.com", Uri("sip", "example.com")),
        ("SIPS:Bob@Example.COM", Uri("sips", "example.com", "Bob")),
        ("sip:a:secret@h:5070", Uri("sip", "h", "a", "secret", 5070)),
        ("sip:a:@h", Uri("sip", "h", "a", "")),
        ("sip:h;LR;Transport=TCP", Uri("sip", "h", params=(("lr", None), ("transport", "TCP")))),
        ("sip:h;lr=", Uri("sip", "h", params=(("lr", None),))),
        ("sip:h;maddr=[::1]", Uri("sip", "h", params=(("maddr", "[::1]"),))),
        ("sip:h?Subject=x&To=%3Ca", Uri("sip", "h", headers=(("Subject", "x"), ("To", "%3Ca")))),
        ("sip:h;p=1?a=", Uri("sip", "h", params=(("p", "1"),), headers=(("a", ""),))),
        ("sip:a@[2001:DB8::1]:5061", Uri("sip", "2001:db8::1", "a", None, 5061)),
        ("sip:[2001:db8::10:5070]", Uri("sip", "2001:db8::10:5070")),
        ("sip:%61%3Ab?x=1@h", Uri("sip", "h", "a%3Ab?x=1")),
        ("sip:*67#1@h", Uri("sip", "h", "*67%231")),
        ("sip:h;p=a=b", Uri("sip", "h", params=(("p", "a%3Db"),))),
        ("sip:h?a=b;c", Uri("sip", "h", headers=(("a", "b%3Bc"),))),
        ("tel:+1-201-555-0123", TelUri("+1-201-555-0123")),
        ("TEL:7042;Phone-Context=h", TelUri("7042", (("phone-context", "h"),))),
        ("isbn:2983792873", OtherUri("isbn", "2983792873")),
        ("soap.beep://192.0.2.103:3002", OtherUri("soap.beep", "//192.0.2.103:3002")),
    ],
)
def test_a_uri_is_read(text: str, uri: object) -> None:
    assert read_uri(text) == uri


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        ":x",
        "sip:",
        "sip:@h",
        "sip:a@",
        "sip:a@b@c",
        "sip:a b@h",
        "sip:h:0",
        "sip:h:65536",
        "sip:h:",
        "sip:h:x",
        "sip:h;",
        "sip:h;;lr",
        "sip:h;a b",
        "sip:a%4@h",
        "sip:h;p=%zz",
        "sip:h?",
        "sip:h?x",
        "sip:h?" + "&".join(["x=1"] * 101),
        "sip:[::1",
        "sip:[2001:db8:::1]",
        "sip:ü@h",
        "sip:h\n",
        "<sip:h>",
        "tel:",
        "tel:one",
        "tel:+1;",
        "mailto:",
        "mailto:a b",
        "1x:y",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        read_uri(text)


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        (Uri("sip", "h", "a b@c"), "sip:a%20b%40c@h"),
        (Uri("sip", "h", "a%20b"), "sip:a%20b@h"),
        (Uri("sip", "h", "50%"), "sip:50%25@h"),
        (Uri("sip", "h", "ü", "p:w"), "sip:%C3%BC:p%3Aw@h"),
        (Uri("sip", "::1", None, None, 5060), "sip:[::1]:5060"),
        (Uri("sip", "h", params=(("a", "x;y=z"),)), "sip:h;a=x%3By%3Dz"),
        (Uri("sip", "h", headers=(("Route", "<sip:b;lr>"),)), "sip:h?Route=%3Csip:b%3Blr%3E"),
        (TelUri("+1", (("ext", "2"),)), "tel:+1;ext=2"),
        (OtherUri("isbn", "1"), "isbn:1"),
    ],
)
def test_a_uri_is_written_with_the_escapes_it_needs(uri: object, text: str) -> None:
    assert str(uri) == text


def test_line_ends_cannot_be_written_into_a_sip_uri() -> None:
    uri = Uri("sip", "h", "a\r\nX: y", "\r\n", None, (("p\n", "\r"),), (("h\n", "\r"),))
    assert not {"\r", "\n"} & set(str(uri))


USERS = st.text(min_size=1).filter(lambda text: text.isprintable() and "%" not in text)


@given(USERS, st.none() | USERS, st.none() | st.integers(1, 65535))
def test_what_is_written_reads_as_an_equivalent_uri(
    user: str, value: str | None, port: int | None
) -> None:
    written = str(Uri("sip", "example.com", user, None, port, (("p", value),)))
    again = read_uri(written)
    assert isinstance(again, Uri)
    assert str(read_uri(str(again))) == str(again)
    assert same_uri(again, read_uri(written))


# RFC 3261 section 19.1.4
SAME = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
    ("tel:+1-201-555", "tel:+1201555"),
    ("isbn:1", "isbn:1"),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
    ("tel:+1201", "tel:+1202"),
    ("tel:+1201", "sip:+1201@h"),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_equivalent_uris_are_the_same(a: str, b: str) -> None:
    assert same_uri(read_uri(a), read_uri(b))
    assert same_uri(read_uri(b), read_uri(a))


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_other_uris_are_not_the_same(a: str, b: str) -> None:
    assert not same_uri(read_uri(a), read_uri(b))
    assert not same_uri(read_uri(b), read_uri(a))


def test_a_uri_can_be_had_with_less() -> None:
    uri = Uri("sip", "h", params=(("lr", None), ("x", "1")), headers=(("a", "b"),))
    assert str(uri.without_params("lr")) == "sip:h;x=1?a=b"
    assert str(uri.without_headers()) == "sip:h;lr;x=1"
    assert str(uri.with_params(()).without_headers()) == "sip:h"
    assert uri.param("lr") == ""
    assert not uri.is_v6
    assert Uri("sip", "::1").is_v6
    assert TelUri("+1", (("ext", "2"),)).param("ext") == "2"
