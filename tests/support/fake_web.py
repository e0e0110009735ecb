"""A `Web` in memory: pages by URL, a delay on the test's clock, and a record of what was asked."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.routing.plan import Answer, Ask, Fault


class FakeWeb:
    """Answers 404 where nothing is served.

    Several pages for one URL are given in turn, and the last of them ever after.  `delay` is in
    seconds; 0 answers in the same turn.
    """

    def __init__(self, clock: Clock, delay: float = 0.0) -> None:
        self.asks: list[Ask] = []
        self.delay = delay
        self._clock = clock
        self._pages: dict[str, list[Answer | Fault]] = {}
        self._moved: dict[str, str] = {}

    def serve(
        self, url: str, body: str | bytes, content_type: str = "text/xml", status: int = 200
    ) -> None:
        """Answer `url` with `body`."""
        content = body.encode() if isinstance(body, str) else body
        self._pages.setdefault(url, []).append(Answer(status, content_type, content, url))

    def fail(self, url: str, code: int = 11205, text: str = "connection refused") -> None:
        """Give no answer for `url`."""
        self._pages.setdefault(url, []).append(Fault(code, text, url))

    def move(self, url: str, there: str) -> None:
        """Redirect from `url` to `there`."""
        self._moved[url] = there

    def asked(self, url: str) -> list[dict[str, str]]:
        """Return the fields of every request for `url`, in order."""
        return [dict(ask.fields) for ask in self.asks if ask.url.partition("#")[0] == url]

    @property
    def urls(self) -> list[str]:
        """What was asked for, in order."""
        return [ask.url for ask in self.asks]

    async def fetch(self, ask: Ask) -> Answer | Fault:
        """Answer `ask` after the delay."""
        self.asks.append(ask)
        if self.delay:
            arrived: Deferred[None] = Deferred()
            self._clock.callLater(self.delay, arrived.callback, None)
            await arrived
        url = ask.url.partition("#")[0]
        url = self._moved.get(url, url)
        pages = self._pages.get(url)
        if pages is None:
            return Answer(404, "text/plain", b"nothing here", url)
        page = pages.pop(0) if len(pages) > 1 else pages[0]
        if isinstance(page, Answer) and len(page.body) > (ask.limit_bytes or 65_536):
            return Fault(11750, "response too large", ask.url)
        return page
