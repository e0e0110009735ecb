"""Sends BYE and CANCEL into calls that are not its own: real Call-IDs, tags and branches made up.

    python -m tests.support.spoofer PORT COUNT RATE CALL-ID...

Prints how many were sent, and the answers by status.
"""

from __future__ import annotations

import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence

BURST = 0.01
"""Seconds between two bursts."""


def message(number: int, port: int, call_ids: Sequence[str], chance: random.Random) -> bytes:
    """Return a BYE, or every third time a CANCEL, that nobody has reason to believe."""
    method = "CANCEL" if number % 3 == 0 else "BYE"
    tags = f"{chance.getrandbits(64):016x}", f"{chance.getrandbits(64):016x}"
    lines = [
        f"{method} sip:100@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{chance.getrandbits(64):016x};rport",
        f"From: <sip:a@127.0.0.1>;tag={tags[0]}",
        "To: <sip:100@127.0.0.1>" + (f";tag={tags[1]}" if method == "BYE" else ""),
        f"Call-ID: {call_ids[number % len(call_ids)]}",
        f"CSeq: {number % 5 + 1} {method}",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def spoof(port: int, count: int, rate: float, call_ids: Sequence[str]) -> Counter[str]:
    """Send `count` messages at `rate` a second; return the answers by status."""
    chance = random.Random(1)
    answers: Counter[str] = Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setblocking(False)
        began, sent = time.monotonic(), 0
        while sent < count:
            due = min(count, int((time.monotonic() - began) * rate) + 1)
            for number in range(sent, due):
                try:
                    ours.sendto(message(number, port, call_ids, chance), ("127.0.0.1", port))
                except BlockingIOError:
                    break
                sent = number + 1
            _read(ours, answers)
            time.sleep(BURST)
        time.sleep(0.5)
        _read(ours, answers)
    return answers


def _read(ours: socket.socket, answers: Counter[str]) -> None:
    while True:
        try:
            answers[ours.recv(4096)[8:11].decode()] += 1
        except BlockingIOError:
            return


if __name__ == "__main__":
    asked, many, speed = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    print(many, dict(spoof(asked, many, speed, sys.argv[4:])))
