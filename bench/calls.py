"""What one `static` call costs this process: the whole daemon, driven by hand.

Everything is real but the reactor's loop: the daemon's own sockets, media relay and timers.  Two
telephones in this file play a call (INVITE, 180, 200, ACK, BYE) through loopback sockets; after
each datagram the daemon reads its socket once.  Only that reading is timed.  Time is virtual, so
that transactions linger and expire as they would at one call each `--every` seconds.

    python -m bench calls [--calls 2000] [--rounds 7]      microseconds a call, the median of rounds
    python -m bench calls --instructions                   the same under valgrind: instructions
    python -m bench calls --held 2000                      KiB a held call
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from twisted.internet import reactor as installed
from twisted.internet import udp

from b2bua.app.logs import LineLog
from b2bua.app.service import Daemon
from b2bua.app.settings import settings_from_text

HOST = "127.0.0.1"
SETTINGS = """
[sip]
listen = ["udp:127.0.0.1:0"]
[media]
ports = "{low}-{high}"
[http]
listen = "127.0.0.1:0"
[limits]
calls = 100000
[store]
url = "sqlite:///{folder}/calls.sqlite"
[[accounts]]
sid = "AC1"
auth_token = "secret"
[[trunks]]
name = "carrier"
uri = "sip:127.0.0.1:{callee}"
inbound_from = ["127.0.0.0/8"]
[[numbers]]
number = "*"
router = "static"
targets = ["sip:{{user}}@127.0.0.1:{callee}"]
"""

SDP = """v=0\r
o=bench 53655765 2353687637 IN IP4 127.0.0.1\r
s=-\r
c=IN IP4 127.0.0.1\r
t=0 0\r
m=audio %s RTP/AVP %s\r
%sa=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=ptime:20\r
a=sendrecv\r
"""
OFFER = SDP % (6000, "0 8 101", "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n")
ANSWER = SDP % (6002, "0 101", "a=rtpmap:0 PCMU/8000\r\n")

REQUEST = """{method} {uri} SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-1-{number}-{cseq}{method}\r
From: "bench" <sip:caller{number}@127.0.0.1:{port}>;tag=1c{number}\r
To: <sip:15551234567@127.0.0.1:{sip}>{to_tag}\r
Call-ID: {number}-1@127.0.0.1\r
CSeq: {cseq} {method}\r
Contact: <sip:caller@127.0.0.1:{port}>\r
Max-Forwards: 70\r
{more}Content-Length: {length}\r
\r
{body}"""
OF_INVITE = "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nContent-Type: application/sdp\r\n"

_COPIED = re.compile(rb"(?:Via|From|To|Call-ID|CSeq|Record-Route): [^\r]*\r\n")
_TAG = re.compile(rb"\r\nTo: [^\r]*;tag=([^;\r]+)")
_CONTACT = re.compile(rb"\r\nContact: <([^>\r]+)>")


class Telephone:
    """A loopback socket that knows how to write and to copy."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def heard(self) -> list[bytes]:
        """Return every datagram that waits."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(65_535))
            except BlockingIOError:
                return found


class Bench:
    """One daemon, its caller and its callee."""

    def __init__(self, every: float, log: Any) -> None:
        self.now = 1_000.0
        self.every = every
        self.reactor: Any = installed
        self.reactor.seconds = lambda: self.now  # type: ignore[method-assign]  # our own time
        self.caller, self.callee = Telephone(), Telephone()
        self.number = 0
        self.nanoseconds = 0
        LineLog(log).take_structlog()
        self.folder = tempfile.TemporaryDirectory()
        settings = SETTINGS.format(
            callee=self.callee.port, low=40_000, high=59_998, folder=self.folder.name
        )
        self.daemon = Daemon(self.reactor, settings_from_text(settings))
        self.daemon.startService()
        (self.port,) = [one for one in self.reactor.getReaders() if isinstance(one, udp.Port)]
        self.sip = self.port.getHost().port

    def play(self) -> None:
        """Play one call from INVITE to the answer to its BYE."""
        number, tag, target = self.answered()
        self.hang_up(number, tag, target)
        self.pass_time()

    def answered(self) -> tuple[int, str, str]:
        """Play one call up to the ACK; return its number, our tag, and our Contact."""
        self.number += 1
        number = self.number
        uri = f"sip:15551234567@{HOST}:{self.sip}"
        self.say(self.request("INVITE", uri, number, 1, "", OF_INVITE, OFFER))
        (invite,) = [one for one in self.callee.heard() if one.startswith(b"INVITE")]
        self.reply(invite, 100, number)
        self.reply(invite, 180, number)
        self.reply(invite, 200, number, OF_INVITE, ANSWER)
        last = self.caller.heard()[-1]
        assert last.startswith(b"SIP/2.0 200"), last
        tag, contact = _TAG.search(last), _CONTACT.search(last)
        assert tag is not None
        assert contact is not None
        told = tag[1].decode(), contact[1].decode()
        self.say(self.request("ACK", told[1], number, 1, told[0]))
        return number, *told

    def hang_up(self, number: int, tag: str, target: str) -> None:
        """Let the caller hang up, and see that both sides are done."""
        self.callee.heard()
        self.say(self.request("BYE", target, number, 2, tag))
        (bye,) = self.callee.heard()
        assert bye.startswith(b"BYE"), bye
        self.reply(bye, 200, number)
        (done,) = self.caller.heard()
        assert done.startswith(b"SIP/2.0 200"), done

    def pass_time(self) -> None:
        """Let `every` seconds pass, and what is due happen."""
        self.now += self.every
        begun = time.thread_time_ns()
        self.reactor.runUntilCurrent()
        self.nanoseconds += time.thread_time_ns() - begun
        self.callee.heard()
        self.caller.heard()

    def request(
        self,
        method: str,
        uri: str,
        number: int,
        cseq: int,
        tag: str,
        more: str = "",
        body: str = "",
    ) -> bytes:
        return REQUEST.format(
            method=method,
            uri=uri,
            port=self.caller.port,
            sip=self.sip,
            number=number,
            cseq=cseq,
            to_tag=f";tag={tag}" if tag else "",
            more=more,
            length=len(body),
            body=body,
        ).encode()

    def say(self, data: bytes) -> None:
        self.caller.socket.sendto(data, (HOST, self.sip))
        self.read()

    def reply(
        self, request: bytes, status: int, number: int, more: str = "", body: str = ""
    ) -> None:
        fields = b"".join(_COPIED.findall(request))
        if status > 100 and not request.startswith(b"BYE"):
            fields = re.sub(rb"(\nTo: [^\r]*)", rb"\1;tag=1s%d" % number, fields)
        contact = f"Contact: <sip:callee@127.0.0.1:{self.callee.port}>\r\n"
        rest = f"{contact}{more}Content-Length: {len(body)}\r\n\r\n{body}"
        self.callee.socket.sendto(
            b"SIP/2.0 %d Spoken\r\n%b%b" % (status, fields, rest.encode()), (HOST, self.sip)
        )
        self.read()

    def read(self) -> None:
        begun = time.thread_time_ns()
        self.port.doRead()
        self.reactor.runUntilCurrent()
        self.nanoseconds += time.thread_time_ns() - begun

    def settle(self, seconds: float) -> None:
        """Let `seconds` pass in small steps."""
        until = self.now + seconds
        while self.now < until:
            self.pass_time()


def timed(calls: int, rounds: int, every: float) -> list[float]:
    """Return microseconds a call of each round."""
    with tempfile.TemporaryFile("w") as log:
        bench = Bench(every, log)
        for _ in range(max(200, round(40 / every))):  # until as many expire as begin
            bench.play()
        figures = []
        for _ in range(rounds):
            bench.nanoseconds = 0
            for _ in range(calls):
                bench.play()
            figures.append(bench.nanoseconds / calls / 1000)
    return figures


def instructions(calls: int) -> int:
    """Return instructions of one call: what more calls cost more, so the start does not count."""
    counted = [_counted(100 + calls * times) for times in (1, 3)]
    return (counted[1] - counted[0]) // (2 * calls)


def _counted(calls: int) -> int:
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")
    tool = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    run = [sys.executable, "-m", "bench.calls", "--play", str(calls), "--every", "0.5"]
    done = subprocess.run(
        ["valgrind", *tool, *run],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    found = re.search(r"I\s+refs:\s+([0-9,]+)", done.stderr)
    if done.returncode or found is None:
        sys.exit(done.stderr)
    return int(found[1].replace(",", ""))


def held(calls: int) -> dict[str, float]:
    """Return KiB a held call: when it has just begun, and when only the call is left."""
    with tempfile.TemporaryFile("w") as log:
        bench = Bench(0.01, log)
        for _ in range(50):
            bench.play()
        bench.settle(70)
        before = resident()
        for _ in range(calls):
            bench.answered()
            bench.callee.heard()
            bench.pass_time()
        young = resident()
        bench.settle(70)
        gc.collect()
        return {
            "KiB a call when new": round((young - before) / calls, 1),
            "KiB a call after a minute": round((resident() - before) / calls, 1),
        }


def resident() -> int:
    """Return this process's resident memory, in KiB."""
    status = Path("/proc/self/status").read_text("ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--calls", type=int, default=1000)
    reading.add_argument("--rounds", type=int, default=7)
    reading.add_argument("--every", type=float, default=0.1)
    reading.add_argument("--instructions", action="store_true")
    reading.add_argument("--held", type=int)
    reading.add_argument("--play", type=int, help="play so many calls and say nothing")
    given = reading.parse_args()
    if given.play:
        with tempfile.TemporaryFile("w") as log:
            bench = Bench(given.every, log)
            for _ in range(given.play):
                bench.play()
    elif given.instructions:
        print(json.dumps({"instructions a call": instructions(min(given.calls, 100))}))
    elif given.held:
        print(json.dumps(held(given.held)))
    else:
        figures = timed(given.calls, given.rounds, given.every)
        print(json.dumps({"us a call": round(median(figures)), "rounds": [*map(round, figures)]}))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the daemon has not been stopped, and its threads would wait for that
