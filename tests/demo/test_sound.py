"""The demo's ears: ringback is told from what leaks into it, speech from tones."""

from __future__ import annotations

import math
import shutil
import subprocess
import wave
from array import array
from pathlib import Path

import pytest

from b2bua.media import tones
from b2bua.media._relay import resample, ulaw_encode
from demo.cast import WORDS
from demo.rtp import FRAME, PCMU, Packet
from demo.sound import is_only_ringback, spoken_seconds

RING = tones.ringback()


def packets(pcm: bytes) -> list[Packet]:
    octets = ulaw_encode(pcm)
    pieces = [octets[at : at + FRAME] for at in range(0, len(octets) - FRAME + 1, FRAME)]
    return [Packet(0.0, ("", 0), PCMU, at, 0, 0, piece) for at, piece in enumerate(pieces)]


def mixed(a: bytes, b: bytes, at: float) -> bytes:
    samples = array("h", a)
    for place, sample in enumerate(array("h", b), round(at * tones.RATE)):
        samples[place] = max(-32768, min(32767, samples[place] + sample))
    return samples.tobytes()


def hum(amplitude: int) -> bytes:
    return array("h", [round(amplitude * math.sin(at)) for at in range(1600)]).tobytes()


def test_ringback_is_only_ringback() -> None:
    assert is_only_ringback(packets(RING + RING))


def test_silence_is_no_ringback() -> None:
    assert not is_only_ringback(packets(tones.silence(4)))
    assert not is_only_ringback([])


@pytest.mark.parametrize("at", [0.5, 3.0], ids=["under a ring", "between two rings"])
@pytest.mark.parametrize("amplitude", [2500, 8000])
def test_what_leaks_into_ringback_is_noticed(at: float, amplitude: int) -> None:
    assert not is_only_ringback(packets(mixed(RING, hum(amplitude), at)))


@pytest.mark.parametrize(
    "pcm", [RING, tones.busy(), tones.error_tone(), tones.dtmf("147*D"), tones.silence(2), b""]
)
def test_tones_are_not_speech(pcm: bytes) -> None:
    assert spoken_seconds(packets(pcm)) == 0


@pytest.mark.real
@pytest.mark.parametrize("engine", ["flite -voice rms -o {} -t", "espeak-ng -w {}"])
def test_what_an_engine_says_is_speech(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    command = engine.format(path).split()
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run([*command, WORDS], check=True, timeout=20)
    with wave.open(str(path)) as said:
        pcm = resample(said.readframes(said.getnframes()), said.getframerate())
    assert 1 < spoken_seconds(packets(pcm)) < 5
