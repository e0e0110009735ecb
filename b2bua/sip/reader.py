"""Bytes to messages (skeleton; the reading follows)."""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.sip.message import Message, Request


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no message.

    `status` and `reason` are what they deserve.  `request` has enough of the request to be answered
    with `reply` (Via is usable, the rest is whatever could be read), or is None: drop and count.
    """

    status: int
    reason: str
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """CRLF CRLF between the messages of a stream: answer CRLF (RFC 5626 section 4.4.1)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may hold at most; one more is refused."""

    message_bytes: int = 65_536
    headers: int = 256
    line_bytes: int = 8_192
    vias: int = 70
    routes: int = 20
    params: int = 100
    stream_header_bytes: int = 16_384
