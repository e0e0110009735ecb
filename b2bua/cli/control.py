"""The tools' way to the running daemon: HTTP on the socket that its settings name."""

from __future__ import annotations

import argparse
import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from b2bua.app.settings import read_settings
from b2bua.app.start_error import StartError

SECONDS = 30.0


class UnreachableError(Exception):
    """The daemon can't be asked, or refuses; the text is for the operator."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how the daemon is found."""
    parser.add_argument(
        "--settings",
        type=Path,
        default=Path("settings.toml"),
        metavar="FILE",
        help="the running daemon's settings file (settings.toml)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def ask(
    parsed: argparse.Namespace, method: str, path: str, query: Mapping[str, Any] | None = None
) -> Any:
    """Return what the daemon answers.

    Raises:
        UnreachableError: it is not there, or has no such thing.
    """
    target = quote(path) + ("?" + urlencode(query) if query else "")
    connection = _Connection(_socket(parsed.settings))
    try:
        connection.request(method, target)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as problem:
        why = f"no daemon answers at {connection.path}: {problem}"
        raise UnreachableError(why) from problem
    finally:
        connection.close()
    if response.status != 200:
        raise UnreachableError(str(answer.get("problem")))
    return answer


def _socket(file: Path) -> Path:
    try:
        settings = read_settings(file)
    except StartError as problem:
        raise UnreachableError(str(problem)) from problem
    return settings.control_socket


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("b2bua", timeout=SECONDS)
        self.path = path

    def connect(self) -> None:
        """Open the socket in the file system."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self.path))
