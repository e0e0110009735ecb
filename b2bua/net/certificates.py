"""What we show to TLS peers, and whom we believe: read from files, and read again on demand.

Connections that are open keep what they were made with; the next handshake takes what was read
last.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from zope.interface import implementer

from b2bua.net.identity import shows
from b2bua.net.names import is_numeric

VerifyClient = Literal["off", "optional", "on"]

_OPTIONS = SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where they are.  All are PEM; an empty path is a file that there is not.

    `certificate` has ours and then the intermediates; `ca_list` the authorities that peers'
    certificates must come from, empty for those of the machine.  `verify_client` says whether a
    peer that connects is asked for a certificate ("optional") or has to show one ("on").
    `verify_server` False trusts whoever answers: for tests alone.
    """

    certificate: str = ""
    private_key: str = ""
    ca_list: str = ""
    verify_client: VerifyClient = "off"
    verify_server: bool = True


class CertificateError(ValueError):
    """A file of `TlsFiles` cannot be used; `field` is the name of that field."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """Makes our end of TLS connections: those of peers as it is, ours by `towards`."""

    def __init__(self, files: TlsFiles | None = None) -> None:
        """Read nothing yet."""
        self._files = files or TlsFiles()
        self._server: SSL.Context | None = None
        self._client: SSL.Context | None = None

    def read(self, *, for_server: bool) -> None:
        """Read the files; where one cannot be used, all stays as it was.

        Raises:
            CertificateError: one cannot be used, or `for_server` needs one that is not named.
        """
        if for_server and not self._files.certificate:
            raise CertificateError("certificate", "tls: and wss: need a certificate to show")
        server = self._new_server() if for_server else None
        # The machine's authorities are many; they are loaded when there is first need of them.
        client = None if self._files == TlsFiles() else self._new_client()
        self._server, self._client = server, client

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803
        assert self._server is not None, "read comes before listening"
        return SSL.Connection(self._server, None)

    def towards(self, domain: str) -> Towards:
        """Begin a connection to a peer that has to be `domain`."""
        if self._client is None:
            self._client = self._new_client()
        return Towards(self._client, domain, verify=self._files.verify_server)

    def client_context(self) -> SSL.Context:
        """Return what connections that we open are made with, the files read anew.

        Raises:
            CertificateError: a file cannot be used.
        """
        return self._new_client()

    def _new_server(self) -> SSL.Context:
        context = self._new_context()
        if self._files.verify_client != "off":
            mode = SSL.VERIFY_PEER
            if self._files.verify_client == "on":
                mode |= SSL.VERIFY_FAIL_IF_NO_PEER_CERT
            context.set_verify(mode)
            self._load_authorities(context)
        return context

    def _new_client(self) -> SSL.Context:
        context = self._new_context()
        if self._files.verify_server:
            context.set_verify(SSL.VERIFY_PEER)
            self._load_authorities(context)
        return context

    def _new_context(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(_OPTIONS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        if self._files.certificate:
            self._load_ours(context)
        return context

    def _load_ours(self, context: SSL.Context) -> None:
        certificate, key = self._files.certificate, self._files.private_key or ""
        _readable("certificate", certificate)
        try:
            context.use_certificate_chain_file(certificate)
        except SSL.Error:
            raise CertificateError("certificate", f"{certificate}: no PEM certificate") from None
        _readable("private_key", key)
        try:
            context.use_privatekey_file(key)
            context.check_privatekey()
        except SSL.Error:
            problem = f"{key}: no PEM key of {certificate}"
            raise CertificateError("private_key", problem) from None

    def _load_authorities(self, context: SSL.Context) -> None:
        authorities = self._files.ca_list
        if not authorities:
            context.set_default_verify_paths()
            return
        _readable("ca_list", authorities)
        try:
            context.load_verify_locations(authorities)
        except SSL.Error:
            raise CertificateError("ca_list", f"{authorities}: no PEM certificates") from None


def _readable(field: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except OSError as problem:
        raise CertificateError(field, f"{path or 'no file'}: {problem.strerror}") from None


@implementer(IOpenSSLClientConnectionCreator)
class Towards:
    """One connection that we open."""

    def __init__(self, context: SSL.Context, domain: str, *, verify: bool) -> None:
        self._context = context
        self._domain = domain
        self._verify = verify

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:  # noqa: N802, N803
        connection = SSL.Connection(self._context, None)
        if not is_numeric(self._domain):  # RFC 6066 section 3: no addresses in SNI
            connection.set_tlsext_host_name(self._domain.encode("ascii", "replace"))
        return connection

    def fault(self, certificate: X509 | None) -> str | None:
        """Return what is wrong with who answered, whose chain is good; None: it is the one."""
        if not self._verify:
            return None
        if certificate is None or not shows(certificate.to_cryptography(), self._domain):
            return f"its certificate is not one of {self._domain}"
        return None
