"""A telephone's ear on a real port: what RTP came, and when; and its mouth."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from twisted.internet.protocol import DatagramProtocol

_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True)
class Packet:
    """One RTP packet (RFC 3550 section 5.1) and the moment it came, in reactor seconds."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    at: float


class Ear(DatagramProtocol):
    """An RTP endpoint on an even port of its own."""

    noisy = False

    def __init__(self, reactor: Any, host: str = "127.0.0.1") -> None:
        self._reactor = reactor
        self.packets: list[Packet] = []
        self._port = reactor.listenUDP(0, self, interface=host)

    @property
    def port(self) -> int:
        """The local port."""
        return int(self._port.getHost().port)

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        if len(datagram) >= _HEADER.size:
            _, kind, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
            payload = datagram[_HEADER.size :]
            at = self._reactor.seconds()
            self.packets.append(Packet(kind & 127, sequence, timestamp, ssrc, payload, at))

    def say(self, payload: bytes, number: int, to: tuple[str, int], ssrc: int = 0x5EED) -> None:
        """Send packet `number` of a PCMU stream."""
        header = _HEADER.pack(0x80, 0, number & 0xFFFF, number * 160, ssrc)
        self.transport.write(header + payload, to)  # type: ignore[union-attr]

    async def close(self) -> None:
        """Give the port back."""
        await self._port.stopListening()
