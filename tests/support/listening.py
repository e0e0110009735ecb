"""Ears for tests: what is said in an audio stream, and which tones are in it.

`words_in` is a recogniser of its own make (pocketsphinx with the model that its wheel ships), so it
knows nothing of how the words were spoken.
"""

from __future__ import annotations

import math
from array import array
from functools import cache
from operator import mul
from typing import Any

from b2bua.media._relay import ulaw_decode

RATE = 8000
MODEL_RATE = 16000  # the shipped model is for 16 kHz
RINGBACK_LEVEL = 1000


def words_in(ulaw: bytes) -> set[str]:
    """Return the words, in lower case, that are heard in G.711 mu-law octets.

    Free dictation over a telephone line: about one word in ten is misheard, so look for a few of
    those that were said, and for none of those that were not.
    """
    recogniser = _recogniser()
    recogniser.start_utt()
    recogniser.process_raw(_at_model_rate(ulaw_decode(ulaw)), full_utt=True)
    recogniser.end_utt()
    heard = recogniser.hyp()
    return set(heard.hypstr.lower().split()) if heard is not None else set()


def tone_level(pcm: bytes, frequency: float) -> float:
    """Return the amplitude of `frequency` (Hz) in 8 kHz 16-bit PCM, by Goertzel's recurrence."""
    samples = array("h", pcm)
    if not samples:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * math.sqrt(max(power, 0.0)) / len(samples)


def is_ringback(ulaw: bytes, *frequencies: float) -> bool:
    """Whether a tenth of a second of `ulaw` is ringback: 440 and 480 Hz unless told otherwise."""
    pcm = ulaw_decode(ulaw)
    wanted = frequencies or (440, 480)
    tenth = 2 * RATE // 10
    return any(
        all(tone_level(pcm[at : at + tenth], f) > RINGBACK_LEVEL for f in wanted)
        and tone_level(pcm[at : at + tenth], 1000) < RINGBACK_LEVEL / 4
        for at in range(0, len(pcm) - tenth + 1, tenth)
    )


@cache
def _recogniser() -> Any:
    from pocketsphinx import Decoder  # noqa: PLC0415 - it is large, and few tests listen

    return Decoder(samprate=MODEL_RATE, loglevel="FATAL")


_TAPS = 24


@cache
def _half_sample() -> list[float]:
    """Return the filter that finds the value halfway between two samples: a windowed sinc."""
    places = [at - _TAPS + 0.5 for at in range(2 * _TAPS)]
    return [
        math.sin(math.pi * p) / (math.pi * p) * math.cos(math.pi * p / (2 * _TAPS)) ** 2
        for p in places
    ]


def _at_model_rate(pcm: bytes) -> bytes:
    samples = array("h", bytes(2 * _TAPS) + pcm + bytes(2 * _TAPS))
    out = array("h")
    taps = _half_sample()
    for at in range(_TAPS, len(samples) - _TAPS):
        window = samples[at - _TAPS + 1 : at + _TAPS + 1]
        halfway = sum(map(mul, taps, window))
        out.append(samples[at])
        out.append(max(-32768, min(32767, round(halfway))))
    return out.tobytes()
