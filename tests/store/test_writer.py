"""Batches, outages and their bound; the thread is the test's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from b2bua.routing.plan import Event
from b2bua.store.database import Database, StoreAwayError
from b2bua.store.schema import ADD_CALLBACK, ADD_EVENT, Change, State
from b2bua.store.writer import WriterLimits
from tests.store.conftest import Store, facts


def tokens(store: Store) -> list[str]:
    found: list[str] = []
    asked = Deferred.fromCoroutine(store.outbox.find())
    asked.addCallback(lambda rows: found.extend(row.token for row in rows))
    return found


def test_putting_waits_for_nothing(store: Store) -> None:
    settled = store.add("a")
    assert settled == []
    assert store.clock.in_threads == 0
    store.clock.advance(0.002)
    assert settled == ["a"]
    assert store.writer.waiting == 0


def test_an_event_and_its_callback_share_a_transaction(store: Store) -> None:
    store.journal.append(facts(), Event.RINGING)
    store.add("a")
    store.clock.advance(0.002)
    assert [change.statement for change in store.database.writes[0]] == [ADD_EVENT, ADD_CALLBACK]


def test_what_a_turn_puts_is_never_divided(tmp_path: Path) -> None:
    store = Store("sqlite://", tmp_path, WriterLimits(batch=2))
    store.add(*"abcde")
    store.clock.advance(0.002)
    assert [len(batch) for batch in store.database.writes] == [5]


def test_reading_sees_what_was_put_before(store: Store) -> None:
    store.add("a", "b")
    assert tokens(store) == ["a", "b"]


def test_an_outage_holds_nobody_up_and_loses_nothing(store: Store) -> None:
    store.database.is_there = False
    before = store.add("a")
    store.clock.advance(0.002)
    assert before == ["a"]
    assert store.writer.is_away
    later = store.add("b", "c")
    store.clock.advance(0.002)
    assert later == ["b", "c"]
    store.clock.pump([1.0] * 30)
    assert store.writer.waiting == 3
    store.database.is_there = True
    store.clock.advance(1.0)
    assert not store.writer.is_away
    assert (store.writer.waiting, store.writer.lost) == (0, 0)
    assert tokens(store) == ["a", "b", "c"]


def test_a_row_that_went_during_an_outage_is_gone_after_it(store: Store) -> None:
    store.database.is_there = False
    row = store.row("a")
    store.outbox.add(row, lambda: None)
    store.clock.advance(0.002)
    store.outbox.change(row.place, State.PENDING, 1, 5.0, "status 500")
    store.outbox.remove(row.place, lambda: None)
    store.database.is_there = True
    store.clock.advance(1.0)
    assert tokens(store) == []


def test_beyond_its_bound_an_outage_loses_and_counts(tmp_path: Path) -> None:
    store = Store("sqlite://", tmp_path, WriterLimits(kept=2))
    store.database.is_there = False
    settled = store.add("a", "b", "c")
    store.clock.advance(0.002)
    assert settled == ["a", "b", "c"]
    assert (store.writer.waiting, store.writer.lost) == (2, 1)
    store.database.is_there = True
    store.clock.advance(1.0)
    assert tokens(store) == ["a", "b"]


def test_questions_fail_at_once_while_the_store_is_away(store: Store) -> None:
    store.database.is_there = False
    store.add("a")
    store.clock.advance(0.002)
    failures: list[object] = []
    Deferred.fromCoroutine(store.outbox.find()).addErrback(
        lambda failure: failures.append(failure.check(StoreAwayError))
    )
    assert failures == [StoreAwayError]


def test_a_row_no_database_takes_hides_no_other(store: Store) -> None:
    store.add("a")
    store.writer.put(Change(ADD_CALLBACK, {**asdict(store.row("x")), "place": 2**70}))
    store.add("b")
    store.clock.advance(0.002)
    assert tokens(store) == ["a", "b"]
    assert store.writer.lost == 1


def test_writing_again_what_was_written_changes_nothing(store: Store) -> None:
    rows = [store.row("a"), store.row("b")]
    for _ in range(2):
        for row in rows:
            store.outbox.add(row, lambda: None)
        store.clock.advance(0.002)
    assert tokens(store) == ["a", "b"]
    assert store.writer.lost == 0


def test_a_full_disk_is_an_outage(tmp_path: Path) -> None:
    store = Store("sqlite:///full.sqlite", tmp_path)
    store.add("first")
    store.clock.advance(0.002)
    _limit(store.database, pages=20)
    count = 0
    while not store.writer.is_away:
        count += 1
        store.journal.append(facts(name="n" * 1_000), Event.RINGING)
        store.clock.advance(0.002)
        assert count < 1_000
    store.add("during")
    store.clock.advance(0.002)
    _limit(store.database, pages=1_000_000)
    store.clock.advance(1.0)
    assert tokens(store) == ["first", "during"]
    assert store.writer.lost == 0
    steps: list[int] = []
    Deferred.fromCoroutine(store.journal.of_call("CA1")).addCallback(
        lambda found: steps.append(len(found))
    )
    assert steps == [count]
    store.database.close()


def _limit(database: Database, pages: int) -> None:
    pragma = f"PRAGMA max_page_count={pages}"
    database.read(lambda connection: connection.exec_driver_sql(pragma).scalar())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///var/deep/store.sqlite"])
def test_a_store_begins_empty_wherever_it_is(tmp_path: Path, url: str) -> None:
    store = Store(url, tmp_path)
    assert tokens(store) == []
    store.database.close()
