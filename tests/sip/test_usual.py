"""What is in its usual form can be read: the promise that lets the reader leave it unread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.sip import message, usual
from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.headers import Headers
from b2bua.sip.usual import is_usual

PLAIN = {
    "Via": "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
    "From": '"Ann" <sip:ann@example.com:5070;transport=tcp>;tag=1',
    "To": "<sip:+15550001111@example.com>",
    "Call-ID": "a@b",
    "CSeq": "1 INVITE",
    "Max-Forwards": "70",
    "Contact": "<sips:ann@192.0.2.1>;expires=60",
    "Record-Route": "<sip:192.0.2.2;lr>",
    "Content-Type": "application/sdp",
}
READ: dict[str, Callable[[list[str]], Any]] = {
    "Via": message.read_vias,
    "From": message.read_one_name_addr,
    "To": message.read_one_name_addr,
    "Call-ID": message.read_call_id,
    "CSeq": message.read_one_cseq,
    "Max-Forwards": message.read_max_forwards,
    "Contact": message.read_contacts,
    "Route": message.read_routes,
    "Record-Route": message.read_routes,
    "Content-Type": message.read_content_type,
}


def headers_with(**changed: str) -> Headers:
    fields = {**PLAIN, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return Headers(fields.items())


def is_readable(headers: Headers) -> bool:
    try:
        for name, read in READ.items():
            headers.typed(name, read)
    except SyntaxFault:
        return False
    return True


def test_what_telephones_write_is_usual() -> None:
    assert is_usual(headers_with().by_name)


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_what_lacks_a_mandatory_field_is_not_usual(name: str) -> None:
    headers = headers_with()
    headers.remove(name)
    assert not is_usual(headers.by_name)


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type"])
def test_what_says_twice_what_is_said_once_is_not_usual(name: str) -> None:
    headers = headers_with()
    headers.add(name, PLAIN[name])
    assert not is_usual(headers.by_name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("From", "<sip:a%4@b>"),
        ("From", "<sip:a@b:0>"),
        ("From", "<sip:a@b:65536>"),
        ("From", "<sip:a@[::1::]>"),
        ("From", '"a <sip:a@b>'),
        ("To", "<sip:a@b>, <sip:c@d>"),
        ("Contact", "*"),
        ("Contact", "<sip:a@b>;"),
        ("Record-Route", "<tel:1>"),
        ("Via", "SIP/2.0/UDP a, SIP/2.0/UDP b"),
        ("Via", "SIP/3.0/UDP a"),
        ("Via", "SIP/2.0/UDP a:99999"),
        ("CSeq", "4294967296 INVITE"),
        ("CSeq", "INVITE"),
        ("Max-Forwards", "256"),
        ("Call-ID", "a b"),
        ("Call-ID", ""),
    ],
)
def test_what_needs_a_second_look_is_not_usual(name: str, value: str) -> None:
    headers = headers_with()
    headers.set(name, value)
    assert not is_usual(headers.by_name)


@given(name=st.sampled_from([*READ]), data=st.data())
def test_what_is_usual_can_be_read(name: str, data: st.DataObject) -> None:
    """The text is a plain one with some characters changed for others that mean something."""
    characters = list(PLAIN.get(name, PLAIN["Record-Route"]))
    places = st.integers(0, len(characters) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        characters[place] = data.draw(st.text(alphabet='<>"\\;,:@%=?&/[]. 09azAZ-é', max_size=3))
    headers = headers_with()
    headers.set(name, "".join(characters))
    assert not is_usual(headers.by_name) or is_readable(headers)


PATTERNS = {
    "Via": usual.VIA,
    "From": usual.ADDRESS,
    "Record-Route": usual.ADDRESS,
    "Call-ID": usual.CALL_ID,
    "CSeq": usual.CSEQ,
    "Max-Forwards": usual.MAX_FORWARDS,
}


@given(name=st.sampled_from([*PATTERNS]), data=st.data())
def test_whatever_a_pattern_matches_can_be_read(name: str, data: st.DataObject) -> None:
    headers = headers_with()
    headers.set(name, data.draw(st.from_regex(PATTERNS[name], fullmatch=True)))
    assert is_usual(headers.by_name)
    assert is_readable(headers)
