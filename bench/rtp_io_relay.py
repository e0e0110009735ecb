"""rtp_io behind an RTP load generator: `rtp_io_relay.py SESSIONS`, as `rtp_relay.py` is ours.

It runs in the virtual environment that has rtp_io, and so imports nothing of ours.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

from rtp.io import rtpproxy

HOST = "127.0.0.1"


def session(proxy: Any, replies: Any, number: int, line: str) -> str:
    """Join two parties with rtpproxy's commands: U says where A is, L where B is."""
    a_port, _, _, b_port = line.split()

    def port(command: str) -> str:
        proxy.sendall(f"{command}\n".encode())
        return str(replies.readline().decode().split()[0])

    facing_b = port(f"U bench-{number} {HOST} {a_port} a")
    facing_a = port(f"L bench-{number} {HOST} {b_port} a b")
    return f"{a_port} {facing_a} {facing_b} {b_port}\n"


def main() -> None:
    """Open all sessions, say "ready", and relay until killed."""
    sessions = Path(sys.argv[1]).resolve()
    server = rtpproxy()  # its threads end with it
    proxy = server.rtpp_sock
    replies = proxy.makefile("rb")
    lines = sessions.read_text("ascii").splitlines()
    text = "".join(session(proxy, replies, number, line) for number, line in enumerate(lines))
    sessions.write_text(text, "ascii")
    print("ready", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
