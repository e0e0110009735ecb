"""What comes out of a tap: copies of the audio packets that streams have received."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

# `struct tapped` of csrc/tap.h, in the machine's byte order.
_HEAD = struct.Struct("=QIIHHBBxx")


@dataclass(frozen=True, slots=True)
class Tapped:
    """One packet.  `arrived_ns` is of the monotonic clock, the other numbers are RTP's."""

    channel: int
    arrived_ns: int
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes = field(repr=False)


def read_tapped(taken: bytes) -> Iterator[Tapped]:
    """Yield the packets that a tap gave."""
    at = 0
    while at < len(taken):
        arrived_ns, timestamp, ssrc, sequence, size, payload_type, channel = _HEAD.unpack_from(
            taken, at
        )
        at += _HEAD.size + size
        payload = taken[at - size : at]
        yield Tapped(channel, arrived_ns, payload_type, sequence, timestamp, ssrc, payload)


def write_tapped(packet: Tapped) -> bytes:
    """Return a packet as it stands in a tap."""
    return (
        _HEAD.pack(
            packet.arrived_ns,
            packet.timestamp,
            packet.ssrc,
            packet.sequence,
            len(packet.payload),
            packet.payload_type,
            packet.channel,
        )
        + packet.payload
    )
