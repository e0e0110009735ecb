"""The PASSporT of SHAKEN: who signs that a number calls another (RFC 8225, RFC 8588).

It is a JWS in compact form over the calling number, the called number and the time.  What it is
worth depends on whose certificate signed it: `b2bua.stir.verification`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from jwt import PyJWS
from jwt.exceptions import PyJWTError

ALGORITHM = "ES256"
EXTENSION = "shaken"
LONGEST = 4_096
"""Characters of a token; a SHAKEN one has some five hundred."""

_NUMBER = re.compile(r"[0-9]{1,15}")
_ORIGINATION_ID = re.compile(r"[0-9A-Fa-f-]{1,64}")
_jws = PyJWS(algorithms=[ALGORITHM])


class Attestation(Enum):
    """How sure the signer is of the calling number (RFC 8588 section 4)."""

    FULL = "A"
    PARTIAL = "B"
    GATEWAY = "C"


@dataclass(frozen=True, slots=True)
class Passport:
    """What is signed.

    Numbers are digits alone, without `+` (RFC 8225 section 5.2.1).  `issued_at` is seconds since
    the epoch.  `origination_id` is a UUID that tells the signer where the call entered.
    `certificate_url` is where the signer's certificate is to be had (`x5u`).
    """

    calling: str
    called: tuple[str, ...]
    attestation: Attestation
    issued_at: int
    origination_id: str
    certificate_url: str


@dataclass(frozen=True, slots=True)
class PassportFault:
    """Why a token is no PASSporT of SHAKEN."""

    reason: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A token that was read and is not verified yet: nothing it says may be believed."""

    token: str
    passport: Passport

    def is_signed_by(self, key: EllipticCurvePublicKey) -> bool:
        """Whether the signature is of `key`, which is on P-256."""
        try:
            _jws.decode(self.token, key, algorithms=[ALGORITHM])
        except PyJWTError:
            return False
        return True


def digits_of(number: str) -> str | None:
    """Return the digits of an E.164 number as a PASSporT has them; None: it is none."""
    digits = number.removeprefix("+")
    return digits if number.startswith("+") and _NUMBER.fullmatch(digits) else None


def is_on_p256(key: EllipticCurvePrivateKey | EllipticCurvePublicKey) -> bool:
    """Whether ES256 can use `key` (RFC 7518 section 3.4)."""
    return key.curve.name == SECP256R1.name


def sign(passport: Passport, key: EllipticCurvePrivateKey) -> str:
    """Return the token, its members in the order that RFC 8225 section 9 asks for.

    Raises:
        ValueError: the key is not on P-256, which ES256 needs.
    """
    if not is_on_p256(key):
        raise ValueError("a PASSporT is signed with a key on P-256")
    claims = {
        "attest": passport.attestation.value,
        "dest": {"tn": list(passport.called)},
        "iat": passport.issued_at,
        "orig": {"tn": passport.calling},
        "origid": passport.origination_id,
    }
    header = {"ppt": EXTENSION, "typ": "passport", "x5u": passport.certificate_url}
    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True).encode()
    return _jws.encode(payload, key, ALGORITHM, headers=header, sort_headers=True)


def read(token: str) -> Signed | PassportFault:
    """Read any text as a token in full form, in which nothing is believed yet."""
    if len(token) > LONGEST:
        return PassportFault("longer than any PASSporT")
    try:
        parts = _jws.decode_complete(token, options={"verify_signature": False})
        header, claims = parts["header"], json.loads(parts["payload"])
    except (PyJWTError, ValueError, RecursionError):
        return PassportFault("no JWS in compact form")
    if (header.get("alg"), header.get("ppt"), header.get("typ")) != (
        ALGORITHM,
        EXTENSION,
        "passport",
    ):
        return PassportFault("not a PASSporT of SHAKEN, signed by ES256")
    try:
        return Signed(token, _passport(header, claims))
    except (AttributeError, KeyError, TypeError, ValueError):
        return PassportFault("a claim is missing, or is not what it should be")


def _passport(header: dict[str, Any], claims: dict[str, Any]) -> Passport:
    called = tuple(_checked(_NUMBER, number) for number in claims["dest"]["tn"])
    if not 1 <= len(called) <= 10:
        raise ValueError("nobody is called")
    if type(claims["iat"]) is not int:
        raise TypeError("iat is a number of seconds")
    url = header["x5u"]
    if not isinstance(url, str) or not url.startswith("https://"):
        raise ValueError("certificates are had by https")
    return Passport(
        calling=_checked(_NUMBER, claims["orig"]["tn"]),
        called=called,
        attestation=Attestation(claims["attest"]),
        issued_at=claims["iat"],
        origination_id=_checked(_ORIGINATION_ID, claims["origid"]),
        certificate_url=url,
    )


def _checked(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise ValueError("not in its form")
    return text
