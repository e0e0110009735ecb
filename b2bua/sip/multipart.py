"""Find one part in a multipart body (RFC 2046 section 5.1, RFC 5621)."""

from __future__ import annotations

import re

from b2bua.sip.grammar import QUOTED, TOKEN, unquote

_BOUNDARY = re.compile(rf"(?i);[ \t]*+boundary[ \t]*+=[ \t]*+({QUOTED}|[^\s;\"]++)")
_HEADER = re.compile(rf"({TOKEN})[ \t]*+:[ \t]*+([^\r\n]*+)")
_MOST_BOUNDARY = 70


def find_part(content_type: str, body: bytes, wanted: str) -> bytes | None:
    """Return the content of the first part whose media type is `wanted` (lower case).

    `content_type` is the whole field with its boundary parameter.  None when there is no such
    part, or no proper boundary.  One level is searched.
    """
    match = _BOUNDARY.search(content_type)
    if match is None:
        return None
    boundary = unquote(match[1])
    if not 0 < len(boundary) <= _MOST_BOUNDARY or not boundary.isascii():
        return None
    # The CRLF before a delimiter belongs to the delimiter (RFC 2046 5.1.1).
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii"))
    for part in parts[1:]:
        if part.startswith(b"--"):
            return None
        _, _, rest = part.partition(b"\r\n")
        head, _, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
        if _media_type(head.decode("utf-8", "replace")) == wanted:
            return content
    return None


def _media_type(head: str) -> str:
    for line in head.split("\r\n"):
        match = _HEADER.match(line)
        if match is not None and match[1].lower() == "content-type":
            return match[2].partition(";")[0].strip(" \t").lower()
    return "text/plain"
