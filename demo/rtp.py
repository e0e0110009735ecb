"""A telephone's end of RTP: known payload out, and every packet that comes in is kept.

The payload of a packet says whose it is and which, so that what arrives anywhere can be told from
ringback, from prompts, and from what the other end said.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_128
from typing import Any

from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall

from tests.support.child import free_port

PTIME = 0.02  # seconds
FRAME = 160  # octets of G.711 in one PTIME, and ticks of its clock
PCMU, EVENTS = 0, 101
HEADER = struct.Struct("!BBHII")
HELD, ENDS = 5, 3  # packets of a key, and of its end (RFC 4733 section 2.5.1.4)
END = 0x80  # the bit that says so, in the second octet of the payload
Address = tuple[str, int]
Frame = tuple[int, bool, int, bytes]
"""Payload type, marker, timestamp, payload."""


@dataclass(frozen=True)
class Packet:
    """One RTP packet (RFC 3550 section 5.1), when it came or went, and from where."""

    at: float
    source: Address
    type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    @property
    def words(self) -> tuple[int, bytes]:
        """What it says, whatever the numbers it travels under."""
        return self.type, self.payload


class Endpoint(DatagramProtocol):
    """The RTP of one telephone, on an even port of its own."""

    def __init__(self, reactor: Any, name: str) -> None:
        self.heard: list[Packet] = []
        self.said: list[Packet] = []
        while (port := free_port()) % 2:
            pass
        self.port = port
        self._reactor = reactor
        self._listening = reactor.listenUDP(port, self, interface="127.0.0.1")
        self._remote = ("", 0)
        self._clock = LoopingCall(self._say)
        self._ssrc = int.from_bytes(shake_128(name.encode()).digest(4), "big")
        self._timestamp = 0
        self._speech = self._speak(name)
        self._key: Iterator[Frame] = iter(())

    def begin(self, remote: Address) -> None:
        """Send a packet every 20 ms to where SDP said."""
        self._remote = remote
        self._clock.start(PTIME)

    def press(self, code: int) -> None:
        """Press a key, 0 to 9, for a tenth of a second; speech waits."""
        self._key = self._hold(code)

    def hush(self) -> None:
        """Speak no more."""
        if self._clock.running:
            self._clock.stop()

    async def close(self) -> None:
        """Give the port back."""
        self.hush()
        await self._listening.stopListening()

    def datagramReceived(self, data: bytes, address: Address) -> None:
        if len(data) >= HEADER.size:
            self.heard.append(_packet(self._reactor.seconds(), address, data))

    def _say(self) -> None:
        type_, marker, timestamp, payload = next(self._key, None) or next(self._speech)
        sequence = len(self.said)
        head = HEADER.pack(0x80, marker << 7 | type_, sequence, timestamp, self._ssrc)
        self.transport.write(head + payload, self._remote)  # type: ignore[union-attr]
        source = ("127.0.0.1", self.port)
        self.said.append(_packet(self._reactor.seconds(), source, head + payload))
        self._timestamp += FRAME

    def _speak(self, name: str) -> Iterator[Frame]:
        index = 0
        while True:
            payload = shake_128(f"{name} {index}".encode()).digest(FRAME)
            yield PCMU, index == 0, self._timestamp, payload
            index += 1

    def _hold(self, code: int) -> Iterator[Frame]:
        begun = self._timestamp
        for at in range(1, HELD + ENDS + 1):
            end = END if at > HELD else 0
            payload = struct.pack("!BBH", code, end | 10, min(at, HELD) * FRAME)
            yield EVENTS, at == 1, begun, payload


def _packet(at: float, source: Address, data: bytes) -> Packet:
    _, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    payload = data[HEADER.size :]
    return Packet(at, source, second & 0x7F, sequence, timestamp, ssrc, payload)
