"""Which trunk gets a signature, and what it attests."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from b2bua.app.settings import Settings, settings_from_text
from b2bua.app.signing import SigningKeys, attestation_of
from b2bua.app.start_error import StartError
from b2bua.routing.plan import Direction, LegFacts, Status
from b2bua.stir.identity import find
from b2bua.stir.passport import Attestation, Signed
from tests.support.authority import Authority

TRUNKS = """
[[trunks]]
name = "signed"
uri = "sip:192.0.2.2"
[trunks.stir]
private_key = "stir.key"
certificate_url = "https://cert.example/stir.pem"
[[trunks]]
name = "plain"
uri = "sip:192.0.2.3"
"""
CALL = UUID(int=7)
NOW = 1_700_000_000.9


def settings(folder: Path, key: bytes | None) -> Settings:
    if key is not None:
        (folder / "stir.key").write_bytes(key)
    return settings_from_text(TRUNKS, str(folder / "settings.toml"))


def leg(from_: str = "+15550001111", to: str = "+15550002222") -> LegFacts:
    return LegFacts("CA1", "AC1", Direction.OUTBOUND_DIAL, Status.INITIATED, from_, to)


def test_a_call_to_a_trunk_with_a_key_is_signed(tmp_path: Path) -> None:
    signer = Authority().issue()
    keys = SigningKeys()
    keys.read(settings(tmp_path, signer.key_pem))
    headers = dict(keys.headers("signed", leg(), Attestation.FULL, CALL, NOW))
    assert headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    signed = find([headers["Identity"]])
    assert isinstance(signed, Signed)
    assert signed.is_signed_by(signer.key.public_key())
    assert (signed.passport.calling, signed.passport.called) == ("15550001111", ("15550002222",))
    assert signed.passport.issued_at == int(NOW)
    assert signed.passport.origination_id == str(CALL)


@pytest.mark.parametrize(
    ("trunk", "facts"),
    [
        ("plain", leg()),
        ("", leg()),
        ("signed", leg(from_="bob")),
        ("signed", leg(from_="sip:bob@example.com")),
        ("signed", leg(to="sip:carol@example.com")),
    ],
)
def test_what_shaken_cannot_say_is_not_said(tmp_path: Path, trunk: str, facts: LegFacts) -> None:
    keys = SigningKeys()
    keys.read(settings(tmp_path, Authority().issue().key_pem))
    assert keys.headers(trunk, facts, Attestation.FULL, CALL, NOW) == ()


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (None, "No such file"),
        (b"hello", "no PEM private key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
    ],
)
def test_a_key_that_cannot_sign_is_one_line_with_its_place(
    tmp_path: Path, key: bytes | None, problem: str
) -> None:
    keys = SigningKeys()
    keys.read(settings(tmp_path, Authority().issue().key_pem))
    (tmp_path / "stir.key").unlink()
    with pytest.raises(
        StartError, match=rf"settings.toml:6: trunks\[0\].stir.private_key: .*{problem}"
    ):
        keys.read(settings(tmp_path, key))
    assert keys.has("signed"), "a fault changes nothing"


@pytest.mark.parametrize(
    ("direction", "is_owned", "attestation"),
    [
        (Direction.OUTBOUND_DIAL, True, Attestation.FULL),
        (Direction.OUTBOUND_API, True, Attestation.FULL),
        (Direction.OUTBOUND_API, False, Attestation.PARTIAL),
        (Direction.OUTBOUND_DIAL, False, Attestation.GATEWAY),
    ],
)
def test_no_more_is_attested_than_is_known(
    direction: Direction, is_owned: bool, attestation: Attestation
) -> None:
    facts = LegFacts("CA1", "AC1", direction, Status.INITIATED, "+1", "+2")
    assert attestation_of(facts, is_owned=is_owned) is attestation
