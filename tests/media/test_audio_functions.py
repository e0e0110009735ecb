"""The C functions for whole recordings, seen from Python."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import pytest

from b2bua.media import _relay
from tests.media.sounds import sine
from tests.support.listening import tone_level

Law = tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]
LAWS: dict[str, Law] = {
    "mu": (_relay.ulaw_encode, _relay.ulaw_decode),
    "A": (_relay.alaw_encode, _relay.alaw_decode),
}


@pytest.mark.parametrize("law", LAWS)
def test_g711_keeps_a_tone_nearly_as_it_was(law: str) -> None:
    encode, decode = LAWS[law]
    pcm = sine(1000)
    heard = decode(encode(pcm))
    assert tone_level(heard, 1000) == pytest.approx(10000, rel=0.01)
    noise = [a - b for a, b in zip(array("h", heard), array("h", pcm), strict=True)]
    power = sum(n * n for n in noise) / len(noise)
    assert power < 10000**2 / 2 / 10**3.5  # 35 dB below: G.712 asks for 33


@pytest.mark.parametrize("law", LAWS)
def test_every_octet_is_decoded_and_encoded_to_itself(law: str) -> None:
    encode, decode = LAWS[law]
    octets = bytes(range(256))
    again = encode(decode(octets))
    assert [a for a, b in zip(octets, again, strict=True) if a != b] in ([], [0x7F])


def test_silence_is_what_the_laws_say() -> None:
    assert _relay.ulaw_encode(bytes(4)) == b"\xff\xff"
    assert _relay.alaw_encode(bytes(4)) == b"\xd5\xd5"


@pytest.mark.parametrize("rate", [16000, 22050, 32000, 44100, 48000])
def test_a_6_khz_tone_does_not_fold_into_the_voice(rate: int) -> None:
    """6 kHz would be heard at 2 kHz; it must be 60 dB down at least."""
    heard = _relay.resample(sine(6000, 1, rate), rate)
    assert tone_level(heard[1600:-1600], 2000) < 10000 / 1000


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_the_voice_band_is_kept_and_so_is_the_duration(rate: int) -> None:
    heard = _relay.resample(sine(3000, 1, rate), rate)
    assert len(heard) == 16000
    assert tone_level(heard[1600:-1600], 3000) == pytest.approx(10000, rel=0.01)


def test_level_is_the_peak_and_the_loudness_of_what_is_not_a_pause() -> None:
    peak, active = _relay.level(sine(1000) + bytes(16000))
    assert peak == 10000
    assert active == pytest.approx(7071, rel=0.01)
    assert _relay.level(b"") == (0, 0.0)


def test_what_is_amplified_too_much_is_clipped() -> None:
    assert array("h", _relay.amplify(array("h", [20000, -20000]).tobytes(), 2.0)).tolist() == [
        32767,
        -32768,
    ]


@pytest.mark.parametrize(
    "call",
    [
        lambda: _relay.ulaw_encode(b"odd"),
        lambda: _relay.alaw_encode(b"odd"),
        lambda: _relay.resample(b"odd", 8000),
        lambda: _relay.level(b"odd"),
        lambda: _relay.amplify(b"odd", 1.0),
        lambda: _relay.resample(b"", 3999),
        lambda: _relay.resample(b"", 192001),
        lambda: _relay.resample(b"", 0),
    ],
)
def test_half_samples_and_unknown_rates_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"16-bit samples|rate"):
        call()


def test_two_voices_are_added_and_clipped() -> None:
    a, b = array("h", [1, 32_767, -32_768]), array("h", [2, 1, -1])
    assert array("h", _relay.mix(a.tobytes(), b.tobytes())).tolist() == [3, 32_767, -32_768]
    with pytest.raises(ValueError, match="as many"):
        _relay.mix(a.tobytes(), b.tobytes()[2:])
