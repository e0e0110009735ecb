"""A certificate authority in memory, which certifies whatever a test wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from b2bua.net.certificates import TlsFiles

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def write(self, folder: Path, *, trusting: bytes = b"") -> TlsFiles:
        """Write what a TLS end needs into `folder`; `trusting` are the authorities it believes."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in (("server.pem", self.pem), ("server.key", self.key_pem)):
            (folder / name).write_bytes(data)
        (folder / "ca.pem").write_bytes(trusting or self.pem)
        certificate, key, authorities = (
            str(folder / name) for name in ("server.pem", "server.key", "ca.pem")
        )
        return TlsFiles(certificate, key, authorities)


def uri(text: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(text)


def dns(text: str) -> x509.GeneralName:
    return x509.DNSName(text)


class Authority:
    """Signs certificates; `self_signed` makes one that it did not sign."""

    def __init__(self, name: str = "test authority") -> None:
        self.pair = _make([], name, None, is_authority=True)

    @property
    def pem(self) -> bytes:
        return self.pair.pem

    def issue(
        self,
        *names: x509.GeneralName,
        common_name: str = "",
        age: timedelta = timedelta(hours=1),
        extension: x509.ExtensionType | None = None,
    ) -> Pair:
        """Return a certificate with `names`, valid from `age` ago for a year."""
        name = common_name or "nobody"
        return _make(names, name, self.pair, age=age, extension=extension)


def self_signed(*names: x509.GeneralName) -> Pair:
    return _make(names, "nobody", None)


def _make(
    names: Sequence[x509.GeneralName],
    common_name: str,
    issuer: Pair | None,
    *,
    is_authority: bool = False,
    age: timedelta = timedelta(hours=1),
    extension: x509.ExtensionType | None = None,
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    begins = datetime.now(UTC) - age
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + YEAR)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    extension = x509.SubjectAlternativeName(names) if names else extension
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    signed = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
    return Pair(signed, key)
