"""Callbacks with an outbox that outlives them: what a restart finds, and what never fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.app.kept_letters import KeptLetters, letter_from, resume
from b2bua.callbacks.delivery import Callbacks, DeliveryLimits
from b2bua.callbacks.event_body import event_body, event_from
from b2bua.callbacks.interfaces import Undelivered
from b2bua.routing.plan import Event
from b2bua.store.schema import State
from tests.callbacks.conftest import ACCOUNT, PlannedSink, Result, an_event, events_of
from tests.store.conftest import NOW, Store
from tests.store.test_outbox import found


class Office:
    """A store, and one life after another of the callbacks in it."""

    def __init__(self, folder: Path) -> None:
        self.store = Store("sqlite:///post.sqlite", folder)
        self.clock: Clock = self.store.clock
        self.sink = PlannedSink(self.clock)
        self.begin()

    def begin(self, limits: DeliveryLimits | None = None) -> None:
        """Begin a life; what the last one had in memory is nowhere."""
        for call in self.clock.getDelayedCalls():
            call.cancel()
        letters = KeptLetters(self.store.outbox)
        self.callbacks = Callbacks(
            self.clock,
            self.sink,
            random_=lambda: 0.0,
            limits=limits,
            outbox=letters,
            epoch=lambda: NOW + self.clock.seconds(),
        )
        found(resume(self.store.outbox, self.callbacks, letters.began))
        self.clock.advance(0)

    def settle(self, seconds: float = 0.01) -> None:
        self.clock.pump([seconds / 10] * 10)

    @property
    def rows(self) -> list[str]:
        return [row.token for row in found(self.store.outbox.find())]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_every_event_comes_back_as_it_was() -> None:
    for event in (
        an_event(Event.RINGING),
        an_event(duration=3, sip_status=486, error=(13224, "ü \ud800"), sequence=7),
    ):
        assert event_from(event_body(event)) == event
        assert event_body(event).isascii()


def test_an_event_is_kept_before_it_is_sent_and_gone_after(office: Office) -> None:
    answer: Deferred[Result] = Deferred()
    office.sink.hanging["CA1-0"] = answer
    office.callbacks.put(an_event())
    assert office.sink.tries == []
    office.settle()
    assert office.sink.order == [("CA1", 0)]
    assert office.rows == ["CA1-0"]
    answer.callback(None)
    assert office.rows == []


def test_an_event_goes_out_within_milliseconds(office: Office) -> None:
    office.callbacks.put(an_event())
    office.clock.pump([0.001] * 4)
    assert office.sink.times_of(0)[0] <= 0.004


def test_a_new_life_goes_on_where_the_last_one_was(office: Office) -> None:
    office.sink.results["CA1-1"] = ["down"]
    for event in events_of("CA1"):
        office.callbacks.put(event)
    office.settle()
    assert office.rows == ["CA1-1", "CA1-2", "CA1-3"]
    office.sink.results.clear()
    del office.sink.tries[:]
    office.begin()
    assert office.callbacks.pending == 3
    assert office.sink.order == [], "it pauses as it did"
    office.clock.advance(1.0)
    office.settle()
    assert office.sink.order == [("CA1", 1), ("CA1", 2), ("CA1", 3)]
    assert office.rows == []


def test_an_old_backlog_holds_no_new_leg_up(office: Office) -> None:
    office.sink.results["CA1-0"] = ["down"]
    for event in events_of("CA1"):
        office.callbacks.put(event)
    office.settle()
    office.begin()
    for event in events_of("CA2"):
        office.callbacks.put(event)
    office.settle()
    assert [seq for sid, seq in office.sink.order if sid == "CA2"] == [0, 1, 2, 3]
    assert office.rows == ["CA1-0", "CA1-1", "CA1-2", "CA1-3"]


def test_the_last_life_s_tries_count(office: Office) -> None:
    office.sink.results["CA1-0"] = ["down"]
    office.callbacks.put(an_event())
    office.settle()
    office.clock.pump([1, 2, 4])
    row = found(office.store.outbox.get("CA1-0"))
    assert row is not None
    assert (row.tries, row.problem) == (4, "down")
    assert row.due_at == pytest.approx(NOW + office.clock.seconds() + 8, abs=0.1)


def test_a_dead_letter_can_be_replayed(office: Office) -> None:
    office.sink.results["CA1-0"] = [Undelivered("status 404", is_final=True)]
    office.callbacks.put(an_event())
    office.settle()
    assert (office.callbacks.dead, office.callbacks.pending) == (1, 0)
    office.begin()
    assert office.callbacks.dead == 1
    office.sink.results.clear()
    revived = found(office.store.outbox.revive("CA1-0", NOW, NOW + 86_400))
    assert revived is not None
    office.callbacks.again(letter_from(revived))
    office.settle()
    assert office.callbacks.delivered == 1
    assert (office.callbacks.dead, office.rows) == (0, [])


def test_what_does_not_fit_in_memory_waits_in_the_store_in_order(office: Office) -> None:
    office.begin(DeliveryLimits(pending_per_account=3))
    office.sink.results["CA1-0"] = ["down", "down", None]
    for number in range(3):
        for event in events_of(f"CA{number + 1}"):
            office.callbacks.put(event)
    other = an_event(call_sid="CB", account_sid="AC2")
    office.callbacks.put(other)
    office.settle()
    assert office.callbacks.pending == 12
    assert office.sink.order == [("CA1", 0), ("CB", 0)]
    office.clock.pump([1, 2])
    office.settle()
    assert office.callbacks.dropped == 0
    for number in range(3):
        leg = [seq for sid, seq in office.sink.order if sid == f"CA{number + 1}"]
        assert leg == ([0, 0, 0] if number == 0 else [0]) + [1, 2, 3]
    assert (office.callbacks.pending, office.rows) == (0, [])


def test_an_outage_of_the_store_holds_no_callback_up(office: Office) -> None:
    office.store.database.is_there = False
    office.callbacks.put(an_event())
    office.settle()
    assert office.callbacks.delivered == 1
    office.store.database.is_there = True
    office.clock.advance(1.0)
    assert office.rows == []


def test_a_flush_leaves_what_its_receiver_does_not_take(office: Office) -> None:
    office.sink.results["CA1-0"] = ["down"]
    office.sink.results["CA2-0"] = ["down"]
    for event in events_of("CA1"):
        office.callbacks.put(event)
    office.settle()
    for event in events_of("CA2"):
        office.callbacks.put(event)
    left: list[int] = []
    Deferred.fromCoroutine(office.callbacks.flush(30)).addCallback(left.append)
    office.settle()
    assert left == [8], "at once: nothing is waited for"
    assert office.callbacks.dead == 0
    assert len(office.rows) == 8
    assert found(office.store.outbox.counts(2**62)) == {(ACCOUNT, State.PENDING): 8}


def test_an_event_that_pauses_can_be_hurried(office: Office) -> None:
    office.sink.results["CA1-0"] = ["down", None]
    office.callbacks.put(an_event())
    office.settle()
    assert office.callbacks.hurry("CA1-0")
    assert office.callbacks.delivered == 1
    assert not office.callbacks.hurry("CA1-0")


def test_a_dropped_event_lets_the_next_one_go(office: Office) -> None:
    office.sink.results["CA1-0"] = ["down"]
    for event in events_of("CA1"):
        office.callbacks.put(event)
    office.settle()
    assert office.callbacks.drop("CA1-2")
    assert office.callbacks.drop("CA1-0")
    assert not office.callbacks.drop("CA1-0")
    assert office.sink.order == [("CA1", 0), ("CA1", 1), ("CA1", 3)]
    assert office.callbacks.pending == 0
