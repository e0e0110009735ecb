"""The rules of the RTP relay once more, in Python: what a packet is, who is heard, which key.

Written from RFC 3550, RFC 4733 and the limits alone, so that the relay in C has a second opinion.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from b2bua.media.interfaces import Aim

Address = tuple[str, int]
KEYS = "0123456789*#ABCD"
LONGEST_TICKS = 8 * 8000
GAP = 0.2
PROBATION = 4
MOST_BYTES = 1500


@dataclass(frozen=True, slots=True)
class Header:
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def read_rtp(packet: bytes) -> Header | None:
    if not 12 <= len(packet) <= MOST_BYTES or packet[0] >> 6 != 2 or 192 <= packet[1] <= 223:
        return None
    _, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    at = 12 + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        if at + 4 > len(packet):
            return None
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
    if at > len(packet):
        return None
    end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
    payload = packet[at : max(at, end)]
    return Header(second > 127, second & 127, sequence, timestamp, ssrc, payload)


def is_rtcp(packet: bytes) -> bool:
    if not 8 <= len(packet) <= MOST_BYTES or not _begins_rtcp(packet):
        return False
    while _begins_rtcp(packet):
        size = 4 + 4 * int.from_bytes(packet[2:4], "big")
        if size > len(packet):
            return False
        packet = packet[size:]
    return True


def _begins_rtcp(packet: bytes) -> bool:
    return len(packet) >= 4 and packet[0] >> 6 == 2 and 192 <= packet[1] <= 223


class Source:
    """Who is heard, and where to send."""

    def __init__(self, aim: Aim) -> None:
        self._nat = aim.nat
        usable = aim.port != 0 and aim.address not in {"0.0.0.0", "::"}
        self._signalled = (aim.address, aim.port) if usable else None
        has_rtcp = usable and aim.rtcp_port != 0
        self._signalled_rtcp = (aim.address, aim.rtcp_port) if has_rtcp else None
        self.remote, self.rtcp_remote = self._signalled, self._signalled_rtcp
        self._lives = self._moved = False
        self._trial: tuple[Address, int, int] | None = None
        self._next = self._count = 0

    def accepts(self, sender: Address, header: Header | None) -> bool:
        if self._signalled is None:
            return False
        if sender == self._signalled:
            if not self._lives:
                self._lives, self._moved = True, False
                self.remote, self.rtcp_remote = self._signalled, self._signalled_rtcp
            return True
        if self._moved:
            return sender == self.remote
        if not self._nat or self._lives or not self._passes_trial(sender, header):
            return False
        self._moved, self.remote, self.rtcp_remote = True, sender, None
        return True

    def accepts_rtcp(self, sender: Address) -> bool:
        if sender == self.rtcp_remote:
            return True
        hears_anew = self._moved and self.rtcp_remote is None and self.remote is not None
        if not hears_anew or self.remote is None or sender[0] != self.remote[0]:
            return False
        self.rtcp_remote = sender
        return True

    def _passes_trial(self, sender: Address, header: Header | None) -> bool:
        trial = (sender, header.ssrc, header.payload_type) if header else (sender, 0, 0)
        sequence = header.sequence if header else self._next
        if trial != self._trial or sequence != self._next:
            self._trial, self._count = trial, 0
        self._next = (sequence + 1) & 0xFFFF if header else self._next
        self._count += 1
        return self._count >= PROBATION


@dataclass(slots=True)
class Keys:
    """Telephone-events, heard packet by packet; what is pressed is told once."""

    ssrc: int | None = None
    code: int = 0
    timestamp: int = 0
    before: int = 0
    duration: int = 0
    told: bool = True
    begun: float = 0.0
    heard: float = 0.0
    recent: list[float] = field(default_factory=list)
    kept: tuple[int, int] | None = None  # SSRC and timestamp of a press that is not for the peer

    def keep(self) -> None:
        if self.ssrc is not None:
            self.kept = self.ssrc, self.timestamp

    def is_kept(self, header: Header) -> bool:
        if self.kept is None or self.kept[0] != header.ssrc:
            return False
        return (self.kept[1] - header.timestamp) & 0xFFFFFFFF <= 2 * LONGEST_TICKS

    def hear(self, header: Header, now: float) -> list[tuple[str, int]]:
        code, flags, duration = struct.unpack_from("!BBH", header.payload)
        same = self.ssrc == header.ssrc
        if code >= len(KEYS) or (same and self._is_late(header.timestamp)):
            return []
        told: list[tuple[str, int]] = []
        if same and self._continues(code, header.timestamp):
            self.before, self.duration = self.before + self.duration, 0
            if self.kept == (self.ssrc, self.timestamp):
                self.kept = header.ssrc, header.timestamp
            self.timestamp = header.timestamp
        elif not same or self.timestamp != header.timestamp:
            told += self._tell(now)
            self.ssrc, self.code, self.timestamp = header.ssrc, code, header.timestamp
            self.before = self.duration = 0
            self.told, self.begun = False, now
        self.heard, self.duration = now, max(self.duration, duration)
        long = self.before + self.duration >= LONGEST_TICKS or now - self.begun >= 8
        return told + (self._tell(now) if flags & 0x80 or long else [])

    def expire(self, now: float) -> list[tuple[str, int]]:
        return self._tell(now) if now - self.heard >= GAP else []

    def _is_late(self, timestamp: int) -> bool:
        return 0 < (self.timestamp - timestamp) & 0xFFFFFFFF <= 2 * LONGEST_TICKS

    def _continues(self, code: int, timestamp: int) -> bool:
        goes_on = (self.timestamp + 0xFFFF) & 0xFFFFFFFF == timestamp
        return self.code == code and self.duration == 0xFFFF and goes_on

    def _tell(self, now: float) -> list[tuple[str, int]]:
        if self.told:
            return []
        self.told = True
        self.recent = [when for when in self.recent if now - when < 1.0]
        if len(self.recent) >= 20:
            return []
        self.recent.append(now)
        return [(KEYS[self.code], min(self.before + self.duration, LONGEST_TICKS) // 8)]
