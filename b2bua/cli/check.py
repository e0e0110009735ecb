"""`b2bua check FILE`: would the daemon start with these settings, and what would it miss?

What stands in the file's way is a complaint, with key and line, and exit status 1.  What only this
machine lacks now (a port that somebody holds, a speech engine) is a note.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.internet.task import Clock

from b2bua.app import plugins
from b2bua.app.account_terms import AccountTerms
from b2bua.app.settings import Settings, read_settings
from b2bua.app.signing import SigningKeys
from b2bua.app.start_error import StartError
from b2bua.app.verification import Verifier
from b2bua.net.certificates import CertificateError, Certificates
from b2bua.routing.interfaces import Site
from b2bua.routing.plan import Answer, Ask, Fault

SUMMARY = "say what is wrong with a settings file, with key and line"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("file", type=Path, help="the settings file")


def run(parsed: argparse.Namespace) -> int:
    """Print complaints to standard error, notes and a summary to standard output."""
    plugins.search_site(parsed.file.absolute().parent)
    try:
        settings = read_settings(parsed.file)
        plugins.make_routers(settings, Site(Clock(), _NoWeb()))
        _read_certificates(settings)
        AccountTerms().read(settings)
        SigningKeys().read(settings)
        Verifier(Clock(), _NoWeb()).read(settings)
    except StartError as problem:
        print(problem, file=sys.stderr)
        return 1
    for note in (*_taken(settings), *_missing_engines()):
        print(f"note: {note}")
    print(_summary(parsed.file, settings))
    return 0


def _read_certificates(settings: Settings) -> None:
    files = settings.tls_files
    try:
        Certificates(files).read(for_server=bool(files.certificate))
    except CertificateError as problem:
        raise StartError(f"{settings.at('tls', problem.field)}: {problem}") from problem


class _NoWeb:
    """The web of a router that will take no call."""

    async def fetch(self, ask: Ask) -> Answer | Fault:
        return Fault(11200, "only checking", ask.url)


def _summary(file: Path, settings: Settings) -> str:
    counts = {
        "account": len(settings.accounts),
        "user": len(settings.users),
        "trunk": len(settings.trunks),
        "number": len(settings.numbers),
    }
    told = ", ".join(f"{count} {what}{'s' * (count != 1)}" for what, count in counts.items())
    names = ", ".join(sorted(plugins.factories()))
    return f"{file}: good ({told}; plugins: {names})"


def _taken(settings: Settings) -> Iterator[str]:
    """Name the places in the settings that can't be listened on now."""
    http = settings.http.place
    places = [(("sip", "listen", i), *each) for i, each in enumerate(settings.sip.places)]
    for path, transport, place in [*places, (("http", "listen"), "tcp", http)]:
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((place.host, place.port))
            except OSError as problem:
                where = f"{transport} {place.host} port {place.port}"
                yield f"{settings.at(*path)}: {where}: {problem.strerror}"


def _missing_engines() -> Iterator[str]:
    """Name the programs that <Say> and <Play> would use and this machine does not have."""
    from b2bua.media.prompts import Prompts  # noqa: PLC0415 - it loads codecs no other command needs

    for name, is_there in Prompts(Clock()).engines().items():
        if not is_there:
            package, what = _ENGINES.get(name, (name, "prompts go without it"))
            yield f"{name} is not installed (apt-get install {package}): {what}"


_ENGINES = {
    "flite": ("flite", "<Say> speaks English by espeak-ng, if that is there"),
    "espeak-ng": ("espeak-ng", "<Say> speaks English only"),
    "opusdec": ("opus-tools", "<Play> cannot play Opus"),
}
