"""A relay on loopback between parties that the test moves: real sockets, real time, no sleeps.

That something does *not* arrive is shown by something later that does: on loopback datagrams to
one socket keep their order.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, DeferredQueue, maybeDeferred
from twisted.internet.protocol import DatagramProtocol

from b2bua.media.interfaces import (
    Aim,
    Backend,
    FirstPacket,
    Kind,
    Notice,
    Opened,
    Played,
    Pressed,
    Silent,
)
from b2bua.media.ports import PortPairs
from b2bua.media.relay import Interface

reactor: Any = global_reactor
PATIENCE = 10.0
# Below the ephemeral ports, and not those of another run of the tests.
FIRST_PORT = 30000 + os.getpid() % 60 * 40
LAST_PORT = FIRST_PORT + 39
AUDIO, EVENTS = 0, 101
N = TypeVar("N", FirstPacket, Played, Pressed, Silent)


class MakeRelay(Protocol):
    def __call__(
        self,
        reactor: Any,
        pairs: PortPairs,
        v4: Interface | None,
        v6: Interface | None = None,
        *,
        packets_per_second: int = 250,
    ) -> Backend: ...


def rtp(
    sequence: int = 1,
    payload: bytes = b"sound" * 32,
    *,
    payload_type: int = AUDIO,
    timestamp: int = 0,
    ssrc: int = 7,
    marker: bool = False,
) -> bytes:
    second = payload_type | (0x80 if marker else 0)
    return struct.pack("!BBHII", 0x80, second, sequence, timestamp, ssrc) + payload


def key(
    code: int, timestamp: int, duration: int = 800, *, end: bool = True, payload_type: int = EVENTS
) -> bytes:
    payload = struct.pack("!BBH", code, 0x8A if end else 0x0A, duration)
    return rtp(payload=payload, payload_type=payload_type, timestamp=timestamp)


@dataclass(frozen=True, slots=True)
class Heard:
    packet: bytes
    port: int
    at: float

    @property
    def payload_type(self) -> int:
        return self.packet[1] & 0x7F

    @property
    def marker(self) -> bool:
        return self.packet[1] > 0x7F

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.packet[2:4], "big")

    @property
    def timestamp(self) -> int:
        return int.from_bytes(self.packet[4:8], "big")

    @property
    def payload(self) -> bytes:
        return self.packet[12:]


class Party(DatagramProtocol):
    """A UDP socket of some phone, or of a stranger."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._heard: DeferredQueue[Heard] = DeferredQueue()
        self._listening = reactor.listenUDP(0, self, interface=host)
        self.port: int = self._listening.getHost().port

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        self._heard.put(Heard(datagram, addr[1], time.monotonic()))

    def say(self, packet: bytes, port: int) -> None:
        assert self.transport is not None
        self.transport.write(packet, (self.host, port))

    def hears(self) -> Deferred[Heard]:
        return self._heard.get().addTimeout(PATIENCE, reactor)

    def hang_up(self) -> Deferred[None]:
        return maybeDeferred(self._listening.stopListening)


class Rig:
    """One relay, its notices, and the parties around it."""

    def __init__(self, make: MakeRelay) -> None:
        self._make = make
        self._notices: DeferredQueue[Notice] = DeferredQueue()
        self._parties: list[Party] = []
        self._relays: list[Backend] = []
        self.relay = self.start()

    def start(self, last: int = LAST_PORT, rest: float = 0.0, limit: int = 250) -> Backend:
        pairs = PortPairs(FIRST_PORT, last, time.monotonic, rest)
        relay = self._make(
            reactor, pairs, Interface("127.0.0.1"), Interface("::1"), packets_per_second=limit
        )
        relay.start(self._notices.put)
        self._relays.append(relay)
        return relay

    def party(self, host: str = "127.0.0.1") -> Party:
        self._parties.append(Party(host))
        return self._parties[-1]

    def stream(self, party: Party | None = None, **aim: Any) -> Opened:
        opened = self.relay.open(Kind.RTP, v6=party is not None and ":" in party.host)
        if party is not None:
            self.aim(opened, party, **aim)
        return opened

    def aim(self, opened: Opened, party: Party, **aim: Any) -> None:
        aim.setdefault("event_type", EVENTS)
        self.relay.aim(opened.stream, Aim(party.host, party.port, **aim))

    def pair(self, **aim: Any) -> tuple[Party, Opened, Party, Opened]:
        """Two parties with linked streams; `aim` is of the first."""
        a, b = self.party(), self.party()
        at_a, at_b = self.stream(a, **aim), self.stream(b)
        self.relay.link(at_a.stream, at_b.stream)
        return a, at_a, b, at_b

    def tells(self) -> Deferred[Notice]:
        return self._notices.get().addTimeout(PATIENCE, reactor)

    async def tells_next(self, kind: type[N]) -> N:
        """Return the next notice of this kind, whatever comes before it."""
        while not isinstance(notice := await self.tells(), kind):
            pass
        return notice

    async def end(self) -> None:
        for relay in self._relays:
            relay.stop()
        for party in self._parties:
            await party.hang_up()


def moment(done: Callable[[], bool]) -> Deferred[None]:
    """Fire as soon as `done`; fail when patience ends."""
    deadline = time.monotonic() + PATIENCE
    fired: Deferred[None] = Deferred()

    def look() -> None:
        if done():
            fired.callback(None)
        elif time.monotonic() > deadline:
            fired.errback(TimeoutError("it never happened"))
        else:
            reactor.callLater(0.005, look)

    look()
    return fired
