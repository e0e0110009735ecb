"""Rows of the outbox and the journal, from put to gone."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.routing.plan import Event
from b2bua.store.schema import State
from tests.store.conftest import NOW, Store, facts

Found = TypeVar("Found")
EVER = 2**62


def found(asked: Coroutine[Deferred[Any], Any, Found], clock: Clock | None = None) -> Found:
    """Return what was found; `clock` goes on until then."""
    answers: list[Found] = []
    Deferred.fromCoroutine(asked).addCallback(answers.append)
    if clock is not None:
        clock.pump([0.01] * 3)
    return answers[0]


def test_pending_rows_come_in_order_from_beyond_a_place(store: Store) -> None:
    store.add(*"abcd")
    first = found(store.outbox.pending("AC1", range(EVER), 2))
    assert [row.token for row in first] == ["a", "b"]
    rest = found(store.outbox.pending("AC1", range(first[-1].place + 1, EVER), 10))
    assert [row.token for row in rest] == ["c", "d"]
    assert found(store.outbox.pending("AC2", range(EVER), 10)) == []


def test_a_dead_row_is_not_pending_and_is_counted(store: Store) -> None:
    store.add("a", "b")
    row = found(store.outbox.find())[0]
    store.outbox.change(row.place, State.DEAD, 9, 0.0, "status 500\udc80\0")
    assert [each.token for each in found(store.outbox.pending("AC1", range(EVER), 10))] == ["b"]
    assert found(store.outbox.counts(EVER)) == {("AC1", State.DEAD): 1, ("AC1", State.PENDING): 1}
    dead = found(store.outbox.find(state="dead"))[0]
    assert (dead.tries, dead.problem) == (9, "status 500\\udc80?")


def test_a_revived_row_waits_behind_all_others(store: Store) -> None:
    store.add("a", "b")
    row = found(store.outbox.find())[0]
    store.outbox.change(row.place, State.DEAD, 9, 0.0, "status 404")
    revived = found(store.outbox.revive("a", NOW, NOW + 10))
    assert revived is not None
    assert (revived.tries, revived.until) == (0, NOW + 10)
    assert [each.token for each in found(store.outbox.pending("AC1", range(EVER), 10))] == [
        "b",
        "a",
    ]
    assert found(store.outbox.revive("b", NOW, NOW)) is None


def test_a_dropped_row_is_gone(store: Store) -> None:
    store.add("a")
    assert found(store.outbox.drop("a"))
    assert not found(store.outbox.drop("a"))
    assert found(store.outbox.get("a")) is None


def test_the_journal_keeps_what_a_peer_wrote_as_it_was(store: Store) -> None:
    name = "nul \0, half a pair \ud800, and ü"
    store.journal.append(facts(name=name), Event.RINGING)
    store.journal.append(facts(), Event.COMPLETED, 7)
    ringing, completed = found(store.journal.of_call("CA1"))
    assert (ringing.event, ringing.facts.caller_name) == (Event.RINGING, name)
    assert (completed.duration, completed.at) == (7, NOW + 0.000001)


def test_what_is_old_is_forgotten_but_not_what_still_waits(store: Store) -> None:
    store.journal.append(facts(), Event.RINGING)
    store.add("a", "b")
    row = found(store.outbox.get("b"))
    assert row is not None
    store.outbox.change(row.place, State.DEAD, 9, 0.0, "")
    store.clock.advance(100)
    store.journal.append(facts(), Event.COMPLETED, 0)
    store.journal.forget_before(NOW + 50)
    assert [step.event for step in found(store.journal.of_call("CA1"))] == [Event.COMPLETED]
    assert [each.token for each in found(store.outbox.find())] == ["a"]
