"""TLS towards customers' servers: one context for all, or for an account that has its own.

Each way to fail has its fault code.

Twisted's own `optionsForClientTLS` loads the trust store for every connection and says neither
why a chain was refused nor how to leave SNI out; hence a small creator of our own.  The chain is
judged by OpenSSL during the handshake, the name by `Handshake.check_name` right after it, before
a byte of the request is sent.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion, platformTrust
from zope.interface import implementer

from b2bua.webhooks.faults import (
    TLS_CHAIN,
    TLS_EXPIRED,
    TLS_HANDSHAKE,
    TLS_NAME,
    Phase,
    WebFault,
)
from b2bua.webhooks.url import Url

# OpenSSL's x509_vfy.h: not yet valid, has expired.
_OUT_OF_DATE = frozenset({9, 10})


class Trust:
    """Whom we believe, and as whom we go: by default the machine's authorities, and as nobody.

    `context` holds an account's own authorities and the certificate that servers may ask us for.
    With `verifies` off whoever answers is believed.
    """

    def __init__(self, context: SSL.Context | None = None, *, verifies: bool = True) -> None:
        self._context = context
        self._verifies = verifies

    def handshake(self, url: Url, sni: bool) -> Handshake:
        """Begin to know the server of `url`, for one connection."""
        if self._context is None:
            self._context = _context_of_machine()
        return Handshake(self._context, url, sni, verifies=self._verifies)


def _context_of_machine() -> SSL.Context:
    options = CertificateOptions(trustRoot=platformTrust(), raiseMinimumTo=TLSVersion.TLSv1_2)
    context: SSL.Context = options.getContext()
    return context


@implementer(IOpenSSLClientConnectionCreator)
class Handshake:
    """One TLS handshake: makes the connection object, keeps the verdict on the chain."""

    def __init__(self, context: SSL.Context, url: Url, sni: bool, *, verifies: bool) -> None:
        self._context = context
        self._verifies = verifies
        self._host = url.host
        self._is_address = url.is_address
        self._sni = sni and not url.is_address  # RFC 6066 section 3: no addresses in SNI
        self._connection: SSL.Connection | None = None
        self._chain_error: int | None = None

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803
        connection = SSL.Connection(self._context, None)
        connection.set_verify(SSL.VERIFY_PEER if self._verifies else SSL.VERIFY_NONE, self._verdict)
        if self._sni:
            connection.set_tlsext_host_name(self._host.encode("ascii"))
        self._connection = connection
        return connection

    def check_name(self) -> WebFault | None:
        """Return what is wrong with the name in the server's certificate (RFC 6125)."""
        assert self._connection is not None
        if not self._verifies:
            return None
        verify = verify_ip_address if self._is_address else verify_hostname
        try:
            verify(self._connection, self._host)
        except (VerificationError, CertificateError):
            return WebFault(TLS_NAME, f"the certificate is not one of {self._host}")
        return None

    def failure(self) -> WebFault:
        """Return why a handshake that did not complete failed."""
        if self._chain_error in _OUT_OF_DATE:
            return WebFault(TLS_EXPIRED, "the certificate is out of date")
        if self._chain_error is not None:
            return WebFault(TLS_CHAIN, "the certificate's chain is not trusted")
        return WebFault(TLS_HANDSHAKE, "the TLS handshake failed", Phase.CONNECT)

    def _verdict(
        self, _: SSL.Connection, _certificate: X509, error: int, _depth: int, accepted: int
    ) -> bool:
        if not self._verifies:
            return True
        if not accepted and self._chain_error is None:
            self._chain_error = error
        return bool(accepted)
