"""Requests with bodies of a bounded size: what is longer is read past and refused with 413.

Twisted keeps a request's body until it is whole; this request stops keeping at the limit, and
drops the connection of a client that goes on far beyond it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.web.server import Request

from b2bua.api.errors import TOO_LARGE, ApiError
from b2bua.api.response import written

PATIENCE = 16
"""How many times the limit is read past, so that the client hears of it, before it is dropped."""


class BoundedRequest(Request):
    """A request that keeps at most `limit_bytes` of its body."""

    def __init__(self, *args: Any, limit_bytes: int, **kwargs: Any) -> None:
        Request.__init__(self, *args, **kwargs)
        self._limit_bytes = limit_bytes
        self._body_bytes = 0

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Keep a piece of the body, or only count it."""
        self._body_bytes += len(data)
        if self._body_bytes <= self._limit_bytes:
            Request.handleContentChunk(self, data)
        elif self._body_bytes > PATIENCE * self._limit_bytes:
            transport: Any = self.transport
            transport.abortConnection()

    def process(self) -> None:
        """Serve the request, or refuse its body."""
        if self._body_bytes <= self._limit_bytes:
            Request.process(self)
            return
        error = ApiError(413, TOO_LARGE, f"A body has at most {self._limit_bytes} bytes")
        request: Any = self
        request.write(written(request, error.reply()))
        request.finish()


def bounded_requests(limit_bytes: int) -> Any:
    """Return what makes the requests of a site."""
    return partial(BoundedRequest, limit_bytes=limit_bytes)
