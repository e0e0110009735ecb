"""Message to bytes, and the one place where a control character in any field is stopped.

Whatever made a message (a router, a header copied from a peer, a plugin), nothing that could end a
line leaves here inside of one.
"""

from __future__ import annotations

import re

from b2bua.sip.grammar import CONTROL, is_token
from b2bua.sip.headers import KNOWN
from b2bua.sip.message import Message, Request

_REQUEST_URI = re.compile(r"[!-;=?-~]++")  # visible, and none of the brackets of a name-addr


class UnwritableError(ValueError):
    """A message of ours would not be SIP on the wire: a defect of ours, never sent."""


def write(message: Message) -> bytes:
    """Return `message` as it goes on the wire, with the Content-Length of its body.

    Raises:
        UnwritableError: a control character in any field, a method or field name that is no
            token, a Request-URI with a space, a status outside 100-699, or a lone surrogate.
    """
    lines = [_start_line(message)]
    for name, value in message.headers:
        if name == "Content-Length":
            continue
        if name not in KNOWN and not is_token(name):
            raise UnwritableError("a header field's name is not a token")
        lines.append(f"{name}: {value}")
    lines.append(f"Content-Length: {len(message.body)}")
    if CONTROL.search("".join(lines)):
        raise UnwritableError("a control character in a header field or the start line")
    try:
        return "\r\n".join([*lines, "", ""]).encode() + message.body
    except UnicodeEncodeError as problem:
        raise UnwritableError("a lone surrogate in a header field") from problem


def _start_line(message: Message) -> str:
    if isinstance(message, Request):
        uri = str(message.uri)
        if not is_token(message.method) or _REQUEST_URI.fullmatch(uri) is None:
            raise UnwritableError("the method or the Request-URI is malformed")
        return f"{message.method} {uri} SIP/2.0"
    if not 100 <= message.status <= 699:
        raise UnwritableError("a status outside 100-699")
    return f"SIP/2.0 {message.status} {message.reason}"
