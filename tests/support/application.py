"""A customer's application on a real port: RCML documents out, callbacks and their moments in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.child import until
from tests.support.web_server import Customer, Reply, Seen


@dataclass(frozen=True)
class Received:
    """One request, with its fields from body and query, and when it came (reactor seconds)."""

    path: str
    fields: dict[str, str]
    seen: Seen
    at: float

    def __getitem__(self, name: str) -> str:
        return self.fields[name]


class Application:
    """Serves what it is given by path, 204 elsewhere, and keeps all it is asked."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._customer = Customer(Reply(status=204, body=b""))
        self._customer.on_request = self._take
        self._port = reactor.listenTCP(0, self._customer.site(reactor), interface="127.0.0.1")
        self.received: list[Received] = []

    def serve(self, path: str, document: str, content_type: str = "text/xml") -> str:
        """Answer `path` with `document`; return its URL."""
        reply = Reply(body=document.encode(), headers={"Content-Type": content_type})
        self._customer.by_path[path] = reply
        return self.url(path)

    def hang(self, path: str) -> None:
        """Never answer `path`."""
        self._customer.by_path[path] = Reply(status=0)

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self._port.getHost().port}{path}"

    def asked(self, path: str) -> list[Received]:
        """Return the requests for `path`, in the order in which they came."""
        return [each for each in self.received if each.path == path]

    def legs(self, path: str) -> dict[str, list[Received]]:
        """Return the callbacks that came to `path`, by the leg they are about."""
        legs: dict[str, list[Received]] = {}
        for each in self.asked(path):
            legs.setdefault(each["CallSid"], []).append(each)
        return legs

    async def until_asked(self, path: str, times: int, seconds: float = 10) -> list[Received]:
        """Wait for `times` requests for `path`, and return them."""

        async def is_asked() -> bool:
            return len(self.asked(path)) >= times

        await until(self._reactor, is_asked, seconds)
        assert len(self.asked(path)) == times, [(each.path, each.fields) for each in self.received]
        return self.asked(path)

    async def stop(self) -> None:
        """Close the port."""
        await self._port.stopListening()

    def _take(self) -> None:
        seen = self._customer.seen[-1]
        parts = urlsplit(seen.uri)
        fields = dict([*parse_qsl(parts.query, keep_blank_values=True), *seen.fields])
        self.received.append(Received(parts.path, fields, seen, self._reactor.seconds()))
