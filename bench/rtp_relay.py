"""Our relay behind an RTP load generator: `rtp_relay.py SESSIONS [LIMIT [COALESCE]]`.

SESSIONS is a file of lines "aport ra rb bport": party A owns port aport and sends to port ra;
what it sends comes to bport from rb, and the other way round.  Its ra and rb are replaced by the
ports that we have opened, then "ready" is printed.  LIMIT is packets a second of one stream, 0
for none, which a flood needs; COALESCE is `media.coalesce_ms`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from twisted.internet import reactor

from b2bua.media.interfaces import Aim, Kind
from b2bua.media.ports import PortPairs
from b2bua.media.relay import PACKETS_PER_SECOND, Interface, Relay

HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 40000, 59999


def open_session(relay: Relay, line: str) -> str:
    a_port, _, _, b_port = (int(word) for word in line.split())
    a, b = relay.open(Kind.RTP), relay.open(Kind.RTP)
    relay.aim(a.stream, Aim(HOST, a_port))
    relay.aim(b.stream, Aim(HOST, b_port))
    relay.link(a.stream, b.stream)
    return f"{a_port} {a.port} {b.port} {b_port}\n"


def serve(relay: Relay, sessions: Path) -> None:
    relay.start(lambda _notice: None)
    lines = sessions.read_text("ascii").splitlines()
    sessions.write_text("".join(open_session(relay, line) for line in lines), "ascii")
    print("ready", flush=True)


def main() -> None:
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else PACKETS_PER_SECOND
    pairs = PortPairs(FIRST_PORT, LAST_PORT, time.monotonic)
    gather = float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.0
    relay = Relay(reactor, pairs, Interface(HOST), packets_per_second=limit, gather=gather)
    reactor.callWhenRunning(serve, relay, Path(sys.argv[1]))
    reactor.addSystemEventTrigger("before", "shutdown", relay.stop)
    reactor.run()


if __name__ == "__main__":
    main()
