"""A reply as an HTTP response: JSON, or nothing."""

from __future__ import annotations

import json
from typing import Any

from b2bua.api.errors import Reply


def written(request: Any, reply: Reply) -> bytes:
    """Set status and headers of `request`'s response, and return its body."""
    request.setResponseCode(reply.status)
    for name, value in reply.headers:
        request.setHeader(name, value)
    if reply.body is None:
        return b""
    body = json.dumps(reply.body).encode()
    request.setHeader(b"content-type", b"application/json; charset=utf-8")
    request.setHeader(b"content-length", b"%d" % len(body))
    return body
