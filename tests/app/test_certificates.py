"""The daemon's certificates, as an operator names and renews them."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from b2bua.cli.main import main
from tests.app.test_twistd import ENVIRONMENT, TWISTD, foreground, settings, wait
from tests.support.authority import Authority, Pair, dns
from tests.support.child import free_port

AUTHORITY = Authority()


def site(folder: Path, pair: Pair, port: int) -> Path:
    """Write settings with a `tls:` listener and the certificate where it is looked for."""
    pair.write(folder / "certs")
    file = settings(folder)
    text = file.read_text()
    file.write_text(text.replace("listen = [", f'listen = ["tls:127.0.0.1:{port}", ', 1))
    return file


def shown(port: int) -> bytes | None:
    """Return the certificate that is shown on `port`, None when nobody listens yet."""
    context = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
            context.wrap_socket(connection, server_hostname="sip.example.com") as secured,
        ):
            return secured.getpeercert(binary_form=True)
    except ConnectionRefusedError:
        return None


def der(pair: Pair) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair.pem.decode())


@pytest.mark.real
def test_a_certificate_that_cannot_be_read_is_one_line_with_its_place(tmp_path: Path) -> None:
    file = site(tmp_path, AUTHORITY.issue(dns("sip.example.com")), free_port())
    (tmp_path / "certs" / "server.key").unlink()
    told = foreground(tmp_path, file)
    key = tmp_path / "certs" / "server.key"
    assert told == f"b2bua: {file}:1: tls.private_key: {key}: No such file or directory"


def test_check_says_what_is_wrong_with_a_certificate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = site(tmp_path, AUTHORITY.issue(dns("sip.example.com")), free_port())
    file.write_text(file.read_text() + '\n[tls]\n\nca_list = "none.pem"\nverify_client = "on"\n')
    assert main(["check", str(file)]) == 1
    told = capsys.readouterr().err
    assert ": tls.ca_list: " in told
    assert "none.pem: No such file or directory" in told


@pytest.mark.real
def test_sighup_shows_the_renewed_certificate_and_keeps_the_old_one_to_a_broken_one(
    tmp_path: Path,
) -> None:
    first, second = (AUTHORITY.issue(dns("sip.example.com")) for _ in range(2))
    port = free_port()
    file = site(tmp_path, first, port)
    command = [TWISTD, "-n", "--pidfile=", "b2bua", "--settings", str(file), "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as daemon:
        try:
            wait("the first certificate", lambda: shown(port) == der(first))
            second.write(tmp_path / "certs")
            daemon.send_signal(signal.SIGHUP)
            wait("the second certificate", lambda: shown(port) == der(second))
            first.write(tmp_path / "certs")
            (tmp_path / "certs" / "server.key").write_text("broken")
            daemon.send_signal(signal.SIGHUP)
        finally:
            daemon.send_signal(signal.SIGTERM)
            told, _ = daemon.communicate(timeout=60)
    assert daemon.returncode == 0
    assert "the settings stay as they were" in told
    assert "server.key: no PEM key" in told
    assert "Traceback" not in told
