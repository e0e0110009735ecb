"""Signing what we say of callers, trunk by trunk (RFC 8224 section 6.1, RFC 8588)."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from b2bua.app.settings import Settings
from b2bua.app.start_error import StartError
from b2bua.routing.plan import Direction, LegFacts
from b2bua.stir.identity import write
from b2bua.stir.passport import Attestation, Passport, digits_of, is_on_p256, sign

Header = tuple[str, str]


class SigningKeys:
    """The key of every trunk that has one, read from its file."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._keys: Mapping[str, tuple[EllipticCurvePrivateKey, str]] = {}

    def read(self, settings: Settings) -> None:
        """Take the keys that `settings` name; a fault changes nothing.

        Raises:
            StartError: a file cannot be used; the key and its line are named.
        """
        site = Path(settings.file).parent
        keys = {}
        for index, trunk in enumerate(settings.trunks):
            if trunk.stir is None:
                continue
            try:
                key = _read_key(site / trunk.stir.private_key)
            except ValueError as problem:
                where = settings.at("trunks", index, "stir", "private_key")
                raise StartError(f"{where}: {problem}") from problem
            keys[trunk.name] = (key, trunk.stir.certificate_url)
        self._keys = keys

    def has(self, trunk: str) -> bool:
        """Whether calls to this trunk are signed."""
        return trunk in self._keys

    def headers(
        self, trunk: str, leg: LegFacts, attestation: Attestation, call_id: UUID, now: float
    ) -> tuple[Header, ...]:
        """Return Identity and Date for the INVITE of `leg`; nothing where there is no key.

        Nothing either where a side is no E.164 number, which SHAKEN cannot speak of.  `now` is
        seconds since the epoch.
        """
        calling, called = digits_of(leg.from_), digits_of(leg.to)
        if trunk not in self._keys or calling is None or called is None:
            return ()
        key, url = self._keys[trunk]
        passport = Passport(calling, (called,), attestation, int(now), str(call_id), url)
        return (
            ("Identity", write(sign(passport, key), url)),
            ("Date", formatdate(now, usegmt=True)),
        )


def attestation_of(leg: LegFacts, *, is_owned: bool) -> Attestation:
    """Return how sure we are of who calls: of an account's own number, of an account, or not."""
    if is_owned:
        return Attestation.FULL
    if leg.direction is Direction.OUTBOUND_API:
        return Attestation.PARTIAL
    return Attestation.GATEWAY


def _read_key(path: Path) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as problem:
        raise ValueError(f"{path}: {problem.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{path}: no PEM private key without a password") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not is_on_p256(key):
        raise ValueError(f"{path}: this should be a key on P-256")
    return key
