"""The head of a message: its start line, and its header fields split but not yet understood.

Splitting is all that is done to fields nobody asks for.  Folded lines become one line, tabs become
spaces, and a control character is refused, except in a quoted pair, where the grammar allows it
(RFC 3261 section 25.1) and where it is left out, so that nothing can carry it further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from b2bua.sip.grammar import CONTROL, SyntaxFault, is_token, read_number
from b2bua.sip.headers import KNOWN, Headers, canonical

# What needs no second look; a CR without its LF, or the other way round, is found by counting.
_PLAIN = bytes({*range(256)} - {*range(10), 11, 12, *range(14, 32), 127})
_FOLD = re.compile(r"\r\n[ \t]++")
_CONTROL_PAIR = re.compile(r"\\[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOST_FOLDS = 4  # lines for each field, taken over all fields
_MOST_LENGTH = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may hold at most; one more is refused.

    `line_bytes` counts a header field unfolded and without its CRLF, `params` the parameters of
    one value or URI, `params_in_all` those of all addresses and Vias together.  A stream's message
    may have `stream_header_bytes` up to and with its empty line.
    """

    message_bytes: int = 65_536
    headers: int = 256
    line_bytes: int = 8_192
    vias: int = 70
    routes: int = 20
    contacts: int = 50
    params: int = 100
    params_in_all: int = 1_000
    stream_header_bytes: int = 16_384

    @property
    def least_many(self) -> int:
        """How many of anything are too many for none of these limits."""
        return min(self.vias, self.routes, self.contacts, self.params, self.params_in_all)


class Refusal(Exception):  # noqa: N818 - the peer's fault; the reader makes it a value
    """A message that is not to be had, with the status and reason it deserves."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(slots=True)
class Head:
    """A start line and the fields below it.

    `content_length` is in bytes, None when the field is absent.  `separators` counts lines, commas
    and semicolons: of nothing are there more.
    """

    start: str
    headers: Headers
    content_length: int | None
    separators: int


def split_head(octets: bytes, limits: Limits) -> Head:
    """Split what stands before the empty line.

    Raises:
        Refusal: a line that is no header field, a control character, a limit, or a Content-Length
            that is no number or is given twice and differently.
    """
    if octets.count(b"\r\n") > _MOST_FOLDS * limits.headers:
        raise Refusal(513, "Too many lines")
    start, _, block = octets.decode("utf-8", "replace").partition("\r\n")
    if block[:1] in (" ", "\t"):
        raise Refusal(400, "Malformed start line")
    lines = unfold(block).split("\r\n") if block else []
    if len(lines) > limits.headers:
        raise Refusal(513, "Too many header fields")
    if len(octets) > limits.line_bytes:
        _check_lengths([start, *lines], limits.line_bytes)
    if not _is_plain(octets):
        if CONTROL.search(start.replace("\t", " ")):
            raise Refusal(400, "Control character in the start line")
        lines = [_tamed(line) for line in lines]
    headers = Headers.of_canonical(_fields(lines))
    separators = len(lines) + octets.count(b",") + octets.count(b";")
    return Head(start, headers, _content_length(headers), separators)


def unfold(block: str) -> str:
    """Make one line of each field that goes on in the next (7.3.1)."""
    return _FOLD.sub(" ", block) if "\r\n " in block or "\r\n\t" in block else block


def _check_lengths(lines: list[str], most: int) -> None:
    if any(len(line.encode("utf-8", "replace")) > most for line in lines):
        raise Refusal(513, "Line too long")


def _is_plain(octets: bytes) -> bool:
    ends = octets.count(b"\r\n")
    ones = octets.count(b"\r"), octets.count(b"\n")
    return ones == (ends, ends) and not octets.translate(None, _PLAIN)


def _tamed(line: str) -> str:
    line = _CONTROL_PAIR.sub("", line.replace("\t", " "))
    if CONTROL.search(line):
        raise Refusal(400, "Control character in the header")
    return line


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        full = KNOWN.get(name) or _unusual(name)
        if not colon:
            raise Refusal(400, "Header field without a colon")
        fields.append((full, value.strip(" ")))
    return fields


def _unusual(name: str) -> str:
    name = name.rstrip(" ")
    if not is_token(name):
        raise Refusal(400, "Malformed header field name")
    return canonical(name)


def _content_length(headers: Headers) -> int | None:
    values = headers.by_name.get("Content-Length")
    if values is None:
        return None
    try:
        if len(values) == 1:
            return read_number(values[0], _MOST_LENGTH)
        lengths = {read_number(value, _MOST_LENGTH) for value in values}
    except SyntaxFault as fault:
        raise Refusal(400, f"Content-Length: {fault}") from None
    if len(lengths) > 1:
        raise Refusal(400, "Conflicting Content-Lengths")
    return lengths.pop()
