"""The Identity field of RFC 8224: ours is read back, and any other is passed over or a fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.stir.identity import MOST, IdentityFault, find, write
from b2bua.stir.passport import Signed, sign
from tests.stir.test_passport import KEY, PASSPORT

URL = PASSPORT.certificate_url
TOKEN = sign(PASSPORT, KEY)
GOOD = write(TOKEN, URL)


def test_what_is_written_is_found() -> None:
    found = find([GOOD])
    assert isinstance(found, Signed)
    assert (found.token, found.passport) == (TOKEN, PASSPORT)


@pytest.mark.parametrize(
    "value",
    [
        f"{TOKEN};info=<{URL}>;ppt=shaken",
        f"{TOKEN} ; info=<{URL}> ; alg=ES256 ; ppt=shaken",
        f'{TOKEN};INFO=<{URL}>;alg=ES256;ppt="shaken"',
        f"{TOKEN};info=<{URL}>;alg=ES256;ppt=shaken;other",
    ],
)
def test_every_form_of_the_field_is_read(value: str) -> None:
    assert isinstance(find([value]), Signed)


@pytest.mark.parametrize(
    "values", [[], [f"{TOKEN};info=<{URL}>;ppt=div"], [f"{TOKEN};info=<{URL}>"]]
)
def test_what_is_no_shaken_is_nothing(values: list[str]) -> None:
    assert find(values) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hello;ppt=shaken",
        f"..{TOKEN.rpartition('.')[2]};info=<{URL}>;ppt=shaken",
        f"{TOKEN};info=<https://other.example/a.pem>;ppt=shaken",
        f"{TOKEN};ppt=shaken",
        f"{TOKEN};info=<{URL};ppt=shaken",
        f"{TOKEN}{TOKEN};info=<{URL}>;ppt=shaken",
    ],
)
def test_what_cannot_be_believed_is_a_fault(value: str) -> None:
    assert isinstance(find([value]), IdentityFault)


def test_a_good_field_beside_bad_ones_is_found_within_the_limit() -> None:
    assert isinstance(find(["bad;;"] * (MOST - 1) + [GOOD]), Signed)
    assert isinstance(find(["bad;;"] * MOST + [GOOD]), IdentityFault)


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    assert not isinstance(find([text, TOKEN + ";" + text]), Signed)
