"""What was heard, without a recogniser: ringback and nothing else, or speech."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

from b2bua.media._relay import ulaw_decode
from demo.rtp import FRAME, Packet
from tests.support.listening import RATE, tone_level

RINGBACK = (440, 480)  # Hz, at rest for 4 s of every 6 s, in the United States
TENTH = RATE // 10  # samples
QUIET = 50  # root mean square of samples, below which nothing is heard
PURE = 0.9  # share of the power that must be in the tones; the ends of a ring fade in and out


def is_only_ringback(packets: Sequence[Packet]) -> bool:
    """Tell whether every tenth of a second is ringback or silence, and ringback is among them."""
    loud = [samples for samples in _tenths(packets) if _level(samples) > QUIET]
    return bool(loud) and all(_ringback_share(samples) > PURE for samples in loud)


def spoken_seconds(packets: Sequence[Packet]) -> float:
    """Return for how long something is heard that has both vowels and consonants; else 0.

    The voiced sounds of speech cross zero slowly, its hisses quickly; a tone has one pace.
    """
    loud = [samples for samples in _tenths(packets) if _level(samples) > QUIET]
    paces = [_crossings(samples) for samples in loud]
    is_speech = any(pace < 800 for pace in paces) and any(pace > 2500 for pace in paces)
    return len(loud) * TENTH / RATE if is_speech else 0.0


def _tenths(packets: Sequence[Packet]) -> Iterator[array[int]]:
    samples = array("h", ulaw_decode(b"".join(packet.payload for packet in packets)))
    for at in range(0, len(packets) * FRAME - TENTH + 1, TENTH):
        yield samples[at : at + TENTH]


def _level(samples: array[int]) -> float:
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def _ringback_share(samples: array[int]) -> float:
    tones = sum(tone_level(samples.tobytes(), each) ** 2 / 2 for each in RINGBACK)
    return tones / _level(samples) ** 2


def _crossings(samples: array[int]) -> float:
    """Return how often a second the sign changes."""
    changes = sum((a < 0) != (b < 0) for a, b in pairwise(samples))
    return changes * RATE / len(samples)
