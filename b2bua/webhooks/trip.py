"""One attempt at an ask: where it has got to, and what it may still cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred
from twisted.web.iweb import IResponse

from b2bua.routing.plan import Answer, Ask
from b2bua.webhooks.cache import Kept
from b2bua.webhooks.overrides import Overrides
from b2bua.webhooks.terms import Terms
from b2bua.webhooks.url import Url, form

Permission = Callable[[], Deferred[None] | None]
"""Asked when a request's turn has come: None to send it now, else what fires when it may be."""

_SEE_OTHER = frozenset({301, 302, 303})
_SAME_AGAIN = frozenset({307, 308})


@dataclass(slots=True)
class Trip:
    """A request on its way, from redirect to redirect.

    `patient` is given for what no call waits on.  `ends_at` is on the client's clock.  `kept` is
    what the cache has of an answer to this very request, to be asked whether it still holds.
    """

    ask: Ask
    url: Url
    method: str
    form: tuple[tuple[str, str], ...]
    overrides: Overrides
    patient: Permission | None
    ends_at: float
    terms: Terms
    hops: int = 0
    base: str = ""
    kept: Kept | None = None

    @property
    def kept_as(self) -> tuple[object, ...]:
        """What its connection is kept under.

        One may have been permitted to one account alone, or have shown who it is.
        """
        return (self.url.origin, self.overrides.sni, self.ask.account_sid, self.terms)

    @property
    def is_cached(self) -> bool:
        """Whether its answer may be one that is kept; a callback has to arrive every time."""
        return self.method == "GET" and self.patient is None

    @property
    def body(self) -> bytes | None:
        """What is sent behind the head."""
        return form(self.form).encode("ascii") if self.method == "POST" else None

    def follow(self, status: int, location: str) -> None:
        """Go where a redirect leads."""
        self.url = self.url.redirected(location)
        self.base = self.url.base
        if status in _SEE_OTHER:
            self.method, self.form = "GET", ()


def begin(
    ask: Ask,
    url: Url,
    overrides: Overrides,
    patient: Permission | None,
    ends_at: float,
    terms: Terms,
) -> Trip:
    """Begin an attempt at `ask`, whose URL has been read."""
    if ask.method == "GET":
        asked = url.with_fields(ask.fields)
        return Trip(ask, asked, "GET", (), overrides, patient, ends_at, terms, base=url.base)
    return Trip(ask, url, "POST", ask.fields, overrides, patient, ends_at, terms, base=url.base)


def location_of(response: IResponse) -> str | None:
    """Return where a redirect leads, or None when `response` is none."""
    if response.code not in _SEE_OTHER and response.code not in _SAME_AGAIN:
        return None
    locations = response.headers.getRawHeaders(b"location")
    return locations[0].decode("utf-8", "replace") if locations else None


def answer_of(response: IResponse, body: bytes, url: str) -> Answer:
    """Return `response` as a value; the names of its headers in lower case."""
    headers = {
        name.decode("latin-1").lower(): ", ".join(
            value.decode("utf-8", "replace") for value in values
        )
        for name, values in response.headers.getAllRawHeaders()
    }
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(response.code, content_type, body, url, headers)
