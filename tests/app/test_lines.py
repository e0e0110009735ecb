"""A leg's media lines: what is told is anchored, what is heard is aimed at, in either order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from b2bua.app.lines import Lines
from b2bua.sdp.description import Description, read_description
from tests.support.memory_relay import MemoryRelay


@pytest.fixture
def relay(clock: Clock) -> Iterator[MemoryRelay]:
    relay = MemoryRelay(clock, lambda _stream, _word: None, watches=False)
    yield relay
    relay.stop()
    assert relay.streams == {}


def lines_of(relay: MemoryRelay, *, v6: bool = False) -> Lines:
    """Return the lines of a new leg, which notes nothing."""
    return Lines(
        relay,
        v6=v6,
        nat=False,
        session_id=7,
        opened=lambda _stream: None,
        closed=lambda _stream: None,
    )


def described(*media: str, address: str = "IP4 192.0.2.9") -> Description:
    """Return a description with `media`, each a line and its attributes."""
    text = f"v=0\r\no=- 1 1 IN {address}\r\ns=-\r\nc=IN {address}\r\nt=0 0\r\n"
    read = read_description((text + "".join(f"{line}\r\n" for line in media)).encode())
    assert isinstance(read, Description)
    return read


AUDIO = ("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")


def test_the_same_description_told_again_has_the_same_version(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    first = lines.tell(described(*AUDIO))
    assert b"o=- 7 1 " in first
    assert lines.tell(described(*AUDIO)) == first
    assert b"o=- 7 2 " in lines.tell(described(*AUDIO, "a=sendonly"))
    lines.close()


def test_heard_before_told_is_aimed_when_the_stream_opens(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    lines.hear(described(*AUDIO))
    lines.tell(described(*AUDIO))
    [stream] = relay.streams.values()
    assert stream.aim is not None
    assert (stream.aim.port, stream.aim.event_type) == (4000, 101)
    lines.close()


def test_a_rejected_line_has_no_stream_and_gives_its_own_back(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    lines.tell(described(*AUDIO, "m=video 4002 RTP/AVP 31"))
    assert len(relay.streams) == 2
    written = lines.tell(described(*AUDIO, "m=video 0 RTP/AVP 31"))
    assert len(relay.streams) == 1
    assert b"m=video 0 " in written
    lines.close()


def test_an_answer_in_the_other_family_is_not_aimed_at(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    lines.tell(described(*AUDIO))
    lines.hear(described(*AUDIO, address="IP6 2001:db8::9"))
    assert [stream.aim for stream in relay.streams.values()] == [None]
    lines.close()


def test_encrypted_media_is_not_read_as_keys(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    secure = ("m=audio 4000 RTP/SAVP 0 101", "a=rtpmap:101 telephone-event/8000")
    lines.tell(described(*secure))
    lines.hear(described(*secure))
    [stream] = relay.streams.values()
    assert stream.aim is not None
    assert stream.aim.event_type == -1
    assert lines.playable is None
    lines.close()


def test_a_new_description_in_the_same_words_is_aimed_at_anew(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    lines.tell(described(*AUDIO))
    lines.hear(described(*AUDIO))
    [stream] = relay.streams.values()
    before, stream.aim = stream.aim, None
    lines.hear(described(*AUDIO))
    assert stream.aim == before
    lines.close()


def test_what_has_been_heard_is_not_aimed_at_twice(relay: MemoryRelay) -> None:
    lines, heard = lines_of(relay), described(*AUDIO)
    lines.tell(described(*AUDIO))
    lines.hear(heard)
    [stream] = relay.streams.values()
    stream.aim = None
    lines.hear(heard)
    lines.tell(described(*AUDIO, "a=sendonly"))
    assert stream.aim is None
    lines.hear(heard, "*")
    assert stream.aim is not None
    lines.close()


def test_closed_lines_remember_nothing(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    lines.tell(described(*AUDIO))
    lines.hear(described(*AUDIO))
    lines.close()
    assert not lines.is_aimed
    assert lines.playable is None


def test_a_voice_is_recorded_from_the_moment_its_stream_opens(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    tap = relay.open_tap()
    lines.record(tap, 1)
    lines.tell(described("m=video 4002 RTP/AVP 31", *AUDIO))
    video, audio = relay.streams.values()
    assert (video.tapped, audio.tapped) == (None, (tap, 1))
    lines.record(0)
    assert audio.tapped is None
    lines.close()


def test_a_line_that_comes_anew_is_recorded_anew(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    tap = relay.open_tap()
    lines.tell(described(*AUDIO))
    lines.record(tap, 0)
    lines.tell(described("m=audio 0 RTP/AVP 0"))
    assert relay.streams == {}
    lines.tell(described(*AUDIO))
    assert [stream.tapped for stream in relay.streams.values()] == [(tap, 0)]
    lines.close()
    lines.record(0)


def test_an_encrypted_voice_is_told_of_and_not_recorded(relay: MemoryRelay) -> None:
    lines = lines_of(relay)
    told: list[str] = []
    lines.tell(described("m=audio 4000 RTP/SAVP 0"))
    lines.record(relay.open_tap(), 0, told.append)
    assert told == ["is encrypted"]
    assert [stream.tapped for stream in relay.streams.values()] == [None]
    lines.close()
