"""`X-Twilio-Signature`: proof that a request comes from who holds the account's token.

rcml.md 7.2, exactly as the public `RequestValidator` checks it: HMAC-SHA1 over the URL as
requested and, for a form body, each name followed by its values, sorted.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1

SIGNATURE = "X-Twilio-Signature"


def signature(token: str, url: str, form: Sequence[tuple[str, str]] = ()) -> str:
    """Return the header's value.

    `url` has neither userinfo nor fragment; `form` holds the fields of a POST body and is empty
    for a GET.  A pair that occurs twice counts once, as the validator has it.
    """
    text = url + "".join(name + value for name, value in sorted(set(form)))
    digest = hmac.new(token.encode(), text.encode("utf-8", "replace"), sha1).digest()
    return b64encode(digest).decode("ascii")
