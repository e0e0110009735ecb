"""SIP over TLS on real sockets: who is believed, for what, and when certificates change."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from b2bua.net.certificates import CertificateError, Certificates, TlsFiles
from b2bua.net.connections import Connections, StreamLimits
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from tests.support.authority import Authority, Pair, dns, self_signed, uri
from tests.support.messages import request_text
from tests.support.real import real
from tests.support.sides import Side, answer_200, eventually, outgoing

DOMAIN = "sip.example.com"
TLS = "tls:127.0.0.1:0"
TRUSTED, STRANGER = Authority(), Authority()

CASES: dict[str, tuple[Pair, bool]] = {
    "its SIP URI": (TRUSTED.issue(uri(f"sip:{DOMAIN}")), True),
    "its DNS name": (TRUSTED.issue(dns("www.example.com"), dns(DOMAIN)), True),
    "a user of it": (TRUSTED.issue(uri(f"sip:alice@{DOMAIN}")), False),
    "a sips URI": (TRUSTED.issue(uri(f"sips:{DOMAIN}")), False),
    "a URI of the web": (TRUSTED.issue(uri(f"https://{DOMAIN}")), False),
    "a SIP URI of another beside its DNS name": (
        TRUSTED.issue(uri("sip:other.example.com"), dns(DOMAIN)),
        False,
    ),
    "a wildcard": (TRUSTED.issue(dns("*.example.com")), False),
    "its parent": (TRUSTED.issue(dns("example.com")), False),
    "a name below it": (TRUSTED.issue(dns(f"a.{DOMAIN}")), False),
    "its name as common name beside another": (
        TRUSTED.issue(dns("other.example.com"), common_name=DOMAIN),
        False,
    ),
    "its name as common name alone": (TRUSTED.issue(common_name=DOMAIN), False),
    "out of date": (TRUSTED.issue(dns(DOMAIN), age=timedelta(days=366)), False),
    "of an authority that is not ours": (STRANGER.issue(dns(DOMAIN)), False),
    "of no authority": (self_signed(dns(DOMAIN)), False),
}


def trusting(folder: Path, pair: Pair | None = None) -> Certificates:
    """Return the certificates of an end that believes TRUSTED, and shows `pair`."""
    folder.mkdir(exist_ok=True)
    (folder / "trusted.pem").write_bytes(TRUSTED.pem)
    if pair is None:
        return Certificates(TlsFiles(ca_list=str(folder / "trusted.pem")))
    return Certificates(pair.write(folder / "own", trusting=TRUSTED.pem))


@real
@pytest.mark.parametrize("case", CASES)
async def test_a_request_is_sent_to_who_can_show_the_domain_and_to_nobody_else(
    case: str, tmp_path: Path
) -> None:
    """RFC 5922 section 7: fourteen certificates, two of them good."""
    pair, is_good = CASES[case]
    theirs = Certificates(pair.write(tmp_path / "peer"))
    async with (
        Side(TLS, certificates=theirs) as peer,
        Side("tcp:127.0.0.1:0", certificates=trusting(tmp_path)) as us,
    ):
        peer.user.react = answer_200
        answer = await us.ask(outgoing("OPTIONS"), peer.hop("tls", DOMAIN))
        assert (answer.statuses, answer.failures) == (
            ([200], []) if is_good else ([], [Why.TRANSPORT])
        )
        assert len(peer.user.requests) == is_good
        await eventually(lambda: us.connections.stream_count == is_good)


@real
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_address_is_a_name_too(address: str, tmp_path: Path) -> None:
    ours = Certificates(
        TRUSTED.issue(x509.IPAddress(ip_address(address))).write(tmp_path, trusting=TRUSTED.pem)
    )
    listen = f"tls:[{address}]:0" if ":" in address else f"tls:{address}:0"
    async with Side(listen, certificates=ours) as side:
        side.user.react = answer_200
        answer = await side.ask(outgoing("INVITE"), side.hop("tls"))
        assert answer.statuses == [200]
        [invite] = side.user.requests
        assert invite.request.via.transport == "TLS"
        assert (invite.source.transport, invite.local.transport) == ("tls", "tls")


@real
async def test_a_connection_serves_the_domain_it_was_opened_for_and_no_other(
    tmp_path: Path,
) -> None:
    """RFC 5922 section 7.3: one certificate with two domains makes two connections."""
    theirs = Certificates(TRUSTED.issue(dns(DOMAIN), dns("b.example")).write(tmp_path / "peer"))
    async with (
        Side(TLS, certificates=theirs) as peer,
        Side("tcp:127.0.0.1:0", certificates=trusting(tmp_path)) as us,
    ):
        peer.user.react = answer_200
        for domain, connections in ((DOMAIN, 1), (DOMAIN, 1), ("b.example", 2), (DOMAIN, 2)):
            answer = await us.ask(outgoing("OPTIONS"), peer.hop("tls", domain))
            assert answer.statuses == [200]
            assert us.connections.stream_count == connections
        answer = await us.ask(outgoing("OPTIONS"), peer.hop("tls", "c.example"))
        assert answer.failures == [Why.TRANSPORT]


@real
@pytest.mark.parametrize(
    ("asked", "shown", "is_served"),
    [
        ("off", None, True),
        ("off", STRANGER.issue(dns("client.example")), True),
        ("optional", None, True),
        ("optional", TRUSTED.issue(dns("client.example")), True),
        ("optional", STRANGER.issue(dns("client.example")), False),
        ("on", None, False),
        ("on", TRUSTED.issue(dns("client.example")), True),
    ],
)
async def test_a_client_shows_a_certificate_where_it_is_asked_for_one(
    asked: str, shown: Pair | None, is_served: bool, tmp_path: Path
) -> None:
    files = TRUSTED.issue(dns(DOMAIN)).write(tmp_path / "peer", trusting=TRUSTED.pem)
    theirs = Certificates(
        TlsFiles(files.certificate, files.private_key, files.ca_list, asked)  # type: ignore[arg-type]
    )
    async with (
        Side(TLS, certificates=theirs) as peer,
        Side("tcp:127.0.0.1:0", certificates=trusting(tmp_path, shown)) as us,
    ):
        peer.user.react = answer_200
        answer = await us.ask(outgoing("OPTIONS"), peer.hop("tls", DOMAIN))
        assert bool(answer.statuses) == is_served


@real
async def test_certificates_that_are_read_again_serve_the_next_connection(tmp_path: Path) -> None:
    files = STRANGER.issue(dns(DOMAIN)).write(tmp_path / "peer")
    async with (
        Side(TLS, certificates=Certificates(files)) as peer,
        Side("tcp:127.0.0.1:0", certificates=trusting(tmp_path)) as us,
    ):
        peer.user.react = answer_200
        hop = peer.hop("tls", DOMAIN)
        assert (await us.ask(outgoing("OPTIONS"), hop)).failures
        TRUSTED.issue(dns(DOMAIN)).write(tmp_path / "peer")
        assert (await us.ask(outgoing("OPTIONS"), hop)).failures
        peer.connections.reread()
        assert (await us.ask(outgoing("OPTIONS"), hop)).statuses == [200]
        (tmp_path / "peer" / "server.key").write_text("no key")
        with pytest.raises(CertificateError, match=r"server\.key: no PEM key"):
            peer.connections.reread()
        assert (await us.ask(outgoing("OPTIONS"), hop)).statuses == [200]


@real
async def test_a_peer_that_does_not_finish_its_handshake_is_cut_off(tmp_path: Path) -> None:
    theirs = Certificates(TRUSTED.issue(dns(DOMAIN)).write(tmp_path))
    limits = StreamLimits(message_timeout=0.1)
    async with Side(TLS, certificates=theirs, limits=limits) as peer, Side("tcp:127.0.0.1:0") as us:
        hop = peer.hop("tls")
        us.connections.send(b"\x16\x03", Hop("tcp", hop.host, hop.port), lambda _: None)
        await eventually(lambda: peer.connections.stream_count == 1)
        await eventually(lambda: peer.connections.stream_count == 0)


@real
async def test_a_peer_that_does_not_answer_our_goodbye_is_not_waited_for(tmp_path: Path) -> None:
    """RFC 5246 section 7.2.1."""
    theirs = Certificates(TRUSTED.issue(dns(DOMAIN)).write(tmp_path))
    patient = StreamLimits(message_timeout=3_600.0)
    async with Side(TLS, certificates=theirs, limits=patient) as peer:
        hop = peer.hop("tls")
        mute = await deferToThread(_connected, hop.host, hop.port)
        await eventually(lambda: peer.connections.stream_count == 1)
        await peer.connections.stop()
        assert peer.connections.stream_count == 0
        mute.close()


def _connected(host: str, port: int) -> ssl.SSLSocket:
    """Return a TLS connection whose end here says no more."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection((host, port)))


@real
async def test_what_is_not_tls_is_no_event(tmp_path: Path) -> None:
    theirs = Certificates(TRUSTED.issue(dns(DOMAIN)).write(tmp_path))
    async with Side(TLS, certificates=theirs) as peer, Side("tcp:127.0.0.1:0") as us:
        hop = peer.hop("tls")
        plain = Hop("tcp", hop.host, hop.port)
        us.connections.send(request_text("OPTIONS"), plain, lambda _: None)
        await eventually(lambda: us.connections.stream_count == 1)
        await eventually(lambda: us.connections.stream_count == 0)
        assert peer.connections.stream_count == 0
        assert peer.user.faults == []


@pytest.mark.parametrize(
    ("field", "text", "complaint"),
    [
        ("certificate", None, "No such file"),
        ("certificate", "not PEM", "no PEM certificate"),
        ("private_key", None, "No such file"),
        ("private_key", "not PEM", "no PEM key"),
        ("ca_list", None, "No such file"),
        ("ca_list", "not PEM", "no PEM certificates"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    field: str, text: str | None, complaint: str, tmp_path: Path
) -> None:
    files = TRUSTED.issue(dns(DOMAIN)).write(tmp_path)
    path = Path(getattr(files, field))
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(CertificateError, match=complaint) as caught:
        Certificates(files).read(for_server=True)
    assert caught.value.field == field
    assert path.name in str(caught.value)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    files = TRUSTED.issue(dns(DOMAIN)).write(tmp_path)
    Path(files.private_key).write_bytes(TRUSTED.issue(dns(DOMAIN)).key_pem)
    with pytest.raises(CertificateError, match="no PEM key of"):
        Certificates(files).read(for_server=True)


def test_to_listen_on_tls_takes_a_certificate() -> None:
    with pytest.raises(CertificateError, match="a certificate to show"):
        Connections(reactor, [TLS], certificates=Certificates()).reread()


def test_versions_below_1_2_are_not_spoken(tmp_path: Path) -> None:
    theirs = Certificates(TRUSTED.issue(dns(DOMAIN)).write(tmp_path))
    theirs.read(for_server=True)
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_1_VERSION)
    client, server = SSL.Connection(context, None), theirs.serverConnectionForTLS(None)
    client.set_connect_state()
    server.set_accept_state()
    with pytest.raises(SSL.Error):
        shake_hands(client, server)


def shake_hands(client: SSL.Connection, server: SSL.Connection) -> None:
    for one, other in ((client, server), (server, client)) * 4:
        with suppress(SSL.WantReadError):
            one.do_handshake()
        with suppress(SSL.WantReadError):
            other.bio_write(one.bio_read(65_536))
