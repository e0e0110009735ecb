"""How SIP messages lie in the bytes of a stream: one after the other, or in WebSocket frames."""

from __future__ import annotations

from typing import Protocol

from b2bua.sip.message import Message
from b2bua.sip.reader import Limits, Malformed, Ping, StreamReader

PONG = b"\r\n"  # RFC 5626 section 4.4.1


class Framing(Protocol):
    """The bytes of one connection, in both directions; it owns no socket and no clock."""

    @property
    def is_open(self) -> bool:
        """Whether messages may be written; before that, what is written waits."""

    @property
    def is_idle(self) -> bool:
        """Whether the peer owes us nothing: no message, frame or handshake has begun."""

    @property
    def is_broken(self) -> bool:
        """Whether nothing that follows can be read: close the connection."""

    def opening(self) -> bytes:
        """Return what is written first, before anything has come."""

    def feed(self, data: bytes) -> list[Message | Malformed]:
        """Take what has come and return the messages that are complete, in order."""

    def replies(self) -> bytes:
        """Return, once, what the framing itself has to answer: a pong, a handshake."""

    def frame(self, data: bytes) -> bytes:
        """Return the message `data` as it is written."""

    def farewell(self) -> bytes:
        """Return what is written last."""


class Bare:
    """Messages one after the other, as on TCP and TLS (RFC 3261 section 18.3)."""

    is_open = True

    def __init__(self, limits: Limits) -> None:
        self._reader = StreamReader(limits)
        self._pings = 0

    @property
    def is_idle(self) -> bool:
        """Whether no message has begun."""
        return self._reader.is_idle

    @property
    def is_broken(self) -> bool:
        """Whether it is unknown where the next message begins."""
        return self._reader.broken

    def opening(self) -> bytes:
        """Return nothing: messages come first."""
        return b""

    def feed(self, data: bytes) -> list[Message | Malformed]:
        """Take what has come and return the messages that are complete, in order."""
        messages: list[Message | Malformed] = []
        for item in self._reader.feed(data):
            if isinstance(item, Ping):
                self._pings += 1
            else:
                messages.append(item)
        return messages

    def replies(self) -> bytes:
        """Return a pong for each ping (RFC 5626 section 4.4.1)."""
        pings, self._pings = self._pings, 0
        return PONG * pings

    def frame(self, data: bytes) -> bytes:
        """Return `data`: its Content-Length is frame enough."""
        return data

    def farewell(self) -> bytes:
        """Return nothing: the end of the stream says it."""
        return b""
