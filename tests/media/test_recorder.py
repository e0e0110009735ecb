"""Recordings under way: when they are looked at, how they end, and what disturbs nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock

from b2bua.media.recorder import LAST_WORDS, NO_ROOM, NOT_UNDERSTOOD, Recorded, Recorder
from b2bua.media.tape import CHILD, PARENT, Style, Tape, TapeError
from b2bua.media.tapped import Tapped, write_tapped
from tests.media.sounds import Result
from tests.media.test_tape import channels_of
from tests.support.memory_relay import MemoryRelay


class Rig:
    """A recorder on a clock, whose thread is the test itself unless it `hangs`."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.relay = MemoryRelay(self.clock, lambda _stream, _noted: None)
        self.told: list[Recorded] = []
        self.hangs = False
        self._hanging: list[tuple[Callable[[], Any], Deferred[Any]]] = []
        self.recorder = Recorder(self.clock, self.relay, folder, self._in_thread, seconds=60.0)
        self.tape = self.recorder.begin("RE1", Style(channels=2), self.told.append)
        self.clock.advance(0)

    def _in_thread(self, work: Callable[[], Any]) -> Deferred[Any]:
        if not self.hangs:
            return maybeDeferred(work)
        self._hanging.append((work, Deferred()))
        return self._hanging[-1][1]

    def go_on(self) -> None:
        self.hangs = False
        while self._hanging:
            work, done = self._hanging.pop(0)
            maybeDeferred(work).chainDeferred(done)

    def say(self, side: int = PARENT, payload_type: int = 0, octets: bytes = b"\x80" * 160) -> None:
        arrived = round(self.clock.seconds() * 1e9)
        copy = Tapped(side, arrived, payload_type, 0, round(arrived / 125_000), 1, octets)
        self.relay.taps[self.tape.handle] += write_tapped(copy)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "recordings")


def test_a_recording_is_as_long_as_it_lasted(rig: Rig) -> None:
    rig.say()
    rig.clock.pump([0.5] * 5)
    rig.say(CHILD)
    rig.tape.end()
    assert rig.told == [Recorded(2.5)]
    left, right = channels_of(rig.recorder.file("RE1"))
    assert any(left[:320])
    assert not any(right)  # what came with the end has no time left
    assert (len(rig.recorder), rig.relay.taps, rig.clock.getDelayedCalls()) == (0, {}, [])


def test_it_ends_by_itself_at_its_limit(rig: Rig) -> None:
    rig.clock.pump([0.5] * 130)
    assert rig.told == [Recorded(60.0)]
    assert rig.tape.seconds == 60.0
    assert rig.clock.getDelayedCalls() == []


def test_a_disk_that_hangs_is_not_asked_again_until_it_has_answered(rig: Rig) -> None:
    rig.hangs = True
    rig.clock.advance(0.5)
    rig.say()
    rig.clock.pump([0.5] * 10)
    assert rig.relay.taps[rig.tape.handle]  # it waits at the relay, which bounds it
    rig.tape.end()
    assert rig.told == []
    rig.go_on()
    assert rig.told == [Recorded(5.5)]
    assert any(channels_of(rig.recorder.file("RE1"))[PARENT])


def test_an_end_before_the_file_is_made_waits_for_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.hangs = True
    tape = rig.recorder.begin("RE2", Style(), rig.told.append)
    tape.end()
    rig.clock.advance(0.25)
    rig.go_on()
    assert rig.told == [Recorded()]  # no time has passed in it
    assert not rig.recorder.file("RE2").exists()


def test_what_cannot_be_written_is_told_and_the_tap_is_closed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rig = Rig(tmp_path / "file")
    assert [(how.code, how.seconds) for how in rig.told] == [(NO_ROOM, 0.0)]
    assert "no file for a recording" in rig.told[0].problem
    rig.tape.end()
    assert (len(rig.told), rig.relay.taps, rig.clock.getDelayedCalls()) == (1, {}, [])


def test_a_disk_that_fills_ends_it_alone(rig: Rig) -> None:
    class Full(Tape):
        def hear(self, taken: bytes, now_ns: int) -> None:
            self.discard()
            raise TapeError("full")

    rig.recorder.make_tape = Full
    ended: list[Recorded] = []
    rig.recorder.begin("RE2", Style(), ended.append)
    rig.clock.pump([0.5] * 4)
    assert ended == [Recorded(code=NO_ROOM, problem="full")]
    rig.tape.end()
    assert rig.told == [Recorded(2.0)]


def test_a_codec_that_is_not_understood_leaves_no_file(rig: Rig) -> None:
    rig.say(CHILD, payload_type=96)
    rig.clock.advance(1)
    rig.tape.end()
    assert [how.code for how in rig.told] == [NOT_UNDERSTOOD]
    assert "callee" in rig.told[0].problem
    assert "96" in rig.told[0].problem
    assert not rig.recorder.file("RE1").exists()


def test_a_side_that_cannot_be_heard_leaves_no_file(rig: Rig) -> None:
    rig.tape.deaf(PARENT, "is encrypted")
    rig.clock.advance(1)
    rig.tape.end()
    assert rig.told == [
        Recorded(0.0, NOT_UNDERSTOOD, "no recording: the caller's media is encrypted")
    ]


def test_without_a_tap_there_is_no_recording(rig: Rig) -> None:
    rig.relay.taps_most = len(rig.relay.taps)
    told: list[Recorded] = []
    rig.recorder.begin("RE2", Style(), told.append)
    assert told == []
    rig.clock.advance(0)
    assert [how.code for how in told] == [NO_ROOM]


def test_stop_does_not_wait_for_ever(rig: Rig) -> None:
    rig.clock.advance(1)
    rig.hangs = True
    rig.clock.advance(0.5)
    stopping = Result(rig.recorder.stop())
    rig.clock.advance(LAST_WORDS)
    assert (stopping.is_over, stopping.error) == (True, None)
    assert rig.told == []
    assert rig.clock.getDelayedCalls() == []


def test_stop_waits_until_everything_is_written(rig: Rig) -> None:
    rig.clock.advance(1)
    rig.hangs = True
    stopping = Result(rig.recorder.stop())
    assert not stopping.is_over
    rig.go_on()
    assert stopping.is_over
    assert rig.told == [Recorded(1.0)]
