"""Tones are the frequencies, the times and the loudness that networks agree on."""

from __future__ import annotations

from array import array

import pytest

from b2bua.media import tones
from b2bua.media._relay import ulaw_encode
from b2bua.media.tones import (
    DTMF,
    RATE,
    RINGBACK,
    busy,
    comfort_noise,
    dtmf,
    error_tone,
    ringback,
    silence,
)
from tests.support.listening import is_ringback, tone_level

LISTED = """at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl
pt ru se sg th uk us us-old tw ve za"""
COUNTRIES = LISTED.split()


def seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / RATE


def between(pcm: bytes, start: float, end: float) -> bytes:
    return pcm[2 * round(start * RATE) : 2 * round(end * RATE)]


def peak(pcm: bytes) -> int:
    samples = array("h", pcm)
    return max(map(abs, samples))


def test_every_country_of_the_dial_verb_has_its_ringback() -> None:
    assert sorted(RINGBACK) == sorted(COUNTRIES)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_ringback_has_its_frequencies_at_its_times_and_silence_between(country: str) -> None:
    pcm, at = ringback(country), 0.0
    for beat in RINGBACK[country]:
        part = between(pcm, at, at + beat.seconds)
        at += beat.seconds
        if beat.sound is None:
            assert peak(part) == 0
            continue
        for frequency in beat.sound.frequencies:
            assert tone_level(part, frequency) > 2500
        assert tone_level(part, 1000) < 100
    assert seconds(pcm) == pytest.approx(at)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_ringback_is_neither_too_loud_nor_lost(country: str) -> None:
    assert 3000 < peak(ringback(country)) < 8000


def test_ringback_in_america_is_two_seconds_in_six_and_double_in_britain() -> None:
    assert [beat.seconds for beat in RINGBACK["us"]] == [2, 4]
    assert [beat.seconds for beat in RINGBACK["uk"]] == [0.4, 0.2, 0.4, 2.0]


def test_a_country_we_do_not_know_rings_as_in_america() -> None:
    assert ringback("xx") == ringback("us") == ringback("US") == ringback()


def test_a_period_is_whole_packets_so_that_a_loop_stays_in_time() -> None:
    for country in COUNTRIES:
        assert len(ringback(country)) % 320 == 0, country


def test_busy_is_half_a_second_on_and_off() -> None:
    pcm = busy("us")
    assert seconds(pcm) == 1.0
    assert tone_level(between(pcm, 0, 0.5), 480) > 2500
    assert tone_level(between(pcm, 0, 0.5), 620) > 2500
    assert peak(between(pcm, 0.5, 1)) == 0
    assert tone_level(between(busy("de"), 0, 0.5), 425) > 2500


def test_an_error_is_three_rising_tones() -> None:
    pcm = error_tone()
    for at, frequency in ((0.0, 950), (0.33, 1400), (0.66, 1800)):
        part = between(pcm, at, at + 0.33)
        others = {950, 1400, 1800} - {frequency}
        assert tone_level(part, frequency) > 2500
        assert all(tone_level(part, other) < 100 for other in others)
    assert peak(between(pcm, 0.99, 1.49)) == 0


@pytest.mark.parametrize("key", "0123456789ABCD*#")
def test_a_key_is_its_two_frequencies_and_no_other(key: str) -> None:
    pcm = dtmf(key)
    pressed = between(pcm, 0, 0.1)
    heard = {f for pair in DTMF.values() for f in pair if tone_level(pressed, f) > 6000}
    assert heard == set(DTMF[key])
    assert seconds(pcm) == 0.2
    assert peak(between(pcm, 0.1, 0.2)) == 0
    assert peak(pcm) < 32767


def test_pauses_between_keys_are_as_long_as_they_say() -> None:
    assert seconds(dtmf("1wW2")) == 0.2 + 0.5 + 1.0 + 0.2


@pytest.mark.parametrize("digits", ["x", "1 2", "a", "٣", "\x00"])
def test_what_is_no_key_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        dtmf(digits)


def test_silence_is_as_long_as_asked() -> None:
    assert silence(1.5) == bytes(24000)
    assert silence(0) == b""


def test_a_tone_begins_and_ends_without_a_click() -> None:
    pressed = array("h", between(dtmf("5"), 0, 0.1))
    assert pressed[0] == pressed[-1] == 0
    assert max(abs(sample) for sample in pressed[:4]) < 2000


def test_the_keypad_is_that_of_q_23() -> None:
    assert (tones.DTMF["1"], tones.DTMF["0"], tones.DTMF["D"]) == (
        (697, 1209),
        (941, 1336),
        (941, 1633),
    )


def test_a_listener_knows_ringback_from_other_sounds() -> None:
    assert is_ringback(ulaw_encode(ringback("us")))
    assert is_ringback(ulaw_encode(ringback("de")), 425)
    for other in (error_tone(), busy("us"), dtmf("159"), silence(1.0), ringback("de")):
        assert not is_ringback(ulaw_encode(other))


def test_comfort_noise_is_soft_without_a_tone_and_without_a_gap() -> None:
    pcm = comfort_noise()
    assert seconds(pcm) == 2
    assert 40 <= peak(pcm) <= 120  # 0 dBm0 peaks at 22,745
    quietest = min(peak(between(pcm, at / 50, at / 50 + 0.02)) for at in range(100))
    assert quietest > peak(pcm) / 2
    loudest = max(tone_level(pcm, frequency) for frequency in range(100, 3_900, 50))
    assert loudest < 0.1 * tone_level(ringback(), 440)
