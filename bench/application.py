"""A customer's application on a port of its own: one document, and 204 for whatever is told.

    python -m bench.application CALLEE

It prints its port.  `/voice` is a document that dials CALLEE and wants four callbacks of it,
`/told` is how many requests have come to other places.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet.protocol import Factory, Protocol

reactor: Any = installed
EVENTS = "initiated ringing answered completed"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)


def document(callee: str, port: int) -> bytes:
    """Return the RCML that rings `callee` and has each of its events told to `port`."""
    told = f"http://127.0.0.1:{port}/status"
    noun = f'<Number statusCallback="{told}" statusCallbackEvent="{EVENTS}">{callee}</Number>'
    return f"<Response><Dial>{noun}</Dial></Response>".encode()


class Web(Protocol):
    """One kept connection."""

    factory: WebFactory
    transport: Any

    def __init__(self) -> None:
        self._waiting = b""

    def dataReceived(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._waiting) < whole:
                return
            self._waiting = self._waiting[whole:]
            self.transport.write(self.factory.answer(head))


class WebFactory(Factory):
    """What all connections share: the document, and the count."""

    protocol = Web  # type: ignore[assignment]  # declared as a method

    def __init__(self, callee: str) -> None:
        self.callee, self.port, self.told = callee, 0, 0

    def answer(self, head: bytes) -> bytes:
        """Return the response to a request with this head."""
        path = head.split(b" ", 2)[1]
        if path == b"/voice":
            return _page(b"text/xml", document(self.callee, self.port))
        if path == b"/told":
            return _page(b"text/plain", str(self.told).encode())
        self.told += 1
        return NO_CONTENT


def _page(kind: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, len(body)) + body


def main() -> None:
    """Serve until killed."""
    factory = WebFactory(sys.argv[1] if len(sys.argv) > 1 else "")
    factory.port = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
    print(factory.port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
