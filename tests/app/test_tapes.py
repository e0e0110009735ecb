"""Recordings told of: in the store, to the application, and after a death."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from b2bua.app.desk import Desk
from b2bua.app.equipment import Entropy
from b2bua.app.kept_letters import KeptLetters
from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.interfaces import Letter, TapeEvent
from b2bua.media.tape import Style, Tape
from b2bua.routing.plan import Direction, LegFacts, Status
from b2bua.routing.taping import TapeCallback, TapePlan, TapeStatus
from b2bua.store.recordings import RecordingRecord
from tests.callbacks.conftest import PlannedSink
from tests.callbacks.test_tape_event import a_tape_event
from tests.media.sounds import Result
from tests.store.conftest import Store
from tests.support.memory_relay import MemoryRelay
from tests.support.memory_tapes import EPOCH, MemoryTapes, Told

CALLER = LegFacts("CA1", "AC1", Direction.INBOUND, Status.IN_PROGRESS, "+1", "+2")
EVERYTHING = TapeCallback("http://app/recorded", "POST", frozenset(TapeStatus))
PLAN = TapePlan(is_dual=True, callback=EVERYTHING)


class Rig:
    def __init__(self, clock: Clock) -> None:
        self.clock, self.told = clock, Told()
        self.relay = MemoryRelay(clock, lambda _stream, _noted: None)
        self.memory = MemoryTapes(clock, self.relay, self.told, Entropy(), self.told)
        self.tapes = self.memory.tapes

    @property
    def events(self) -> list[tuple[str, int]]:
        events = [event for event in self.told.events if isinstance(event, TapeEvent)]
        return [(event.event.value, event.tape.seconds) for event in events]

    def file(self, sid: str) -> Path:
        return self.memory.recorder.file(sid)


@pytest.fixture
def rig(clock: Clock) -> Rig:
    return Rig(clock)


def test_a_recording_is_told_of_from_its_beginning_to_its_end(rig: Rig) -> None:
    taping = rig.tapes.begin(PLAN, CALLER)
    rig.clock.advance(2.6)
    assert taping.facts is not None
    assert taping.facts.seconds == 2
    taping.tape.end()
    assert rig.events == [("in-progress", 0), ("completed", 2)]
    record = rig.memory.records.by_sid[taping.tape.sid]
    assert (record.status, record.seconds, record.channels) == (TapeStatus.COMPLETED, 2, 2)
    first = rig.told.events[0]
    assert isinstance(first, TapeEvent)
    assert (first.call_sid, first.began_at, first.tape.sid) == ("CA1", EPOCH, record.sid)
    assert len({event.token for event in rig.told.events}) == 2


def test_only_what_was_asked_for_is_told(rig: Rig) -> None:
    rig.tapes.begin(TapePlan(callback=TapeCallback("http://app/recorded")), CALLER)
    rig.tapes.begin(TapePlan(), CALLER)
    rig.clock.advance(1)
    assert Result(rig.tapes.stop()).is_over
    assert rig.events == [("completed", 1)]


def test_what_cannot_be_recorded_is_absent_and_noted(rig: Rig) -> None:
    rig.relay.taps_most = len(rig.relay.taps)
    taping = rig.tapes.begin(PLAN, CALLER)
    rig.clock.advance(0)
    assert rig.events == [("in-progress", 0), ("absent", 0)]
    assert taping.facts is None
    assert [(sid, code) for sid, code, _ in rig.told.notes] == [("CA1", 12_400)]
    assert rig.memory.records.by_sid[taping.tape.sid].status is TapeStatus.ABSENT
    taping.tape.end()


def test_a_recording_without_a_sound_is_nobodys_fault(rig: Rig) -> None:
    taping = rig.tapes.begin(TapePlan(trim=True, callback=EVERYTHING), CALLER)
    rig.clock.advance(1)
    taping.tape.end()
    assert rig.events[-1] == ("absent", 0)
    assert rig.told.notes == []
    assert not rig.file(taping.tape.sid).exists()


def test_after_a_death_a_recording_is_completed_with_what_there_is(rig: Rig) -> None:
    for sid in ("RE1", "RE2"):
        rig.memory.records.add(RecordingRecord(sid, "AC1", "CA1", 2, EVERYTHING))
    tape = Tape(rig.file("RE1"), Style(channels=2), 0)
    tape.hear(b"", 4_500_000_000)
    rig.clock.advance(10)
    rig.tapes.begin(TapePlan(), CALLER).tape.end()  # one of this process
    resumed = Result(rig.tapes.resume(int((EPOCH + 9) * 1e6)))
    rig.clock.advance(0)
    assert resumed.is_over
    assert rig.events == [("completed", 3), ("absent", 0)]
    by_sid = rig.memory.records.by_sid
    assert (by_sid["RE1"].status, by_sid["RE1"].seconds) == (TapeStatus.COMPLETED, 3)
    assert by_sid["RE2"].status is TapeStatus.ABSENT


def test_a_callback_of_a_recording_is_listed_as_others_are(tmp_path: Path) -> None:
    store = Store("sqlite://", tmp_path)
    letters = KeptLetters(store.outbox)
    letters.add(Letter(a_tape_event()), lambda: None)
    desk = Desk(store.outbox, Callbacks(store.clock, PlannedSink(store.clock)), 60.0)
    found = Result(desk.find("", "", "", 9))
    store.clock.advance(1)
    [shown] = found.value
    assert (shown["event"], shown["call_sid"]) == ("completed", "CA1")
    assert shown["url"] == "http://app/recorded"
