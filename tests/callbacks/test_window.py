"""What a death may send twice is bounded by construction, whatever the disk does."""

from __future__ import annotations

from b2bua.callbacks.window import Window
from tests.callbacks.conftest import an_event
from tests.callbacks.test_over_http import World
from tests.support.web_server import Reply


def test_nothing_new_is_sent_while_arrivals_wait_for_their_commit() -> None:
    window = Window(2)
    window.arrived()
    assert window.enter() is None
    window.arrived()
    first, second = window.enter(), window.enter()
    assert first is not None
    assert second is not None
    assert not first.called
    window.kept()
    assert first.called
    assert second.called
    assert window.enter() is None


def test_who_waits_goes_before_who_comes_later() -> None:
    window = Window(1)
    window.arrived()
    waiter = window.enter()
    assert waiter is not None
    waiter.addCallback(lambda _: window.arrived())
    later = window.enter()
    assert later is not None
    window.kept()
    assert waiter.called
    assert not later.called


def test_who_has_given_up_is_not_waited_for() -> None:
    window = Window(1)
    window.arrived()
    waiter = window.enter()
    assert waiter is not None
    waiter.addErrback(lambda _: None)
    waiter.cancel()
    window.kept()
    assert window.enter() is None


def test_a_disk_that_stands_still_stops_callbacks_within_the_bound() -> None:
    """No commit ever comes: what has arrived is the window and one host's turns, and no more."""
    world = World(window=Window(3), is_slow=True)
    customer = world.serve()
    for number in range(50):
        world.callbacks.put(an_event(call_sid=f"CA{number}"))
    world.internet.advance(0)
    assert 3 <= len(customer.seen) <= 3 + 8
    assert world.callbacks.delivered == len(customer.seen)
    before = len(customer.seen)
    world.commit()
    world.internet.advance(0)
    assert before < len(customer.seen) <= before + 3 + 8
    while world.callbacks.pending:
        world.commit()
        world.internet.advance(0)
    assert len(customer.seen) == 50
    world.end()


def test_waiting_for_a_commit_is_no_failed_try() -> None:
    world = World(window=Window(1), is_slow=True)
    customer = world.serve(Reply(204, b"", {}))
    for number in range(2):
        world.callbacks.put(an_event(call_sid=f"CA{number}"))
    world.internet.advance(0)
    world.callbacks.put(an_event(call_sid="CA2"))
    world.internet.pump([0, *[10] * 10])
    seen = len(customer.seen)
    assert seen < 3
    world.commit()
    world.internet.advance(0)
    assert len(customer.seen) == 3
    assert world.callbacks.dead == 0
    world.end()
