"""A reply as an HTTP response: JSON, a file, or nothing."""

from __future__ import annotations

import json
from typing import Any

from twisted.web.static import File

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


def shown(request: Any, reply: Reply) -> bytes | File:
    """Return what klein makes a response of; of a file any range can be asked for."""
    if reply.file is None:
        return written(request, reply)
    file = File(str(reply.file))
    file.isLeaf = True
    file.type, file.encoding = reply.form, None
    return file
