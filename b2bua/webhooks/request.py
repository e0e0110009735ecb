"""One HTTP/1.1 request as bytes, head and body in a single write (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import ITransport
from twisted.web.http_headers import Headers
from twisted.web.iweb import IClientRequest
from zope.interface import implementer

from b2bua import __version__
from b2bua.webhooks.url import Url

USER_AGENT = f"b2bua/{__version__}"
FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@implementer(IClientRequest)
class WireRequest:
    """What `HTTP11ClientProtocol.request` is given: it writes itself."""

    def __init__(self, method: str, wire: bytes) -> None:
        self.method = method.encode("ascii")
        self.persistent = True
        self.headers = Headers()
        self.absoluteURI: bytes | None = None
        self._wire = wire

    def writeTo(self, transport: ITransport) -> Deferred[None]:  # noqa: N802 - Twisted calls it
        transport.write(self._wire)
        return succeed(None)

    def stopWriting(self) -> None:  # noqa: N802 - Twisted calls it
        """Do nothing: all was written at once."""


def compose(
    method: str, url: Url, headers: Iterable[tuple[str, str]], body: bytes | None
) -> WireRequest:
    """Compose a request for `url`; a `body` is a form's.

    Raises:
        ValueError: a control character in one of `headers`.
    """
    lines = [
        f"{method} {url.target} HTTP/1.1",
        f"Host: {url.netloc}",
        f"User-Agent: {USER_AGENT}",
        "Accept: */*",
        # What is not compressed needs no bomb disposal.
        "Accept-Encoding: identity",
    ]
    if body is not None:
        lines += [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}"]
    own = [f"{name}: {value}" for name, value in headers]
    if (found := next((line for line in own if _CONTROL.search(line)), None)) is not None:
        raise ValueError(f"control character in the header {found.partition(': ')[0]!r}")
    lines += own
    wire = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")
    return WireRequest(method, wire if body is None else wire + body)
