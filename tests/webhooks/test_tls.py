"""Certificates are verified, and each way to fail has its code (rcml.md H-5, 7.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.ssl import Certificate, PrivateCertificate
from twisted.protocols.tls import TLSMemoryBIOFactory

from b2bua.routing.plan import Ask
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from b2bua.webhooks.terms import Terms
from b2bua.webhooks.tls import Trust
from tests.support.internet import Internet
from tests.support.web_server import Customer, RudeServer
from tests.webhooks.conftest import PUBLIC

# pyOpenSSL minds that Twisted's server side still hands it objects of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")

NOW = datetime.now(UTC)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, NOW + timedelta(days=1), ca=True)

    def issue(self, host: str, days: int = 1) -> PrivateCertificate:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        certificate = self._sign(name, key, NOW + timedelta(days=days), host=host)
        pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        issued: PrivateCertificate = PrivateCertificate.loadPEM(pem)
        return issued

    def _sign(
        self, name: x509.Name, key: Any, until: datetime, host: str = "", ca: bool = False
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=10))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            general = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([general]), critical=False)
        return builder.sign(self.key, hashes.SHA256())


@lru_cache(maxsize=1)
def authority() -> Authority:
    return Authority("Trusted")


def trusting(
    one: Authority, own: PrivateCertificate | None = None, *, verifies: bool = True
) -> Terms:
    """Return the terms of an account that believes `one` alone, and shows `own` when asked."""
    context = SSL.Context(SSL.TLS_METHOD)
    store = context.get_cert_store()
    assert store is not None
    store.add_cert(X509.from_cryptography(one.certificate))
    if own is not None:
        context.use_certificate(own.original)
        context.use_privatekey(own.privateKey.original)
    return Terms(EgressPolicy(is_own=lambda _: False), Trust(context, verifies=verifies))


class SecureSite:
    """A client that trusts `authority`, and a site behind `certificate`.

    With `asking` only who shows a certificate of that authority is served.
    """

    def __init__(self, certificate: PrivateCertificate, asking: Authority | None = None) -> None:
        self.internet = Internet()
        self.customer = Customer()
        self.server_names: list[bytes | None] = []
        pem = asking and asking.certificate.public_bytes(serialization.Encoding.PEM)
        options = certificate.options(*([Certificate.loadPEM(pem)] if pem else []))
        options.getContext().set_tlsext_servername_callback(
            lambda connection: self.server_names.append(connection.get_servername())
        )
        site = self.customer.site(self.internet)
        factory = TLSMemoryBIOFactory(options, False, site, clock=self.internet)
        self.internet.serve(PUBLIC, 443, factory, "app.example")
        policy = EgressPolicy(is_own=lambda _: False)
        self.terms = {"": trusting(authority())}
        self.client = WebClient(
            self.internet,
            self.internet,
            lambda _: None,
            policy,
            terms=self.terms.get,
        )

    def fetch(self, url: str = "https://app.example/x", account: str = "") -> Any:
        return self.internet.finish(self.client.fetch(Ask(url, account_sid=account)))

    def close(self) -> None:
        self.client.close()
        self.internet.advance(0)
        assert self.internet.open_wires == 0
        assert self.internet.getDelayedCalls() == []


def test_a_trusted_server_is_asked_and_its_connection_kept() -> None:
    site = SecureSite(authority().issue("app.example"))
    assert site.fetch().status == 200
    assert site.fetch().status == 200
    assert site.customer.seen[0].secure
    assert site.customer.seen[0].host == "app.example"
    assert site.server_names == [b"app.example"]
    assert len(site.internet.dialled) == 1
    site.close()


def test_sni_can_be_left_out() -> None:
    site = SecureSite(authority().issue("app.example"))
    assert site.fetch("https://app.example/x#sni=n").status == 200
    assert site.server_names == [None]
    site.close()


def test_a_certificate_may_name_an_address() -> None:
    site = SecureSite(authority().issue(PUBLIC))
    assert site.fetch(f"https://{PUBLIC}/x").status == 200
    assert site.server_names == [None]
    site.close()


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (lambda: authority().issue("other.example"), 11235),
        (lambda: authority().issue(PUBLIC), 11235),
        (lambda: authority().issue("app.example", days=-1), 11236),
        (lambda: Authority("Nobody").issue("app.example"), 11237),
    ],
    ids=["name", "address", "expired", "chain"],
)
@pytest.mark.parametrize("fragment", ["", "#sni=n"])
def test_a_bad_certificate_is_told_by_its_code(certificate: Any, code: int, fragment: str) -> None:
    site = SecureSite(certificate())
    assert site.fetch("https://app.example/x" + fragment).code == code
    assert site.customer.seen == []
    site.close()


@pytest.mark.parametrize("answer", [[b"HTTP/1.1 400 Bad Request\r\n\r\n"], []])
def test_a_server_without_tls_is_11220(answer: list[bytes]) -> None:
    site = SecureSite(authority().issue("app.example"))
    server = RudeServer(site.internet, lambda: answer, ends=True)
    site.internet.serve(PUBLIC, 443, server)
    assert site.fetch("https://app.example/#rc=0").code == 11220
    site.close()


def test_a_handshake_counts_as_connecting() -> None:
    site = SecureSite(authority().issue("app.example"))
    site.internet.serve(PUBLIC, 443, RudeServer(site.internet, list))
    assert site.fetch("https://app.example/#rc=0").code == 11205
    assert site.internet.seconds() == pytest.approx(5)
    site.close()


def test_a_server_that_asks_is_shown_the_accounts_own_certificate() -> None:
    customers = Authority("Customers")
    site = SecureSite(authority().issue("app.example"), asking=customers)
    site.terms["AC1"] = trusting(authority(), customers.issue("b2bua"))
    assert site.fetch(account="AC1").status == 200
    assert site.fetch("https://app.example/x#rc=0").code in {11205, 11220}
    assert len(site.customer.seen) == 1
    site.close()


def test_a_connection_that_showed_who_it_is_serves_no_other_account() -> None:
    site = SecureSite(authority().issue("app.example"))
    site.terms["AC1"] = trusting(authority(), authority().issue("b2bua"))
    site.terms["AC2"] = trusting(authority())
    for account in ("AC1", "AC2", "AC1", "AC2"):
        assert site.fetch(account=account).status == 200
    assert len(site.internet.dialled) == 2
    site.close()


def test_an_account_believes_its_own_authority_and_no_other() -> None:
    private = Authority("Private")
    site = SecureSite(private.issue("app.example"))
    site.terms["AC1"] = trusting(private)
    assert site.fetch(account="AC1").status == 200
    assert site.fetch().code == 11237
    site.close()


@pytest.mark.parametrize(
    "certificate",
    [
        lambda: authority().issue("other.example"),
        lambda: authority().issue("app.example", days=-1),
        lambda: Authority("Nobody").issue("app.example"),
    ],
    ids=["name", "expired", "chain"],
)
def test_an_account_that_verifies_nobody_believes_whoever_answers(certificate: Any) -> None:
    site = SecureSite(certificate())
    site.terms["AC1"] = trusting(authority(), verifies=False)
    assert site.fetch(account="AC1").status == 200
    assert site.fetch().status is None
    site.close()
