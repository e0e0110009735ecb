"""What a stream says by itself, as a plain generator of packets, one for each 20 ms or None."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator

from b2bua.media.interfaces import Aim
from tests.support.pure_rtp import KEYS

FRAME = 160
PRESSED, ENDS, DIGIT = 5, 3, 10
PAUSES = {"w": 25, "W": 50}
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PAD = ("123A", "456B", "789C", "*0#D")


class Voice:
    """The SSRC, sequence numbers and timestamps of one stream."""

    def __init__(self) -> None:
        numbers = random.SystemRandom()
        self._ssrc = numbers.getrandbits(32)
        self._sequence = numbers.getrandbits(16)
        self._timestamp = numbers.getrandbits(32)
        self._marker = False

    def prompt(self, aim: Aim, payload: bytes, loop: bool) -> Iterator[bytes | None]:
        self._marker = True
        if loop and payload:
            at = 0
            while True:
                frame = bytes(payload[(at + i) % len(payload)] for i in range(FRAME))
                yield self._audio(aim, frame)
                at += FRAME
        for at in range(0, len(payload), FRAME):
            frame = payload[at : at + FRAME]
            yield self._audio(aim, frame + _silence(aim) * (FRAME - len(frame)))

    def digits(self, aim: Aim, digits: str) -> Iterator[bytes | None]:
        self._marker = True
        for digit in digits:
            start = self._timestamp
            for frame in range(PAUSES.get(digit, DIGIT)):
                if aim.event_type < 0:
                    yield self._audio(aim, _tone(aim, digit, frame))
                else:
                    yield self._event(aim, digit, frame, start)

    def wait(self, frames: int) -> None:
        self._timestamp = (self._timestamp + frames * FRAME) & 0xFFFFFFFF

    def _audio(self, aim: Aim, frame: bytes) -> bytes:
        packet = self._packet(aim.payload_type, self._timestamp, frame)
        self.wait(1)
        return packet

    def _event(self, aim: Aim, digit: str, frame: int, start: int) -> bytes | None:
        self.wait(1)
        if digit not in KEYS or frame >= PRESSED + ENDS:
            return None
        self._marker = frame == 0
        end = 0x80 if frame >= PRESSED else 0
        duration = min(frame + 1, PRESSED) * FRAME
        payload = struct.pack("!BBH", KEYS.index(digit), end | 10, duration)
        return self._packet(aim.event_type, start, payload)

    def _packet(self, payload_type: int, timestamp: int, payload: bytes) -> bytes:
        second = payload_type | (0x80 if self._marker else 0)
        header = struct.pack("!BBHII", 0x80, second, self._sequence, timestamp, self._ssrc)
        self._marker = False
        self._sequence = (self._sequence + 1) & 0xFFFF
        return header + payload


def _silence(aim: Aim) -> bytes:
    return b"\xd5" if aim.payload_type == 8 else b"\xff"


def _tone(aim: Aim, digit: str, frame: int) -> bytes:
    if digit not in KEYS or frame >= PRESSED:
        return _silence(aim) * FRAME
    row = next(i for i, keys in enumerate(PAD) if digit in keys)
    hertz = LOW[row], HIGH[PAD[row].index(digit)]
    times = [i / 8000 for i in range(frame * FRAME, (frame + 1) * FRAME)]
    waves = [sum(math.sin(2 * math.pi * f * t) for f in hertz) * 9000 for t in times]
    encode = _a_law if aim.payload_type == 8 else _mu_law
    return bytes(encode(round(wave)) for wave in waves)


def _mu_law(sample: int) -> int:
    size = min(abs(sample), 32635) + 132
    exponent = size.bit_length() - 8
    octet = exponent << 4 | (size >> (exponent + 3)) & 15
    return ~(octet | (0x80 if sample < 0 else 0)) & 0xFF


def _a_law(sample: int) -> int:
    size = min(abs(sample), 32767) >> 4
    exponent = max(size.bit_length() - 4, 0)
    mantissa = size & 15 if exponent < 2 else (size >> (exponent - 1)) & 15
    octet = exponent << 4 | mantissa
    return (octet | (0 if sample < 0 else 0x80)) ^ 0x55
