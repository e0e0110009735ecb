"""Somebody else's file is decoded in a child, and can harm nothing but itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from b2bua.media.decode_child import FILE_AT_FAULT
from b2bua.media.decoder import Decoder
from b2bua.media.recordings import RecordingError, RecordingLimits
from tests.media.sounds import Result, assert_failed, sine, sine_wav
from tests.support.listening import tone_level
from tests.support.processes import FakeProcesses

OPUS = b"OggS\0\2" + bytes(20) + b"\x01\x13OpusHead" + bytes(11)


@pytest.fixture
def reactor() -> FakeProcesses:
    return FakeProcesses()


def start(
    reactor: FakeProcesses, content: bytes, *programs: str, seconds: int = 600
) -> tuple[Result, Decoder]:
    def which(name: str) -> str | None:
        return f"/opt/{name}" if name in programs else None

    decoder = Decoder(reactor, which, RecordingLimits(seconds=seconds))
    return Result(decoder.decode(content)), decoder


def test_a_file_is_decoded_by_a_child_of_our_own_python(reactor: FakeProcesses) -> None:
    content = sine_wav(1000)
    result, _ = start(reactor, content)
    (child,) = reactor.children
    argv = child.argv[child.argv.index(sys.executable) + 1 :]
    assert argv == ["-P", "-m", "b2bua.media.decode_child", "file", "10485760", "600"]
    assert (child.directory / "file").read_bytes() == content
    child.say(b"sound")
    child.end()
    assert result.value == b"sound"
    assert not child.directory.exists()


def test_what_is_wrong_with_a_file_is_told_as_the_child_says_it(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, sine_wav(1000))
    reactor.children[0].say(b"", b"longer than 600 s")
    reactor.children[0].end(FILE_AT_FAULT)
    assert_failed(result, RecordingError, "^longer than 600 s$")


def test_a_file_that_crashes_the_decoder_is_an_error(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, sine_wav(1000))
    reactor.children[0].crash(11)
    assert_failed(result, RecordingError, "its decoder crashed with signal 11")


def test_a_file_that_takes_for_ever_is_an_error(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, sine_wav(1000))
    reactor.advance(20)
    reactor.advance(0)
    assert_failed(result, RecordingError, "its decoder took longer than 20 s")
    assert reactor.getDelayedCalls() == []


def test_more_sound_than_allowed_is_not_taken(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, sine_wav(1000), seconds=1)
    reactor.children[0].say(bytes(16_000))
    reactor.children[0].say(b"x")
    reactor.advance(0)
    assert_failed(result, RecordingError, "wrote more than 16000 bytes")


def test_what_is_no_audio_costs_no_child(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, b"<html>")
    assert_failed(result, RecordingError, "neither WAV, MP3, Ogg nor FLAC")
    assert reactor.children == []


def test_opus_is_decoded_by_opusdec(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, OPUS, "opusdec")
    (child,) = reactor.children
    assert (child.directory / "file").read_bytes() == OPUS
    assert child.argv[-6:] == ["--quiet", "--rate", "16000", "--force-stereo", "file", "-"]
    tone = sine(1000, 1.0, 16000)
    child.say(b"".join(2 * tone[at : at + 2] for at in range(0, len(tone), 2)))
    child.end()
    assert tone_level(result.value, 1000) == pytest.approx(10000, rel=0.02)
    assert not Path(child.directory).exists()


def test_opus_that_plays_too_long_is_stopped(reactor: FakeProcesses) -> None:
    result, _ = start(reactor, OPUS, "opusdec", seconds=1)
    reactor.children[0].say(bytes(64_001))
    reactor.advance(0)
    assert_failed(result, RecordingError, "wrote more than 64000 bytes")


def test_the_program_for_opus_is_named_whether_it_is_there_or_not(reactor: FakeProcesses) -> None:
    assert start(reactor, b"", "opusdec")[1].engines() == {"opusdec": True}
    assert start(reactor, b"")[1].engines() == {"opusdec": False}
