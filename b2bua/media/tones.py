"""The tones of a telephone network as 16-bit PCM, 8,000 Hz mono: ringback, busy, errors, DTMF.

Frequencies and cadences are the national ones that ITU-T collects under E.180 ("Various tones used
in national networks").  A cadence is a whole period: played in a loop it goes on as it should.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from functools import cache

RATE = 8000
SAMPLE_BYTES = 2

# 0 dBm0 is a sine 3.17 dB below full scale (G.711 table 5).
_ZERO_DBM0_PEAK = 32767 * 10 ** (-3.17 / 20)
_CALL_PROGRESS_DBM0 = -16.0  # each frequency; E.180 section 4: 0 to -15 in all, better quieter
_DTMF_DBM0 = (-9.0, -7.0)  # the low group and the high one, 2 dB louder (Q.23 section 6)
_MODULATION_DEPTH = 0.9
_COMFORT_DBM0 = -50.0
_COMFORT_SECONDS = 2
_RAMP_SECONDS = 0.004  # a tone that begins at once clicks
_PRESS_SECONDS = 0.1
_PAUSES = {"w": 0.5, "W": 1.0}


@dataclass(frozen=True, slots=True)
class Sound:
    """Frequencies in Hz that sound together; `modulation` is what they swell and fade with."""

    frequencies: tuple[float, ...]
    modulation: float = 0.0


@dataclass(frozen=True, slots=True)
class Beat:
    """A sound for `seconds`, or silence (None)."""

    seconds: float
    sound: Sound | None = None


Cadence = tuple[Beat, ...]


def _once(on: float, off: float, *frequencies: float, modulation: float = 0.0) -> Cadence:
    return (Beat(on, Sound(frequencies, modulation)), Beat(off))


def _twice(*frequencies: float, modulation: float = 0.0) -> Cadence:
    """Return the double ring of the British tradition."""
    sound = Sound(frequencies, modulation)
    return (Beat(0.4, sound), Beat(0.2), Beat(0.4, sound), Beat(2.0))


_EUROPEAN = _once(1, 4, 425)

RINGBACK: dict[str, Cadence] = {
    "at": _once(1, 5, 420),
    "au": _twice(413, 438),
    "be": _once(1, 3, 425),
    "bg": _EUROPEAN,
    "br": _EUROPEAN,
    "ch": _EUROPEAN,
    "cl": _once(1, 3, 400),
    "cn": _once(1, 4, 450),
    "cz": _EUROPEAN,
    "de": _EUROPEAN,
    "dk": _EUROPEAN,
    "ee": _EUROPEAN,
    "es": _once(1.5, 3, 425),
    "fi": _EUROPEAN,
    "fr": _once(1.5, 3.5, 440),
    "gr": _EUROPEAN,
    "hu": _once(1.25, 3.75, 425),
    "il": _once(1, 3, 400),
    "in": _twice(400, modulation=25),
    "it": _EUROPEAN,
    "jp": _once(1, 2, 400, modulation=16),
    "lt": _EUROPEAN,
    "mx": _EUROPEAN,
    "my": _twice(425),
    "nl": _EUROPEAN,
    "no": _EUROPEAN,
    "nz": _twice(400, 450),
    "ph": _once(1, 4, 425, 480),
    "pl": _EUROPEAN,
    "pt": _once(1, 5, 425),
    "ru": _EUROPEAN,
    "se": _once(1, 5, 425),
    "sg": _twice(425, modulation=24),
    "th": _once(1, 4, 400),
    "tw": _once(1, 2, 440, 480),
    "uk": _twice(400, 450),
    "us": _once(2, 4, 440, 480),
    "us-old": _once(2, 4, 420, modulation=40),
    "ve": _EUROPEAN,
    "za": _twice(400, modulation=33),
}
DEFAULT_COUNTRY = "us"

BUSY: dict[str, Cadence] = {
    "uk": _once(0.375, 0.375, 400),
    "us": _once(0.5, 0.5, 480, 620),
}
_EUROPEAN_BUSY = _once(0.5, 0.5, 425)

# E.180 section 5.4: the special information tone, and E.180 section 7.2: its pause
_SPECIAL_INFORMATION: Cadence = (
    Beat(0.33, Sound((950,))),
    Beat(0.33, Sound((1400,))),
    Beat(0.33, Sound((1800,))),
    Beat(0.5),
)

_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYPAD = ("123A", "456B", "789C", "*0#D")
DTMF: dict[str, tuple[int, int]] = {
    key: (low, high)
    for low, keys in zip(_ROWS, _KEYPAD, strict=True)
    for high, key in zip(_COLUMNS, keys, strict=True)
}


@cache
def ringback(country: str = DEFAULT_COUNTRY) -> bytes:
    """Return one period of what a caller in `country` (rcml `ringTone`) hears while it rings.

    A country that is not in `RINGBACK` rings as in the United States.
    """
    return play(RINGBACK.get(country.lower(), RINGBACK[DEFAULT_COUNTRY]))


@cache
def busy(country: str = DEFAULT_COUNTRY) -> bytes:
    """Return one period of busy tone."""
    return play(BUSY.get(country.lower(), _EUROPEAN_BUSY))


@cache
def error_tone() -> bytes:
    """Return the special information tone: three rising ones, and half a second of silence."""
    return play(_SPECIAL_INFORMATION)


@cache
def comfort_noise() -> bytes:
    """Return soft white noise that can be looped: a line with nothing on it that is not dead."""
    peak = _ZERO_DBM0_PEAK / math.sqrt(2) * 10 ** (_COMFORT_DBM0 / 20) * math.sqrt(3)
    state, samples = 1, []
    for _ in range(_COMFORT_SECONDS * RATE):
        state = (1_103_515_245 * state + 12_345) & 0x7FFF_FFFF  # that of ISO C, the same each time
        samples.append(peak * (state / 0x4000_0000 - 1))
    return _pcm(samples)


def silence(seconds: float) -> bytes:
    """Return nothing to be heard, for `seconds`."""
    return bytes(SAMPLE_BYTES * round(seconds * RATE))


def dtmf(digits: str) -> bytes:
    """Return keys as they sound, 0.1 s each and 0.1 s between; `w` waits 0.5 s and `W` 1 s.

    Raises:
        ValueError: something else than `0-9A-D*#wW`.
    """
    return b"".join(_press(key) for key in digits)


def play(cadence: Cadence) -> bytes:
    """Return `cadence` as PCM, once."""
    return b"".join(
        silence(beat.seconds)
        if beat.sound is None
        else _tone(
            beat.sound.frequencies,
            (_CALL_PROGRESS_DBM0,) * len(beat.sound.frequencies),
            beat.seconds,
            beat.sound.modulation,
        )
        for beat in cadence
    )


def _press(key: str) -> bytes:
    if key in _PAUSES:
        return silence(_PAUSES[key])
    if key not in DTMF:
        raise ValueError(f"not a key: {key!a}")
    return _tone(DTMF[key], _DTMF_DBM0, _PRESS_SECONDS) + silence(_PRESS_SECONDS)


def _tone(
    frequencies: tuple[float, ...],
    levels_dbm0: tuple[float, ...],
    seconds: float,
    modulation: float = 0.0,
) -> bytes:
    count = round(seconds * RATE)
    samples = [0.0] * count
    for frequency, level in zip(frequencies, levels_dbm0, strict=True):
        peak, step = _ZERO_DBM0_PEAK * 10 ** (level / 20), 2 * math.pi * frequency / RATE
        samples = [s + peak * math.sin(step * at) for at, s in enumerate(samples)]
    if modulation:
        step = 2 * math.pi * modulation / RATE
        samples = [
            s * (1 + _MODULATION_DEPTH * math.sin(step * at)) for at, s in enumerate(samples)
        ]
    return _pcm(_ramped(samples))


def _ramped(samples: list[float]) -> list[float]:
    ramp = round(_RAMP_SECONDS * RATE)
    for at in range(min(ramp, len(samples) // 2)):
        samples[at] *= at / ramp
        samples[-1 - at] *= at / ramp
    return samples


def _pcm(samples: list[float]) -> bytes:
    return array("h", (round(sample) for sample in samples)).tobytes()
