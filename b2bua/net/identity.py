"""Whose certificate it is: the SIP domains that it shows, and whether one is who we wanted.

RFC 5922 section 7.  The chain and the dates have been judged by OpenSSL before.
"""

from __future__ import annotations

from ipaddress import ip_address

from cryptography import x509

from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.uri import Uri, read_uri


def sip_domains(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the SIP domains in `certificate`, in lower case (RFC 5922 section 7.1).

    They are the hosts of its `sip:` URIs without a user; only where it has none, its DNS names.
    The common name is never one: reading it is allowed where there is no subjectAltName, and RFC
    9525 section 2 has ended that.
    """
    names = _alternative_names(certificate)
    if names is None:
        return ()
    hosts = [_domain_of(uri) for uri in names.get_values_for_type(x509.UniformResourceIdentifier)]
    found = [host for host in hosts if host] or names.get_values_for_type(x509.DNSName)
    return tuple(_plain(name) for name in found)


def shows(certificate: x509.Certificate, domain: str) -> bool:
    """Tell whether `certificate` belongs to `domain`, the host of the URI that we go to.

    Names match as a whole: no wildcard and no parent domain stands for another (section 7.2).  An
    address must be among the certificate's addresses, or be the host of one of its SIP URIs.
    """
    wanted = _plain(domain)
    if "*" in wanted:
        return False
    if wanted in sip_domains(certificate):
        return True
    try:
        address = ip_address(wanted)
    except ValueError:
        return False
    names = _alternative_names(certificate)
    return names is not None and address in names.get_values_for_type(x509.IPAddress)


def _alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, TypeError):
        return None  # ValueError, TypeError: the peer's encoding of it is broken


def _domain_of(text: str) -> str:
    """Return the host of a `sip:` URI that names a domain; "" for every other URI."""
    try:
        uri = read_uri(text)
    except SyntaxFault:
        return ""
    names_domain = isinstance(uri, Uri) and uri.scheme == "sip" and uri.user is None
    return uri.host if isinstance(uri, Uri) and names_domain and "@" not in text else ""


def _plain(name: str) -> str:
    return name.strip("[]").removesuffix(".").lower()
