"""The token of RFC 8225 in the form of RFC 8588: what is signed can be read, and nothing else."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from b2bua.stir.passport import Attestation, Passport, PassportFault, Signed, digits_of, read, sign

KEY = ec.generate_private_key(ec.SECP256R1())
PASSPORT = Passport(
    calling="12155551212",
    called=("12155551213",),
    attestation=Attestation.FULL,
    issued_at=1_443_208_345,
    origination_id="123e4567-e89b-12d3-a456-426655440000",
    certificate_url="https://cert.example.org/passport.pem",
)


def decoded(part: str) -> str:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_the_members_stand_in_the_canonical_order() -> None:
    header, claims, _ = sign(PASSPORT, KEY).split(".")
    assert decoded(header) == (
        '{"alg":"ES256","ppt":"shaken","typ":"passport",'
        '"x5u":"https://cert.example.org/passport.pem"}'
    )
    assert decoded(claims) == (
        '{"attest":"A","dest":{"tn":["12155551213"]},"iat":1443208345,'
        '"orig":{"tn":"12155551212"},"origid":"123e4567-e89b-12d3-a456-426655440000"}'
    )


def test_what_is_signed_is_read_and_is_of_its_key_alone() -> None:
    signed = read(sign(PASSPORT, KEY))
    assert isinstance(signed, Signed)
    assert signed.passport == PASSPORT
    assert signed.is_signed_by(KEY.public_key())
    assert not signed.is_signed_by(ec.generate_private_key(ec.SECP256R1()).public_key())


def test_a_key_on_another_curve_signs_nothing() -> None:
    with pytest.raises(ValueError, match="P-256"):
        sign(PASSPORT, ec.generate_private_key(ec.SECP384R1()))


def test_a_claim_that_is_changed_breaks_the_signature() -> None:
    header, _, signature = sign(PASSPORT, KEY).split(".")
    _, claims, _ = sign(replace(PASSPORT, calling="19005550000"), KEY).split(".")
    forged = read(f"{header}.{claims}.{signature}")
    assert isinstance(forged, Signed)
    assert not forged.is_signed_by(KEY.public_key())


HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": "https://c.example/a"}
CLAIMS = {
    "attest": "A",
    "dest": {"tn": ["1"]},
    "iat": 1,
    "orig": {"tn": "1"},
    "origid": "123e4567-e89b-12d3-a456-426655440000",
}


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"alg": "none"}, {}),
        ({"alg": "HS256"}, {}),
        ({"ppt": "div"}, {}),
        ({"typ": "JWT"}, {}),
        ({"x5u": None}, {}),
        ({"x5u": "http://c.example/a"}, {}),
        ({"x5u": "file:///etc/passwd"}, {}),
        ({}, {"attest": "D"}),
        ({}, {"attest": ["A"]}),
        ({}, {"dest": {"tn": []}}),
        ({}, {"dest": {"tn": "12"}} | {"dest": {"tn": ["+1"]}}),
        ({}, {"dest": {"uri": ["sip:a@b"]}}),
        ({}, {"dest": None}),
        ({}, {"iat": "1"}),
        ({}, {"iat": True}),
        ({}, {"iat": 1.5}),
        ({}, {"orig": {"tn": 1}}),
        ({}, {"orig": "1"}),
        ({}, {"origid": "a\r\nb"}),
        ({}, {"origid": None}),
    ],
)
def test_another_token_is_a_fault(header: dict[str, Any], claims: dict[str, Any]) -> None:
    assert isinstance(read(f"{encoded(HEADER)}.{encoded(CLAIMS)}.AAAA"), Signed)
    found = read(f"{encoded(HEADER | header)}.{encoded(CLAIMS | claims)}.AAAA")
    assert isinstance(found, PassportFault)


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")))
def test_any_text_is_a_token_or_a_fault(text: str) -> None:
    assert isinstance(read(text), Signed | PassportFault)


def test_depth_and_length_are_bounded() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 3_000).decode().rstrip("=")
    assert isinstance(read(f"{encoded(HEADER)}.{deep}.AAAA"), PassportFault)
    assert isinstance(read("a" * 5_000), PassportFault)


@pytest.mark.parametrize(
    ("number", "digits"),
    [("+15550001111", "15550001111"), ("15550001111", None), ("+1555a", None), ("+", None),
     ("+1234567890123456", None), ("", None), ("client:bob", None)],
)  # fmt: skip
def test_only_e164_numbers_have_digits(number: str, digits: str | None) -> None:
    assert digits_of(number) == digits
