"""Which transaction a message belongs to, as a key (RFC 3261 sections 17.1.3 and 17.2.3).

The branch tells, when it begins with the cookie.  A peer of RFC 2543 has none; then those fields
tell that are equal in all messages of a transaction.
"""

from __future__ import annotations

from b2bua.sip.message import Request, Response

COOKIE = "z9hG4bK"

Key = tuple[object, ...]


def response_key(response: Response) -> Key:
    """Return the key of the client transaction that `response` would answer (17.1.3)."""
    return (response.via.branch, response.cseq.method)


def request_key(request: Request, method: str) -> Key:
    """Return the key of the server transaction of `method` that `request` belongs to (17.2.3).

    `method` is the request's own, but INVITE for an ACK, and for a CANCEL that looks for the
    INVITE that it cancels (9.2).
    """
    via = request.via
    branch = via.branch
    if branch is not None and branch.startswith(COOKIE) and branch != COOKIE:
        return (branch, via.host.lower(), via.port, method)
    return (
        str(request.uri),
        request.from_.tag,
        request.call_id,
        request.cseq.number,
        request.headers.get("Via"),
        method,
    )


def merge_key(request: Request) -> Key | None:
    """Return what a request outside a dialog shares with its copies by other ways (8.2.2.2)."""
    if request.to.tag is not None:
        return None
    return (request.from_.tag, request.call_id, request.cseq.number)
