"""What a PASSporT is worth depends on its key, its certificate, its numbers and its age."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from b2bua.stir.passport import Attestation, Passport, Signed, read, sign
from b2bua.stir.verification import FRESH_SECONDS, Anchors, Judgement, judge, read_chain
from tests.stir.test_passport import PASSPORT
from tests.support.authority import Authority, Pair

NOW = int(datetime.now(UTC).timestamp())
AUTHORITY = Authority("STI-PA")
SIGNER = AUTHORITY.issue(common_name="SHAKEN 1234")
FRESH = replace(PASSPORT, issued_at=NOW)


def judged(
    passport: Passport = FRESH,
    signer: Pair = SIGNER,
    key: ec.EllipticCurvePrivateKey | None = None,
    calling: str = "12155551212",
    called: str = "12155551213",
    now: int = NOW,
) -> Judgement:
    signed = read(sign(passport, key or signer.key))
    assert isinstance(signed, Signed)
    chain = read_chain(signer.pem)
    assert chain is not None
    return judge(signed, chain, Anchors(AUTHORITY.pem), calling, called, now)


@pytest.mark.parametrize("attestation", Attestation)
def test_a_good_one_passes_with_its_attestation(attestation: Attestation) -> None:
    judgement = judged(replace(FRESH, attestation=attestation))
    assert judgement.verstat == f"TN-Validation-Passed-{attestation.value}"


@pytest.mark.parametrize("seconds", [-FRESH_SECONDS, FRESH_SECONDS])
def test_it_is_fresh_for_a_minute_either_way(seconds: int) -> None:
    assert judged(now=NOW + seconds).verstat == "TN-Validation-Passed-A"


ELSEWHERE = Authority("somebody else")


@pytest.mark.parametrize(
    ("judgement", "reason"),
    [
        (judged(now=NOW + FRESH_SECONDS + 1), "fresh"),
        (judged(now=NOW - FRESH_SECONDS - 1), "fresh"),
        (judged(calling="19005550000"), "calling"),
        (judged(called="19005550000"), "called"),
        (judged(calling=""), "calling"),
        (judged(key=ec.generate_private_key(ec.SECP256R1())), "signature"),
        (judged(signer=ELSEWHERE.issue(common_name="SHAKEN 1234")), "anchor"),
        (judged(signer=AUTHORITY.issue(age=timedelta(days=400))), "anchor"),
        (judged(signer=AUTHORITY.issue(age=timedelta(days=-2))), "anchor"),
    ],
)
def test_anything_else_fails_and_says_why(judgement: Judgement, reason: str) -> None:
    assert judgement.verstat == "TN-Validation-Failed"
    assert reason in judgement.reason


def test_a_certificate_that_is_no_authority_vouches_for_nobody() -> None:
    """The chain holds another signer's certificate as if it were an authority's."""
    between = AUTHORITY.issue(common_name="between")
    forged = Authority("forged").issue(common_name="SHAKEN 666")
    signed = read(sign(FRESH, forged.key))
    chain = read_chain(forged.pem + between.pem)
    assert isinstance(signed, Signed)
    assert chain is not None
    judgement = judge(signed, chain, Anchors(AUTHORITY.pem), "12155551212", "12155551213", NOW)
    assert "anchor" in judgement.reason


@pytest.mark.parametrize("pem", [b"", b"hello", SIGNER.key_pem, SIGNER.pem * 9])
def test_what_is_no_chain_is_none(pem: bytes) -> None:
    assert read_chain(pem) is None


def test_anchors_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(ValueError, match="PEM"):
        Anchors(b"hello")
