"""Notices whoever opens a file or connects to a port, library code in C included.

Python's audit events tell of what Python opens; inotify of a file that anybody opens; a listening
socket of anybody who connects.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

SECRET = "canary-9c1f"
_IN_ACCESS, _IN_OPEN = 0x1, 0x20
_EVENTS = frozenset({"open", "socket.connect", "socket.getaddrinfo", "os.system", "urllib.Request"})

_noting: list[list[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _noting and event in _EVENTS:
        _noting[-1].append(f"{event} {arguments[:2]!r}")


class Traps:
    """A file, a folder and a port that must stay untouched while this is entered."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.txt"
        self.file.write_text(SECRET)
        self._events: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(os.O_NONBLOCK)
        for path in (folder, self.file):
            added = libc.inotify_add_watch(self._watch, bytes(path), _IN_OPEN | _IN_ACCESS)
            assert added > 0, os.strerror(ctypes.get_errno())

    @property
    def urls(self) -> tuple[str, ...]:
        """The ways to get at them that documents may try."""
        place = f"127.0.0.1:{self._server.getsockname()[1]}"
        return (
            self.file.as_uri(),
            f"file://localhost{self.file}",
            str(self.file),
            f"//{place}/x",
            *(f"{scheme}://{place}/x" for scheme in ("http", "ftp", "gopher", "https")),
            f"php://filter/read=convert.base64-encode/resource={self.file}",
            f"jar:{self.file.as_uri()}!/x",
            f"netdoc:{self.file}",
            f"expect://cat {self.file}",
        )

    def __enter__(self) -> Traps:
        if not getattr(sys, "_b2bua_canary", False):
            sys.addaudithook(_note)  # there is no way to take one back
            sys._b2bua_canary = True  # type: ignore[attr-defined]  # once a process
        _noting.append(self._events)
        return self

    def __exit__(self, *_: object) -> None:
        _noting.remove(self._events)

    def touched(self) -> list[str]:
        """Return what happened to them since the last question."""
        told, self._events[:] = [*self._events], []
        with suppress(BlockingIOError):
            told.append(f"inotify {len(os.read(self._watch, 65_536))}")
        with suppress(BlockingIOError):
            caller, address = self._server.accept()
            caller.close()
            told.append(f"connection from {address}")
        return told

    def close(self) -> None:
        """Give all back."""
        os.close(self._watch)
        self._server.close()
