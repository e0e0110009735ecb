"""One side of a conversation on a time line: packets by RTP timestamp, silence where none came.

The first packet of a stream is placed by its arrival, so that the two sides of a recording fit
together; those after it by their timestamps, so that jitter and another order do no harm.  When the
two clocks say things that are too far apart (another SSRC, a jump, a peer whose timestamps mean
nothing), arrival is believed again: no timestamp makes a recording longer than it lasted.
"""

from __future__ import annotations

from b2bua.media.tapped import Tapped
from b2bua.media.tones import RATE, SAMPLE_BYTES

APART = RATE // 2
"""How many samples a packet may be away from where its arrival puts it."""

_SAMPLE_NS = 1_000_000_000 // RATE
_WRAP = 2**32


class Track:
    """Samples of one side, from `began_ns` (monotonic) on; those before `at` have been taken.

    `late` counts packets that came after their place had been taken.
    """

    def __init__(self, began_ns: int) -> None:
        self.at = 0
        self.late = 0
        self._began_ns = began_ns
        self._pcm = bytearray()
        self._ssrc: int | None = None
        self._timestamp = 0
        self._anchor = 0

    def place_of(self, arrived_ns: int) -> int:
        """Return the sample of a moment."""
        return max(0, (arrived_ns - self._began_ns) // _SAMPLE_NS)

    def put(self, packet: Tapped, pcm: bytes) -> None:
        """Place what `packet` carried; it may be heard over what was there."""
        start = self._place(packet) - self.at
        if start < 0:
            pcm = pcm[-start * SAMPLE_BYTES :]
            start = 0
            if not pcm:
                self.late += 1
                return
        first = start * SAMPLE_BYTES
        if first > len(self._pcm):
            self._pcm += bytes(first - len(self._pcm))
        self._pcm[first : first + len(pcm)] = pcm

    def take(self, count: int) -> bytes:
        """Return the next `count` samples."""
        size = count * SAMPLE_BYTES
        taken = bytes(self._pcm[:size])
        del self._pcm[:size]
        self.at += count
        return taken + bytes(size - len(taken))

    def _place(self, packet: Tapped) -> int:
        arrival = self.place_of(packet.arrived_ns)
        if packet.ssrc == self._ssrc:
            place = self._anchor + _signed(packet.timestamp - self._timestamp)
            if abs(place - arrival) <= APART:
                return place
        self._ssrc, self._timestamp, self._anchor = packet.ssrc, packet.timestamp, arrival
        return arrival


def _signed(difference: int) -> int:
    """Return a difference of timestamps, which wrap (RFC 3550 section 5.1), as it is meant."""
    return (difference + _WRAP // 2) % _WRAP - _WRAP // 2
