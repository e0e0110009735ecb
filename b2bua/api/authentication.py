"""Whose request it is: HTTP Basic with an account's SID and token, and no more than it may send.

The comparison takes as long for an unknown account and for a wrong token as for the right one.
Failures are counted by address, so that nobody uses up another's requests by failing in its name.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from hashlib import sha256

from twisted.web.iweb import IRequest

from b2bua.api.errors import TOO_MANY, UNAUTHORIZED, ApiError
from b2bua.api.rate import Rate

CHALLENGE = (("WWW-Authenticate", 'Basic realm="b2bua", charset="UTF-8"'),)
_NOBODY = b"\x00no token at all"


class Gate:
    """Lets requests in.  `token` knows the secret of each account; `most` is requests a second."""

    def __init__(
        self, token: Callable[[str], str | None], most: int, now: Callable[[], float]
    ) -> None:
        self._token = token
        self._requests = Rate(most, now)
        self._failures = Rate(most, now)

    def admit(self, authorization: bytes | None, address: str) -> str:
        """Return the SID of the account that asks.

        Raises:
            ApiError: 401 without the right key, 429 beyond what a key may send, or may fail.
        """
        if not self._failures.has_room(address):
            raise _too_many("this address has failed to authenticate")
        sid, given = _credentials(authorization)
        token = self._token(sid)
        right = _NOBODY if token is None else token.encode()
        if not hmac.compare_digest(sha256(right).digest(), sha256(given).digest()):
            self._failures.takes(address)
            raise ApiError(401, UNAUTHORIZED, "Authenticate", headers=CHALLENGE)
        if not self._requests.takes(sid):
            raise _too_many("this key has been used")
        return sid


def address_of(request: IRequest) -> str:
    """Return the address that a request comes from."""
    return str(getattr(request.getClientAddress(), "host", ""))


def _too_many(what: str) -> ApiError:
    text = f"Too many requests: {what} too often in the last second"
    return ApiError(429, TOO_MANY, text, headers=(("Retry-After", "1"),))


def _credentials(authorization: bytes | None) -> tuple[str, bytes]:
    """Return user and password (RFC 7617), empty where there are none that can be read."""
    scheme, _, encoded = (authorization or b"").strip().partition(b" ")
    if scheme.lower() != b"basic":
        return "", b""
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else ("", b"")
    except (binascii.Error, UnicodeDecodeError):
        return "", b""
