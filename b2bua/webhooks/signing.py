"""Proof that a request comes from who holds the account's token: two headers (rcml.md 7.2).

`X-Twilio-Signature` is exactly what the public `RequestValidator` checks: HMAC-SHA1 over the URL as
requested and, for a form body, each name followed by its values, sorted.  It proves neither when
the request was made nor its method, and there can be but one secret.  `X-B2BUA-Signature` is
HMAC-SHA256 over time, method, URL and body, once for each secret that is live, with its key id.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

SIGNATURE = "X-Twilio-Signature"
TIMED_SIGNATURE = "X-B2BUA-Signature"


def signature(token: str, url: str, form: Sequence[tuple[str, str]] = ()) -> str:
    """Return the header's value.

    `url` has neither userinfo nor fragment; `form` holds the fields of a POST body and is empty
    for a GET.  A pair that occurs twice counts once, as the validator has it.
    """
    text = url + "".join([name + value for name, value in sorted(set(form))])
    digest = hmac.digest(token.encode(), text.encode("utf-8", "replace"), "sha1")
    return b64encode(digest).decode("ascii")


def timed_signature(
    tokens: Sequence[str], at: int, method: str, url: str, body: bytes = b""
) -> str:
    """Return the header's value, `t=TIME,v1=KEYID:HEX`, with one `v1` for each of `tokens`.

    `at` is seconds since the epoch, `url` as for `signature`, `body` what is sent, octet by octet.
    """
    text = f"{at}.{method}.{url}.".encode("utf-8", "replace") + body
    signatures = [
        f"v1={key_id(token)}:{hmac.digest(token.encode(), text, 'sha256').hex()}"
        for token in tokens
    ]
    return ",".join([f"t={at}", *signatures])


@lru_cache(maxsize=1024)
def key_id(token: str) -> str:
    """Return the name of a secret, which tells nothing of it: 8 hexadecimal digits."""
    return sha256(b"b2bua key id " + token.encode()).hexdigest()[:8]
