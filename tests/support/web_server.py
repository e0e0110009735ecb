"""Customers' servers: a real site that keeps what it saw, and rude ones in raw bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.web.http import Request as HttpRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    uri: str
    host: str
    headers: dict[str, str]
    body: bytes
    secure: bool = False

    @property
    def url(self) -> str:
        """The URL as a receiver rebuilds it to check the signature."""
        return f"{'https' if self.secure else 'http'}://{self.host}{self.uri}"

    @property
    def fields(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode("utf-8"), keep_blank_values=True)


@dataclass
class Reply:
    """What to answer.  A `status` of 0 leaves the request hanging."""

    status: int = 200
    body: bytes = b"<Response/>"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})


class Customer(Resource):
    """Answers with `replies` in turn, the last one for ever; keeps what it saw."""

    isLeaf = True

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies: list[Reply] = [*replies] or [Reply()]
        self.by_path: dict[str, Reply] = {}
        self.seen: list[Seen] = []
        self.on_request: Callable[[], None] = lambda: None

    def render(self, request: Any) -> Any:
        self.seen.append(_seen(request))
        self.on_request()
        reply = self.by_path.get(request.path.decode()) or self._next()
        if not reply.status:
            return NOT_DONE_YET
        request.setResponseCode(reply.status)
        for name, value in reply.headers.items():
            request.responseHeaders.setRawHeaders(name, value.split("\n"))
        return reply.body

    def _next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def site(self, reactor: Any) -> Site:
        """A server of this resource, on a reactor's clock and without timeouts of its own."""
        return Site(self, reactor=reactor, timeout=None)


def _seen(request: HttpRequest) -> Seen:
    headers = {
        name.decode().lower(): values[-1].decode()
        for name, values in request.requestHeaders.getAllRawHeaders()
    }
    assert request.content is not None
    return Seen(
        request.method.decode(),
        request.uri.decode(),
        headers["host"],
        headers,
        request.content.read(),
        request.isSecure(),
    )


class Rude(Protocol):
    """Sends `pieces` when the first byte of a request has come, `seconds` apart."""

    def __init__(self, clock: Any, pieces: Iterable[bytes], seconds: float, ends: bool) -> None:
        self._clock = clock
        self._pieces = iter(pieces)
        self._seconds = seconds
        self._ends = ends
        self._next: Any = None
        self._is_begun = False
        self.is_lost = False

    def dataReceived(self, data: bytes) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._send()

    def connectionLost(self, reason: Any = None) -> None:
        self.is_lost = True
        if self._next is not None and self._next.active():
            self._next.cancel()

    def _send(self) -> None:
        piece = next(self._pieces, None)
        if piece is not None:
            self.transport.write(piece)  # type: ignore[union-attr]
            self._next = self._clock.callLater(self._seconds, self._send)
        elif self._ends:
            self.transport.loseConnection()  # type: ignore[union-attr]


class RudeServer(Factory):
    """Serves each connection a fresh `Rude`; `pieces` makes its pieces."""

    noisy = False

    def __init__(
        self,
        clock: Any,
        pieces: Callable[[], Iterable[bytes]],
        seconds: float = 0.0,
        ends: bool = False,
    ) -> None:
        self._clock = clock
        self._pieces = pieces
        self._seconds = seconds
        self._ends = ends
        self.served: list[Rude] = []

    def buildProtocol(self, addr: IAddress | None) -> Rude:
        self.served.append(Rude(self._clock, self._pieces(), self._seconds, self._ends))
        return self.served[-1]
