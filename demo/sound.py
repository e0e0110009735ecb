"""What was heard, without a recogniser: ringback and nothing else, or speech."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

from b2bua.media._relay import ulaw_decode
from demo.rtp import FRAME, Packet
from tests.support.listening import RATE, tone_level

RINGBACK = (440, 480)  # Hz, in the United States
TENTH = RATE // 10  # samples
QUIET = 50  # root mean square of samples, below which nothing is heard
PURE = 0.9  # share of the power that must be in the tones: a ring fades in and out
SLOW, QUICK = 800, 2500  # zero crossings a second


def is_only_ringback(packets: Sequence[Packet]) -> bool:
    """Tell whether every tenth of a second is ringback or silence, and ringback is among them."""
    tenths = [samples for samples in _pieces(packets, TENTH) if _level(samples) > QUIET]
    return bool(tenths) and all(_ringback_share(samples) > PURE for samples in tenths)


def spoken_seconds(packets: Sequence[Packet]) -> float:
    """Return for how long something is heard that has both vowels and consonants; else 0.

    The voiced sounds of speech cross zero slowly, its hisses quickly; a tone has one pace.
    """
    frames = [samples for samples in _pieces(packets, FRAME) if _level(samples) > QUIET]
    paces = [_crossings(samples) for samples in frames]
    is_speech = any(pace < SLOW for pace in paces) and any(pace > QUICK for pace in paces)
    return len(frames) * FRAME / RATE if is_speech else 0.0


def _pieces(packets: Sequence[Packet], size: int) -> Iterator[array[int]]:
    samples = array("h", ulaw_decode(b"".join(packet.payload for packet in packets)))
    for at in range(0, len(samples) - size + 1, size):
        yield samples[at : at + size]


def _level(samples: array[int]) -> float:
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def _ringback_share(samples: array[int]) -> float:
    tones = sum(tone_level(samples.tobytes(), each) ** 2 / 2 for each in RINGBACK)
    return tones / _level(samples) ** 2


def _crossings(samples: array[int]) -> float:
    """Return how often a second the sign changes."""
    return sum((a < 0) != (b < 0) for a, b in pairwise(samples)) * RATE / len(samples)
