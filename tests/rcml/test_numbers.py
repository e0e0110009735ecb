from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.rcml.numbers import canonical


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+15551230002", "", "+15551230002"),
        ("+15551230002", "US", "+15551230002"),
        ("+123456789012345", "", "+123456789012345"),
        ("+1 (555) 123.00-02", "", "+15551230002"),
        ("+1\u00a0555\u2009123 0002", "", "+15551230002"),
        ("5551230002", "", "5551230002"),
        ("555-123-0002", "US", "+15551230002"),  # 555 is possible, and not valid
        ("1 555 123 0002", "us", "+15551230002"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("00 1 555 123 0002", "DE", "+15551230002"),
        ("030 123456", "DE", "+4930123456"),
        ("0030123456", "XX", "0030123456"),  # a country that is none
    ],
)
def test_a_number_is_written_in_e164_where_that_can_be_told(
    text: str, country: str, number: str
) -> None:
    assert canonical(text, country) == number


@pytest.mark.parametrize("country", ["", "US", "GB", "DE", "FR", "AU", "IN"])
@pytest.mark.parametrize(
    "text", ["911", "112", "999", "000", "110", "100", "101", "1234", "116117"]
)
def test_emergency_numbers_and_short_codes_stay_as_they_are(text: str, country: str) -> None:
    assert canonical(text, country) == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "+", "++1", "+0123", "1+2", "+1234567890123456", "1234567890123456", "12a", "#1",
     "*9", "\uff11\uff12\uff13", "٣", "12\u202a3", "tel:12", "12;ext=3", "12/3", "1,2"],
)  # fmt: skip
@pytest.mark.parametrize("country", ["", "US"])
def test_anything_else_is_no_number(text: str, country: str) -> None:
    assert canonical(text, country) is None


@given(st.text(alphabet="+0123456789 ()-.ax٣", max_size=24), st.sampled_from(["", "US", "de", "?"]))
def test_whatever_comes_out_can_be_dialled(text: str, country: str) -> None:
    number = canonical(text, country)
    assert number is None or re.fullmatch(r"\+[1-9][0-9]{0,14}|[0-9]{1,15}", number)
