"""SIP over WebSocket: the handshake, then one message a frame (RFC 7118, RFC 6455).

Frames are read and written here and not by a library, so that the limits, the patience and the
promise of every stream hold: any bytes give messages, or close the connection.
"""

from __future__ import annotations

import re
import struct
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1

from b2bua.net.framing import PONG
from b2bua.sip.message import Message
from b2bua.sip.reader import Limits, Malformed, read_datagram

SUBPROTOCOL = "sip"
KEY_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_NORMAL, _PROTOCOL_ERROR, _TOO_BIG = 1000, 1002, 1009
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
_KEEP_ALIVE = b"\r\n\r\n"


class _Broken(Exception):  # noqa: N818
    """What the peer does is no WebSocket; `code` says why in the close frame (7.4.1)."""

    def __init__(self, code: int = _PROTOCOL_ERROR) -> None:
        super().__init__(code)
        self.code = code


class WebSocket:
    """One end of a connection: it answers the handshake, or begins it where `host` is given.

    `new_key` returns 16 random octets, of which a client makes its key and its masks.
    """

    def __init__(
        self, limits: Limits, host: str = "", new_key: Callable[[], bytes] | None = None
    ) -> None:
        self._limits = limits
        self._host = host
        self._new_key = new_key
        self._key = b64encode(new_key()).decode() if host and new_key else ""
        self._buffer = bytearray()
        self._message: bytearray | None = None
        self._replies = bytearray()
        self._has_said_goodbye = False
        self.is_open = False
        self.is_broken = False

    @property
    def is_idle(self) -> bool:
        """Whether the peer owes us nothing: no handshake, frame or fragment has begun."""
        return self.is_open and not self._buffer and self._message is None

    def opening(self) -> bytes:
        """Return the handshake of a client (RFC 7118 section 4.1)."""
        if not self._host:
            return b""
        return (
            f"GET / HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {self._key}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode("ascii", "replace")

    def feed(self, data: bytes) -> list[Message | Malformed]:
        """Take what has come and return the messages that are complete, in order."""
        if self.is_broken:
            return []
        self._buffer += data
        messages: list[Message | Malformed] = []
        try:
            if not self.is_open:
                self._shake_hands()
            while self.is_open and (frame := self._take_frame()) is not None:
                if (whole := self._take(*frame)) is not None:
                    messages += self._read(whole)
        except _Broken as problem:
            self._break(problem.code)
        return messages

    def replies(self) -> bytes:
        """Return, once, the answer to a handshake, pongs, and the answer to a close."""
        taken = bytes(self._replies)
        self._replies.clear()
        return taken

    def frame(self, data: bytes) -> bytes:
        """Return the message `data` in a frame: text where it is text (RFC 7118 section 4.2)."""
        try:
            data.decode()
        except UnicodeDecodeError:
            return self._frame(_BINARY, data)
        return self._frame(_TEXT, data)

    def farewell(self) -> bytes:
        """Return a close frame, unless there has been one."""
        if not self.is_open or self._has_said_goodbye:
            return b""
        self._has_said_goodbye = True
        return self._frame(_CLOSE, struct.pack("!H", _NORMAL))

    def _break(self, code: int) -> None:
        self.is_broken = True
        self._buffer.clear()
        if self.is_open and not self._has_said_goodbye:
            self._has_said_goodbye = True
            self._replies += self._frame(_CLOSE, struct.pack("!H", code))

    # The handshake (RFC 6455 section 4)

    def _shake_hands(self) -> None:
        head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if len(head) > self._limits.stream_header_bytes:
            raise _Broken
        if not end:
            return
        first, _, block = head.decode("latin-1").partition("\r\n")
        fields = _fields(block)
        if self._host:
            accepted = _is_accepted(first, fields, self._key)
        else:
            accepted = _is_asked(first, fields)
            self._replies += _switching(fields) if accepted else _refusal(fields)
        if not accepted:
            raise _Broken
        self._buffer = bytearray(rest)
        self.is_open = True

    # Frames (RFC 6455 section 5)

    def _take_frame(self) -> tuple[int, bool, bytes] | None:
        """Return opcode, whether its message ends with it, and payload; None: not all there."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        opcode, is_last, length = buffer[0] & 0x0F, bool(buffer[0] & 0x80), buffer[1] & 0x7F
        is_masked = bool(buffer[1] & 0x80)
        is_control = opcode >= _CLOSE
        # No extension is agreed on; a client masks and a server does not (5.1).
        if buffer[0] & 0x70 or is_masked == bool(self._host):
            raise _Broken
        if is_control and (length > 125 or not is_last):
            raise _Broken
        extra = {126: 2, 127: 8}.get(length, 0)
        start = 2 + extra + 4 * is_masked
        if len(buffer) < start:
            return None
        if extra:
            length = int.from_bytes(buffer[2 : 2 + extra], "big")
        if length > self._limits.message_bytes:
            raise _Broken(_TOO_BIG)
        if len(buffer) < start + length:
            return None
        payload = bytes(buffer[start : start + length])
        if is_masked:
            payload = _masked(payload, bytes(buffer[start - 4 : start]))
        del buffer[: start + length]
        return opcode, is_last, payload

    def _take(self, opcode: int, is_last: bool, payload: bytes) -> bytes | None:
        """Return the message that this frame completes; answer it if it is a control frame."""
        if opcode == _PING:
            self._replies += self._frame(_PONG, payload)
            return None
        if opcode == _PONG:
            return None
        if opcode == _CLOSE:
            raise _Broken(_NORMAL)
        # What begins a message is no continuation, and what continues one is nothing else.
        if opcode > _BINARY or (opcode == _CONTINUATION) == (self._message is None):
            raise _Broken
        message = bytearray() if self._message is None else self._message
        message += payload
        if len(message) > self._limits.message_bytes:
            raise _Broken(_TOO_BIG)
        self._message = None if is_last else message
        return bytes(message) if is_last else None

    def _read(self, data: bytes) -> list[Message | Malformed]:
        if data == _KEEP_ALIVE:
            self._replies += self._frame(_TEXT, PONG)  # RFC 7118 section 6, RFC 5626 section 4.4.1
            return []
        read = read_datagram(data, self._limits)
        return [] if read is None else [read]

    def _frame(self, opcode: int, payload: bytes) -> bytes:
        masked = 0x80 if self._host else 0
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, masked | size)
        elif size < 65_536:
            head = struct.pack("!BBH", 0x80 | opcode, masked | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, masked | 127, size)
        if self._new_key is None or not self._host:
            return head + payload
        mask = self._new_key()[:4]
        return head + mask + _masked(payload, mask)


def _fields(block: str) -> dict[str, str]:
    """Return header fields, those of one name joined by commas."""
    fields: dict[str, str] = {}
    for line in block.split("\r\n"):
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _tokens(fields: dict[str, str], name: str) -> set[str]:
    return {token.strip(" \t").lower() for token in fields.get(name, "").split(",")}


def _is_asked(first: str, fields: dict[str, str]) -> bool:
    """Tell whether a request opens a WebSocket for SIP (RFC 6455 section 4.2.1)."""
    return (
        re.fullmatch(r"GET [!-~]+ HTTP/1\.1", first) is not None
        and "host" in fields
        and "websocket" in _tokens(fields, "upgrade")
        and "upgrade" in _tokens(fields, "connection")
        and fields.get("sec-websocket-version") == "13"
        and _KEY.fullmatch(fields.get("sec-websocket-key", "")) is not None
        and SUBPROTOCOL in _tokens(fields, "sec-websocket-protocol")
    )


def _switching(fields: dict[str, str]) -> bytes:
    accept = _accept(fields["sec-websocket-key"])
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()


def _refusal(fields: dict[str, str]) -> bytes:
    is_other = fields.get("sec-websocket-version", "13") != "13"
    status = "426 Upgrade Required" if is_other else "400 Bad Request"
    version = "Sec-WebSocket-Version: 13\r\n" if is_other else ""
    return f"HTTP/1.1 {status}\r\n{version}Connection: close\r\nContent-Length: 0\r\n\r\n".encode()


def _is_accepted(first: str, fields: dict[str, str], key: str) -> bool:
    """Tell whether the server speaks SIP with us from here (RFC 6455 section 4.1)."""
    return (
        re.fullmatch(r"HTTP/1\.1 101( .*)?", first) is not None
        and "websocket" in _tokens(fields, "upgrade")
        and "upgrade" in _tokens(fields, "connection")
        and fields.get("sec-websocket-accept") == _accept(key)
        and fields.get("sec-websocket-protocol", "").lower() == SUBPROTOCOL
        and "sec-websocket-extensions" not in fields
    )


def _accept(key: str) -> str:
    return b64encode(sha1(key.encode() + KEY_GUID, usedforsecurity=False).digest()).decode()


def _masked(payload: bytes, mask: bytes) -> bytes:
    """Return `payload` masked, or unmasked, which is the same (RFC 6455 section 5.3)."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
