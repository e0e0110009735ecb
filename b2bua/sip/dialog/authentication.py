"""Answering a challenge: which 401 or 407 gets a second request, and which is a refusal (22.2).

A request is tried once for each realm, and once more when the server says that only the nonce was
stale.  A server that goes on challenging has refused, whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.digest import answer_challenge, read_challenge, read_parameters
from b2bua.sip.message import Request, Response

_MOST_TRIES = 4  # without credentials, for a proxy, for the far end, and with a fresh nonce
_ASKED = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}
_ANSWERED = {401: "Authorization", 407: "Proxy-Authorization"}


class Authentication:
    """The credentials of one user, and how often each live request has been tried with them.

    With `realm`, only a challenge from that realm is answered.
    """

    __slots__ = ("_new_cnonce", "_password", "_realm", "_tries", "_username")

    def __init__(
        self, username: str, password: str, realm: str | None, new_cnonce: Callable[[], str]
    ) -> None:
        self._username = username
        self._password = password
        self._realm = realm
        self._new_cnonce = new_cnonce
        self._tries: dict[int, int] = {}

    def retry(self, request: Request, response: Response, cseq: int) -> Request | None:
        """Return `request` again with credentials and `cseq`, or None if `response` is final."""
        tries = self._tries.pop(request.cseq.number, 1)
        if tries >= _MOST_TRIES or not self._may_answer(request, response):
            return None
        again = numbered(request, cseq)
        answer = answer_challenge(
            response, again, self._username, self._password, self._new_cnonce()
        )
        if answer is None:
            return None
        _put(again, *answer)
        self._tries[cseq] = tries + 1
        return again

    def _may_answer(self, request: Request, response: Response) -> bool:
        if response.status not in _ASKED:
            return False
        asked = map(read_challenge, response.headers.get_all(_ASKED[response.status]))
        challenges = [challenge for challenge in asked if challenge is not None]
        realms = {challenge.realm for challenge in challenges}
        if self._realm is not None and realms != {self._realm}:
            return False
        tried = {_realm(value) for value in request.headers.get_all(_ANSWERED[response.status])}
        return all(challenge.stale for challenge in challenges if challenge.realm in tried)


def numbered(request: Request, cseq: int) -> Request:
    """Return `request` as a new one with `cseq`, for a transaction of its own."""
    headers = request.headers.copy()
    headers.remove("Via")  # the first try's; a transaction of its own gets its own
    headers.set("CSeq", f"{cseq} {request.method}")
    return Request(request.method, request.uri, headers, request.body)


def _put(request: Request, name: str, value: str) -> None:
    """Put credentials in the place of those for the same realm; others stay (22.3)."""
    others = [sent for sent in request.headers.get_all(name) if _realm(sent) != _realm(value)]
    request.headers.remove(name)
    for sent in (*others, value):
        request.headers.add(name, sent)


def _realm(credentials: str) -> str:
    return (read_parameters(credentials) or {}).get("realm", "")
