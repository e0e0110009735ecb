"""Bytes to messages: one datagram, or a stream in any split.

The promise is absolute: any bytes give a message, a `Malformed`, or nothing; never an exception.
The time it takes is linear in the bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from b2bua.sip.checks import is_response, read_message
from b2bua.sip.grammar import CONTROL, SyntaxFault, is_token, split_list
from b2bua.sip.head import Head, Limits, Refusal, split_head, unfold
from b2bua.sip.headers import Headers, canonical
from b2bua.sip.message import REGISTERED_METHODS, Message, Request, read_vias
from b2bua.sip.uri import OtherUri

__all__ = ["Limits", "Malformed", "Ping", "StreamReader", "read_datagram"]

_END_OF_HEAD = b"\r\n\r\n"
_BLANK_LINES = re.compile(rb"(?:\r\n)*+")
_DEFAULTS = Limits()
_ANSWERED_WITH = frozenset({"From", "To", "Call-ID", "CSeq"})


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no message, and what they deserve.

    `reason` is ours and quotes no input.  `request` has what a `reply` needs (a Via that can be
    read, and of From, To, Call-ID and CSeq what there was), or is None: drop and count.
    """

    status: int
    reason: str
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """CRLF CRLF between the messages of a stream: answer CRLF (RFC 5626 section 4.4.1)."""


def read_datagram(data: bytes, limits: Limits = _DEFAULTS) -> Message | Malformed | None:
    """Read one datagram; None for a keep-alive.

    What follows the Content-Length is cut off; less than it promises is refused (18.3).
    """
    data = data.lstrip(b"\r\n")  # 7.5
    if not data.strip(b"\0 \t\r\n"):
        return None
    octets, empty_line, body = data.partition(_END_OF_HEAD)
    try:
        if len(data) > limits.message_bytes:
            raise Refusal(513, "Message Too Large")
        if not empty_line:
            raise Refusal(400, "No empty line after the header fields")
        head = split_head(octets, limits)
        if head.content_length is not None:
            if head.content_length > len(body):
                raise Refusal(400, "Body shorter than Content-Length")
            body = body[: head.content_length]
        return read_message(head, body, limits)
    except Refusal as refusal:
        return _malformed(refusal, octets, limits)


class StreamReader:
    """Reads the messages of one stream connection.

    After a fault that leaves the framing unknown, `broken` is True: close the connection.
    """

    def __init__(self, limits: Limits = _DEFAULTS) -> None:
        self.broken = False
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._head: tuple[bytes, Head] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no message has begun; else the rest of one is awaited."""
        return self._head is None and not self._buffer.strip(b"\r\n")

    def feed(self, data: bytes) -> list[Message | Malformed | Ping]:
        """Take what has come and return what is complete, in order."""
        found: list[Message | Malformed | Ping] = []
        if self.broken:
            return found
        self._buffer += data
        while not self.broken:
            if self._head is None:
                found += self._skip_blank_lines()
                try:
                    self._head = self._take_head()
                except Refusal as refusal:
                    found.append(self._break(refusal))
            item = self._take_message()
            if item is None:
                break
            found.append(item)
        return found

    def _skip_blank_lines(self) -> list[Ping]:
        match = _BLANK_LINES.match(self._buffer)
        blank = match.end() if match else 0
        rest = len(self._buffer) - blank
        if rest == 0 or (rest == 1 and self._buffer.endswith(b"\r")):
            blank -= blank % 4  # what is left may become a ping
        del self._buffer[:blank]
        return [Ping()] * (blank // 4)

    def _take_head(self) -> tuple[bytes, Head] | None:
        end = self._buffer.find(_END_OF_HEAD, self._searched)
        size = len(self._buffer) if end < 0 else end + len(_END_OF_HEAD)
        if size > self._limits.stream_header_bytes:
            raise Refusal(513, "Message header too large")
        if end < 0:
            self._searched = max(0, size - len(_END_OF_HEAD) + 1)
            return None
        octets = bytes(self._buffer[:end])
        head = split_head(octets, self._limits)
        if head.content_length is None:
            raise Refusal(400, "No Content-Length on a stream")  # 18.3
        if size + head.content_length > self._limits.message_bytes:
            raise Refusal(513, "Message Too Large")
        del self._buffer[:size]
        self._searched = 0
        return octets, head

    def _take_message(self) -> Message | Malformed | None:
        if self._head is None:
            return None
        octets, head = self._head
        length = head.content_length or 0
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._head = None
        try:
            return read_message(head, body, self._limits)
        except Refusal as refusal:
            return self._malformed(refusal, octets)

    def _malformed(self, refusal: Refusal, octets: bytes) -> Malformed:
        """Return what is malformed; what may be the rest of something else is not answered.

        That is a request of no known method: a wrong length before it has cut its beginning off.
        """
        malformed = _malformed(refusal, octets, self._limits)
        request = malformed.request
        if request is None or request.method in REGISTERED_METHODS:
            return malformed
        return replace(malformed, request=None)

    def _break(self, refusal: Refusal) -> Malformed:
        self.broken = True
        octets = bytes(self._buffer).partition(_END_OF_HEAD)[0]
        self._buffer.clear()
        return self._malformed(refusal, octets)


def _malformed(refusal: Refusal, octets: bytes, limits: Limits) -> Malformed:
    return Malformed(refusal.status, refusal.reason, _salvage(octets, limits))


def _salvage(octets: bytes, limits: Limits) -> Request | None:
    """Take from a broken head what an answer needs; None if it is not to be answered."""
    first, _, rest = octets.partition(b"\r\n")
    if len(rest) > limits.stream_header_bytes:
        rest = rest[: limits.stream_header_bytes].rpartition(b"\r\n")[0]
    start, block = first[:100].decode("utf-8", "replace"), rest.decode("utf-8", "replace")
    method = start.partition(" ")[0]
    if is_response(start) or not is_token(method) or _is_ack(method):
        return None
    vias: list[str] = []
    others: dict[str, str] = {}
    for line in unfold(block).split("\r\n", limits.headers)[: limits.headers]:
        name, _, value = line.partition(":")
        name = canonical(name.strip(" \t"))
        # Nothing that the writer would stop goes into an answer.
        value = CONTROL.sub("", value.replace("\t", " ")).strip(" ")
        if name == "Via":
            vias += split_list(value)
        elif name in _ANSWERED_WITH:
            others.setdefault(name, value)
    if _is_ack(others.get("CSeq", "")):
        return None  # 17: whichever field tells the truth, an ACK is never answered
    try:
        usable = _usable(vias, limits)
    except SyntaxFault:
        return None
    fields = [*(("Via", via) for via in usable), *others.items()]
    return Request(method, OtherUri("unread", ""), Headers(fields))


def _is_ack(text: str) -> bool:
    """Tell whether a method, or a CSeq by its last word, says ACK."""
    return text.upper().endswith("ACK")


def _usable(vias: list[str], limits: Limits) -> list[str]:
    """Return the Vias an answer carries: all, or the topmost alone if the others are at fault.

    Raises:
        SyntaxFault: the topmost is of no use either.
    """
    top = vias[:1]
    read_vias(top)
    if len(vias) > limits.vias:
        return top
    try:
        read_vias(vias)
    except SyntaxFault:
        return top
    return vias
