from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from b2bua.rcml.addresses import AddressError, read_address, sip_uri

TEXT = st.text(
    alphabet=string.ascii_letters + string.digits + "@:;=?&%.[]<>\"' \r\n\x00\u2028é/", max_size=60
)


@given(TEXT)
def test_no_header_value_holds_what_could_end_its_line(text: str) -> None:
    try:
        address = read_address(f"x?X-A={text}")
    except AddressError:
        return
    for name, value in address.headers:
        assert re.fullmatch(r"[!-9;-~]+", name)
        assert not re.search(r"[\x00-\x1f\x7f\u2028]", value)


@given(TEXT)
def test_no_sip_uri_holds_what_could_end_it(text: str) -> None:
    try:
        uri = sip_uri(text)
    except AddressError:
        return
    assert re.fullmatch(r"sips?:[!-~]+", uri)
    assert not set(uri) & set("<>\"' ,?") - {"'", ","}


def test_a_plus_in_a_header_is_a_plus() -> None:
    address = read_address("x?Remote-Party-ID=<sip:+1555@h>")
    assert address.headers == (("Remote-Party-ID", "<sip:+1555@h>"),)


def test_a_long_hostile_uri_is_refused_at_once() -> None:
    for text in ("a" * 254 + "@", "sip:" + "a:" * 120, "sip:a@" + ";a" * 120 + "!,"):
        try:
            sip_uri(text)
        except AddressError:
            continue
        raise AssertionError(text)
