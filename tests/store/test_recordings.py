"""Recordings as rows: they outlive the process, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest

from b2bua.routing.taping import TapeCallback, TapeStatus
from b2bua.store.paging import Mark
from b2bua.store.recordings import RecordingRecord, Recordings
from tests.media.sounds import Result
from tests.store.conftest import NOW, Store

CALLBACK = TapeCallback("http://app/recorded#rc=2", "GET", frozenset(TapeStatus))


@pytest.fixture
def recordings(tmp_path: Path) -> tuple[Store, Recordings]:
    store = Store("sqlite://", tmp_path)
    return store, Recordings(store.writer, store.places)


def added(recordings: Recordings, *names: str, call_sid: str = "CA1") -> list[RecordingRecord]:
    return [recordings.add(RecordingRecord(name, "AC1", call_sid, 2, CALLBACK)) for name in names]


def test_a_recording_is_found_as_it_was_kept(recordings: tuple[Store, Recordings]) -> None:
    store, table = recordings
    (kept,) = added(table, "RE1")
    got = Result(table.get("AC1", "RE1"))
    stranger = Result(table.get("AC2", "RE1"))
    store.clock.advance(1)
    assert got.value == kept
    assert (kept.began_at, kept.updated_at) == (NOW, NOW)
    assert stranger.value is None


def test_its_end_changes_status_and_length(recordings: tuple[Store, Recordings]) -> None:
    store, table = recordings
    (kept,) = added(table, "RE1")
    table.end(kept, TapeStatus.COMPLETED, 7, NOW + 9)
    unfinished, got = Result(table.unfinished(2**62)), Result(table.get("AC1", "RE1"))
    store.clock.advance(1)
    record = got.value
    assert (record.status, record.seconds, record.updated_at) == (
        TapeStatus.COMPLETED,
        7,
        NOW + 9,
    )
    assert unfinished.value == []


def test_what_an_earlier_process_left_is_unfinished(recordings: tuple[Store, Recordings]) -> None:
    store, table = recordings
    first, second = added(table, "RE1", "RE2")
    left = Result(table.unfinished(second.place))
    store.clock.advance(1)
    assert left.value == [first]


def test_pages_follow_each_other_both_ways(recordings: tuple[Store, Recordings]) -> None:
    store, table = recordings
    kept = added(table, "RE1", "RE2", "RE3", "RE4", "RE5")
    added(table, "RE6", call_sid="CA2")
    newest = Result(table.page("AC1", "CA1", None, 2))
    older = Result(table.page("AC1", "CA1", Mark(kept[3].place), 2))
    back = Result(table.page("AC1", "CA1", Mark(kept[2].place, is_newer=True), 9))
    of_all, of_nobody = Result(table.page("AC1", "", None, 9)), Result(table.page("A", "", None, 9))
    store.clock.advance(1)
    assert [r.sid for r in newest.value.records] == ["RE5", "RE4"]
    assert (newest.value.has_older, newest.value.has_newer) == (True, False)
    assert [r.sid for r in older.value.records] == ["RE3", "RE2"]
    assert (older.value.has_older, older.value.has_newer) == (True, True)
    assert [r.sid for r in back.value.records] == ["RE5", "RE4"]
    assert (back.value.has_older, back.value.has_newer) == (True, False)
    assert len(of_all.value.records) == 6
    assert of_nobody.value.records == ()


def test_what_is_removed_is_gone_and_nobody_elses_is(recordings: tuple[Store, Recordings]) -> None:
    store, table = recordings
    added(table, "RE1")
    stolen = Result(table.remove("AC2", "RE1"))
    first, again = Result(table.remove("AC1", "RE1")), Result(table.remove("AC1", "RE1"))
    store.clock.advance(1)
    assert (stolen.value, first.value, again.value) == (False, True, False)
