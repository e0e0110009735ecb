"""What a PASSporT is worth: its signature, its certificate, its numbers and its age (RFC 8224 6.2).

Certificates are believed when they lead to one of the operator's anchors.  Nothing here fetches
anything: the caller brings the certificates that `x5u` named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from OpenSSL import crypto

from b2bua.stir.passport import Attestation, Passport, Signed, is_on_p256

FRESH_SECONDS = 60
"""How far `iat` may be from now (RFC 8224 section 6.2, step 4)."""

LONGEST_CHAIN = 8


class Verdict(Enum):
    """What applications are told as `StirVerstat`, without the attestation."""

    PASSED = "TN-Validation-Passed"
    FAILED = "TN-Validation-Failed"
    NONE = "No-TN-Validation"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason; `attestation` is what the signer says, if it can be believed."""

    verdict: Verdict
    reason: str = ""
    attestation: Attestation | None = None

    @property
    def verstat(self) -> str:
        """The value of `StirVerstat`: `TN-Validation-Passed-A`."""
        letter = f"-{self.attestation.value}" if self.attestation is not None else ""
        return self.verdict.value + letter


class Anchors:
    """The authorities whose certificates are believed.

    Raises:
        ValueError: `pem` holds no certificate, or one that cannot be read.
    """

    def __init__(self, pem: bytes) -> None:
        certificates = x509.load_pem_x509_certificates(pem)
        self._certificates = [crypto.X509.from_cryptography(one) for one in certificates]

    def vouch_for(self, chain: list[x509.Certificate], now: int) -> bool:
        """Whether the first of `chain` leads to an anchor by way of the others, at `now`."""
        first, *others = (crypto.X509.from_cryptography(one) for one in chain)
        store = crypto.X509Store()
        for anchor in self._certificates:
            store.add_cert(anchor)
        store.set_time(datetime.fromtimestamp(now, UTC).replace(tzinfo=None))
        try:
            crypto.X509StoreContext(store, first, others).verify_certificate()
        except crypto.X509StoreContextError:
            return False
        return True


def read_chain(pem: bytes) -> list[x509.Certificate] | None:
    """Return the certificates that a signer has published, its own first; None: there are none."""
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError:
        return None
    return chain if 1 <= len(chain) <= LONGEST_CHAIN else None


def judge(
    signed: Signed,
    chain: list[x509.Certificate],
    anchors: Anchors,
    calling: str,
    called: str,
    now: int,
) -> Judgement:
    """Judge a PASSporT of a call from `calling` to `called`, both in digits alone, at `now`."""
    reason = _key_fault(signed, chain, anchors, now) or _claim_fault(
        signed.passport, calling, called, now
    )
    if reason:
        return Judgement(Verdict.FAILED, reason)
    return Judgement(Verdict.PASSED, attestation=signed.passport.attestation)


def _key_fault(
    signed: Signed, chain: list[x509.Certificate], anchors: Anchors, now: int
) -> str | None:
    key = chain[0].public_key()
    if not isinstance(key, EllipticCurvePublicKey) or not is_on_p256(key):
        return "the certificate's key is not on P-256"
    if not signed.is_signed_by(key):
        return "the signature is not the certificate's"
    if not anchors.vouch_for(chain, now):
        return "no anchor vouches for the certificate"
    return None


def _claim_fault(passport: Passport, calling: str, called: str, now: int) -> str | None:
    if abs(now - passport.issued_at) > FRESH_SECONDS:
        return "it is not fresh"
    if passport.calling != calling:
        return "it is about another calling number"
    if called not in passport.called:
        return "it is about another called number"
    return None
