"""Whose certificate it is: RFC 5922 section 7, without a wire."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cryptography import x509

from b2bua.net.identity import shows, sip_domains
from tests.support.authority import Authority, dns, uri

AUTHORITY = Authority()


@pytest.mark.parametrize(
    ("names", "domains"),
    [
        ([uri("sip:Example.COM")], ("example.com",)),
        ([uri("SIP:example.com:5061;transport=tls")], ("example.com",)),
        ([uri("sip:a.example"), dns("c.example"), uri("sip:b.org")], ("a.example", "b.org")),
        ([dns("A.example"), dns("b.example.")], ("a.example", "b.example")),
        ([uri("sip:alice@a.example"), dns("b.example")], ("b.example",)),
        ([uri("sips:a.example"), uri("https://a.example"), dns("b.example")], ("b.example",)),
        ([uri("sip:"), uri("not a uri"), dns("b.example")], ("b.example",)),
        ([x509.RFC822Name("alice@a.example")], ()),
        ([], ()),
    ],
)  # fmt: skip
def test_sip_uris_are_the_identities_and_dns_names_only_without_them(
    names: list[x509.GeneralName], domains: tuple[str, ...]
) -> None:
    certificate = AUTHORITY.issue(*names, common_name="cn.example").certificate
    assert sip_domains(certificate) == domains


@pytest.mark.parametrize("domain", ["example.com", "EXAMPLE.com", "example.com."])
def test_names_match_without_regard_to_case(domain: str) -> None:
    assert shows(AUTHORITY.issue(dns("Example.com")).certificate, domain)


@pytest.mark.parametrize("domain", ["*.example.com", "a.example.com", "com", "", "xample.com"])
def test_names_match_as_a_whole(domain: str) -> None:
    names = [dns("*.example.com"), dns("example.com")]
    assert not shows(AUTHORITY.issue(*names).certificate, domain)


def test_an_address_has_to_be_among_the_addresses() -> None:
    names = [x509.IPAddress(ip_address("192.0.2.1")), x509.IPAddress(ip_address("2001:db8::1"))]
    certificate = AUTHORITY.issue(*names).certificate
    assert shows(certificate, "192.0.2.1")
    assert shows(certificate, "2001:DB8:0::1")
    assert not shows(certificate, "192.0.2.2")
    assert not shows(AUTHORITY.issue(dns("example.com")).certificate, "192.0.2.1")


def test_an_alternative_name_that_cannot_be_read_names_nobody() -> None:
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x04\x86\x05ab")
    certificate = AUTHORITY.issue(extension=broken).certificate
    assert not shows(certificate, "ab")
