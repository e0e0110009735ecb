"""Answers that leave nothing behind (RFC 3261 section 8.2.7): their tag, and how large they are."""

from __future__ import annotations

from zlib import crc32

from b2bua.sip.headers import COMPACT, Headers
from b2bua.sip.message import Request, Response


def stateless_tag(request: Request) -> str:
    """Return a To tag that is the same each time this request is answered (8.2.7)."""
    seen = f"{request.headers.get('Via')} {request.headers.get('Call-ID')}"
    return f"{crc32(seen.encode(errors='replace')):08x}"


def size_of(request: Request) -> int:
    """Return how many bytes a request had at least: as if its fields were as short as can be."""
    fields = sum([_LEAST.get(name, len(name)) + len(value) + 3 for name, value in request.headers])
    return len(request.method) + len(str(request.uri)) + 14 + fields + len(request.body)


_LEAST = dict.fromkeys(COMPACT.values(), 1)


def shortened(response: Response) -> Response:
    """Return a response with what it must have, and the first of its challenges."""
    kept, fields = {*_NEEDED}, []
    for name, value in response.headers:
        if name in kept:
            fields.append((name, value))
        if name == "WWW-Authenticate":
            kept.discard(name)
    return Response(response.status, response.reason, Headers(fields))


_NEEDED = ("Via", "From", "To", "Call-ID", "CSeq", "WWW-Authenticate", "Retry-After")
