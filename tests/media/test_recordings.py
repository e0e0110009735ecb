"""Audio files are known by their content, bounded, and decoded without aliases."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.media import _relay
from b2bua.media.recordings import (
    Kind,
    RecordingError,
    RecordingLimits,
    decode,
    kind_of,
    wav,
)
from tests.media.sounds import g711_wav, sine, sine_wav
from tests.support.listening import tone_level

MPEG_FRAME = b"\xff\xfb\x90\x64"


def page(packet: bytes) -> bytes:
    """Return an Ogg page that begins a stream with `packet`."""
    return b"OggS\0\2" + bytes(20) + bytes([1, len(packet)]) + packet


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (sine_wav(1000), Kind.WAV),
        (b"fLaC" + bytes(40), Kind.FLAC),
        (b"ID3\x04" + bytes(40), Kind.MP3),
        (MPEG_FRAME + bytes(40), Kind.MP3),
        (page(b"\x01vorbis" + bytes(23)), Kind.VORBIS),
        (page(b"OpusHead" + bytes(11)), Kind.OPUS),
        (page(b"\x7fFLAC" + bytes(11)), Kind.FLAC),
        (page(b"\x80theora"), None),
        (b"OggS", None),
        (b"\xff\xf1\x50\x80", None),
        (b"\xff", None),
        (b"RIFF\0\0\0\0AVI ", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_content(content: bytes, kind: Kind | None) -> None:
    assert kind_of(content) is kind


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_a_wav_file_of_any_rate_is_heard_as_it_is(rate: int) -> None:
    pcm = decode(sine_wav(1000, 1.0, rate))
    assert len(pcm) == 16000
    assert tone_level(pcm[1600:-1600], 1000) == pytest.approx(10000, rel=0.01)


def test_what_a_telephone_cannot_carry_does_not_fold_into_it() -> None:
    pcm = decode(sine_wav(6000, 1.0, 44100))
    assert tone_level(pcm[1600:-1600], 2000) < 10


def test_both_channels_are_heard() -> None:
    left, right = sine(500), sine(1500)
    frames = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, len(left), 2))
    pcm = decode(wav(frames, 8000, 2))
    assert tone_level(pcm, 500) == pytest.approx(5000, rel=0.02)
    assert tone_level(pcm, 1500) == pytest.approx(5000, rel=0.02)


@pytest.mark.parametrize(("tag", "encode"), [(6, _relay.alaw_encode), (7, _relay.ulaw_encode)])
def test_g711_in_a_wav_file_is_decoded(tag: int, encode: object) -> None:
    assert callable(encode)
    pcm = decode(g711_wav(encode(sine(1000)), tag))
    assert tone_level(pcm, 1000) == pytest.approx(10000, rel=0.02)


@pytest.mark.parametrize("rate", [8000, 11025, 44100])
def test_the_joints_of_a_long_recording_are_not_there(rate: int) -> None:
    """It is resampled 30 seconds at a time, and sounds as if it were done in one go."""
    pcm = sine(437, 61.7, rate)
    assert decode(wav(pcm, rate, 1)) == _relay.resample(pcm, rate)


def test_the_size_of_a_file_is_bounded_at_n_and_n_plus_1() -> None:
    content = sine_wav(1000, 0.1)
    assert decode(content, RecordingLimits(content_bytes=len(content)))
    with pytest.raises(RecordingError, match="larger than"):
        decode(content, RecordingLimits(content_bytes=len(content) - 1))


def test_the_duration_of_a_recording_is_bounded_at_n_and_n_plus_1() -> None:
    second = bytes(16000)
    assert len(decode(wav(second, 8000, 1), RecordingLimits(seconds=1))) == 16000
    with pytest.raises(RecordingError, match="longer than 1 s"):
        decode(wav(second + b"\0\0", 8000, 1), RecordingLimits(seconds=1))


def test_our_limits_are_ten_mebibytes_and_ten_minutes() -> None:
    assert RecordingLimits() == RecordingLimits(10_485_760, 600)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "neither WAV, MP3, Ogg nor FLAC"),
        (b"<Response/>", "neither"),
        (page(b"OpusHead"), "opusdec"),
        (b"RIFF\0\0\0\0WAVE", "cannot be decoded as WAV"),
        (MPEG_FRAME, "cannot be decoded as MP3"),
        (b"fLaC" + bytes(100), "cannot be decoded as FLAC"),
        (wav(bytes(100), 3999, 1), "3999 samples a second"),
        (wav(bytes(100), 192001, 1), "192001 samples a second"),
        (wav(bytes(180), 8000, 9), "9 channels"),
    ],
)
def test_what_cannot_be_played_is_an_error_that_says_why(content: bytes, why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        decode(content)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([sine_wav(1000, 0.1), g711_wav(bytes(800), 7), g711_wav(bytes(800), 6)]),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=6),
    st.integers(0, 900),
)
def test_a_damaged_wav_file_is_decoded_or_an_error(
    content: bytes, damage: list[tuple[int, int]], size: int
) -> None:
    broken = bytearray(content[: max(size, 61)])
    for at, octet in damage:
        broken[at] = octet
    with suppress(RecordingError):
        assert isinstance(decode(bytes(broken)), bytes)
