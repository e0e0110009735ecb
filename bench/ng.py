"""rtpengine's ng protocol, as much of it as two parties need: bencode in datagrams."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from bench.processes import LostRunError

Value = str | list[str]
HOST = "127.0.0.1"
PATIENCE = 3.0
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
)
_MEDIA = re.compile(rb"m=audio (\d+) ")


def encoded(command: dict[str, Value]) -> bytes:
    """Write a dictionary in bencode: its keys in order."""
    return b"d%be" % b"".join(_string(key) + _value(command[key]) for key in sorted(command))


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return _string(value)
    return b"l%be" % b"".join(map(_string, value))


def _string(text: str) -> bytes:
    data = text.encode()
    return b"%d:%b" % (len(data), data)


class Engine:
    """One rtpengine, by its control port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((HOST, port))
        self._socket.settimeout(PATIENCE)
        self._count = 0

    def session(self, call_id: str, a_port: int, b_port: int) -> tuple[int, int]:
        """Join two parties; return the ports that A and that B sends to."""
        call = {"call-id": call_id, "from-tag": "a"}
        facing_b = self._ask("offer", call, a_port)
        facing_a = self._ask("answer", {**call, "to-tag": "b"}, b_port)
        return facing_a, facing_b

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _ask(self, command: str, call: dict[str, str], port: int) -> int:
        """Give a description; return the port in the one that comes back."""
        self._count += 1
        cookie = b"bench-%d" % self._count
        words: dict[str, Value] = {
            **call,
            "command": command,
            "sdp": SDP.format(port=port),
            "ICE": "remove",
            "flags": ["trust-address"],
            "replace": ["origin", "session-connection"],
        }
        self._socket.send(cookie + b" " + encoded(words))
        try:
            reply = self._socket.recv(65_535)
        except OSError as problem:
            raise LostRunError(f"rtpengine: {problem}") from problem
        found = _MEDIA.search(reply)
        if found is None:
            raise LostRunError(f"rtpengine: {reply[:100]!r}")
        return int(found[1])


def open_sessions(control: int, sessions: Path) -> None:
    """Open every session of a file "aport ra rb bport", and write its ports into it."""
    engine = Engine(control)
    lines = []
    for number, line in enumerate(sessions.read_text("ascii").splitlines()):
        a_port, _, _, b_port = map(int, line.split())
        ra, rb = engine.session(f"bench-{number}", a_port, b_port)
        lines.append(f"{a_port} {ra} {rb} {b_port}\n")
    engine.close()
    sessions.write_text("".join(lines), "ascii")
