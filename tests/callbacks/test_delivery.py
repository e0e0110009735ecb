"""Order, retries and bounds of callbacks (rcml.md 6.4), on a virtual clock."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from twisted.internet.defer import Deferred

from b2bua.callbacks.delivery import Callbacks, DeliveryLimits
from b2bua.callbacks.interfaces import AnyEvent, Undelivered
from b2bua.routing.plan import Event
from tests.callbacks.conftest import Post, Result, an_event, events_of

DAY = 86_400.0


def test_put_sends_nothing_yet(post: Post) -> None:
    post.callbacks.put(an_event())
    assert post.sink.tries == []
    assert post.callbacks.pending == 1
    post.clock.advance(0)
    assert post.sink.order == [("CA1", 0)]
    assert post.callbacks.delivered == 1


def test_a_leg_s_events_arrive_in_order(post: Post) -> None:
    post.put(*events_of("CA1"))
    assert post.sink.order == [("CA1", 0), ("CA1", 1), ("CA1", 2), ("CA1", 3)]


def test_one_event_of_a_leg_is_in_flight_at_a_time(post: Post) -> None:
    answer: Deferred[Result] = Deferred()
    post.sink.hanging["CA1-0"] = answer
    post.put(*events_of("CA1"))
    post.clock.advance(15)
    assert post.sink.order == [("CA1", 0)]
    assert post.callbacks.in_flight == 1
    answer.callback(None)
    assert post.sink.order == [("CA1", 0), ("CA1", 1), ("CA1", 2), ("CA1", 3)]


def test_a_later_event_waits_for_the_retries_of_an_earlier_one(post: Post) -> None:
    post.sink.results["CA1-0"] = ["busy", "busy", None]
    post.put(*events_of("CA1"))
    post.clock.pump([1, 2])
    assert post.sink.order == [("CA1", 0)] * 3 + [("CA1", 1), ("CA1", 2), ("CA1", 3)]


def test_an_event_may_be_overtaken_after_as_long_as_the_limits_say() -> None:
    post = Post(limits=DeliveryLimits(hold_seconds=30))
    post.sink.results["CA1-0"] = ["busy"] * 6 + [None]
    post.put(*events_of("CA1"))
    post.clock.pump([1, 2, 4, 8, 14.9])
    assert post.sink.order == [("CA1", 0)] * 5
    post.clock.advance(0.1)
    assert post.sink.order[5:] == [("CA1", 1), ("CA1", 2), ("CA1", 3)]
    assert post.callbacks.pending == 1
    assert post.callbacks.mailboxes == 0
    post.clock.pump([1, 32])
    assert post.sink.times_of(0) == [0, 1, 3, 7, 15, 31, 63]
    assert post.is_clean()


def test_an_account_may_choose_to_be_told_soon_rather_than_in_order() -> None:
    post = Post(hold_of={"AC2": 30.0}.get)
    for account, call_sid in (("AC1", "CA1"), ("AC2", "CA2")):
        post.sink.results[f"{call_sid}-0"] = ["busy"] * 6 + [None]
        post.put(
            an_event(Event.INITIATED, call_sid=call_sid, account_sid=account),
            an_event(Event.COMPLETED, call_sid=call_sid, account_sid=account, sequence=1),
        )
    post.clock.pump([1, 2, 4, 8, 14.9, 0.1])
    assert [sid for sid, number in post.sink.order if number == 1] == ["CA2"]
    post.clock.pump([1, 32])
    assert [each for each in post.sink.order if each[0] == "CA1"][-2:] == [("CA1", 0), ("CA1", 1)]
    assert post.is_clean()


def test_order_outlasts_half_of_all_requests_failing_and_an_hour_without_a_receiver(
    post: Post,
) -> None:
    """1,000 events; what each leg's receiver takes, it takes in order, and all of it."""
    chance = random.Random(3)
    down_from, down_until = 5.0, 3_605.0

    def judge(_event: AnyEvent) -> Result:
        is_down = down_from <= post.clock.seconds() < down_until
        return "down" if is_down or chance.random() < 0.5 else None

    post.sink.judge = judge
    for leg in range(250):
        post.put(*events_of(f"CA{leg}"))
    while post.callbacks.pending:
        post.clock.advance(1)
    assert post.clock.seconds() > down_until
    assert len(post.sink.taken) == 1_000
    for leg in range(250):
        assert [number for sid, number in post.sink.taken if sid == f"CA{leg}"] == [0, 1, 2, 3]
    assert post.callbacks.dead == 0


def test_no_event_is_overtaken_while_its_receiver_is_down(post: Post) -> None:
    post.sink.results["CA1-0"] = ["down"] * 12 + [None]
    post.put(*events_of("CA1"))
    while post.callbacks.pending:
        post.clock.advance(10)
    assert post.clock.seconds() > 1_800
    assert post.sink.order[12:] == [("CA1", 0), ("CA1", 1), ("CA1", 2), ("CA1", 3)]


def test_a_hanging_receiver_delays_no_other_leg(post: Post) -> None:
    """Scenario 11: put returns at once, and other legs' events go out in the same moment."""
    answer: Deferred[Result] = Deferred()
    post.sink.hanging["CA1-0"] = answer
    post.put(*events_of("CA1"), *events_of("CA2"))
    assert post.sink.times_of(3) == [0]
    post.clock.advance(15)
    answer.callback("timeout")
    post.sink.hanging.clear()
    post.clock.advance(1)


def test_pauses_double_from_one_second_to_fifteen_minutes(post: Post) -> None:
    post.chance = 1.0
    post.sink.results["CA1-0"] = ["busy"] * 12 + [None]
    post.put(an_event())
    while not post.callbacks.delivered:
        post.clock.advance(1)
    times = post.sink.times_of(0)
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0)])
def test_chance_shortens_a_pause_by_up_to_half(post: Post, chance: float, pause: float) -> None:
    post.chance = chance
    post.sink.results["CA1-0"] = ["busy", None]
    post.put(an_event())
    post.clock.advance(pause - 0.01)
    assert len(post.sink.tries) == 1
    post.clock.advance(0.01)
    assert len(post.sink.tries) == 2


def test_a_day_of_failure_is_the_end(post: Post) -> None:
    post.sink.results["CA1-0"] = ["busy"]
    post.put(an_event())
    while post.callbacks.pending:
        post.clock.advance(50)
    assert DAY - 900 <= post.clock.seconds() <= DAY
    assert post.callbacks.dead == 1


def test_what_is_final_is_not_tried_again(post: Post) -> None:
    post.sink.results["CA1-0"] = [Undelivered("status 404", is_final=True)]
    post.put(*events_of("CA1"))
    assert post.sink.order == [("CA1", 0), ("CA1", 1), ("CA1", 2), ("CA1", 3)]
    assert (post.callbacks.dead, post.callbacks.delivered) == (1, 3)


def test_a_receiver_that_asks_for_time_is_given_it(post: Post) -> None:
    post.sink.results["CA1-0"] = [Undelivered("status 429", retry_after=120.0), None]
    post.put(an_event())
    post.clock.advance(119.9)
    assert len(post.sink.tries) == 1
    post.clock.advance(0.1)
    assert len(post.sink.tries) == 2


def test_a_receiver_that_asks_for_more_than_a_day_gets_nothing(post: Post) -> None:
    post.sink.results["CA1-0"] = [Undelivered("status 503", retry_after=2 * DAY)]
    post.put(an_event())
    assert post.callbacks.dead == 1


def test_too_many_pending_events_are_dropped_and_counted() -> None:
    post = Post(limits=DeliveryLimits(pending=3))
    post.put(*events_of("CA1"))
    assert post.sink.order == [("CA1", 0), ("CA1", 1), ("CA1", 2)]
    assert post.callbacks.dropped == 1
    post.put(an_event(sequence=9))
    assert post.sink.order[3:] == [("CA1", 9)]
    assert post.is_clean()


def test_an_account_that_has_too_many_leaves_room_to_others() -> None:
    post = Post(limits=DeliveryLimits(pending_per_account=2))
    post.put(*events_of("CA1"), an_event(call_sid="CA2", account_sid="AC2"))
    assert post.sink.order == [("CA1", 0), ("CA1", 1), ("CA2", 0)]
    assert post.callbacks.dropped == 2
    assert post.is_clean()


def test_a_sink_that_breaks_its_promise_loses_nothing(post: Post) -> None:
    class BrokenOnce:
        def __init__(self) -> None:
            self.tries = 0

        async def post(self, event: AnyEvent) -> None:
            self.tries += 1
            if self.tries == 1:
                raise ValueError("broken")

    sink = BrokenOnce()
    callbacks = Callbacks(post.clock, sink, random_=lambda: 0.0)
    callbacks.put(an_event())
    post.clock.pump([0, 1])
    assert sink.tries == 2
    assert (callbacks.pending, callbacks.delivered) == (0, 1)


def flushed(post: Post, seconds: float) -> list[int]:
    left: list[int] = []
    Deferred.fromCoroutine(post.callbacks.flush(seconds)).addCallback(left.append)
    return left


def test_flush_waits_for_what_is_under_way(post: Post) -> None:
    answer: Deferred[Result] = Deferred()
    post.sink.hanging["CA1-0"] = answer
    post.put(*events_of("CA1"))
    left = flushed(post, 30)
    assert left == []
    post.clock.advance(5)
    answer.callback(None)
    assert left == [0]


def test_flush_tries_what_pauses_once_more(post: Post) -> None:
    post.sink.results["CA1-0"] = ["busy", "busy", "busy", None]
    post.sink.results["CA2-0"] = ["busy"]
    post.put(an_event(), an_event(call_sid="CA2"))
    post.clock.pump([1, 2])
    assert flushed(post, 30) == [1]
    assert post.callbacks.delivered == 1


def test_flush_ends_in_time_and_says_what_is_left(post: Post) -> None:
    post.sink.hanging["CA1-0"] = Deferred()
    post.put(*events_of("CA1"))
    left = flushed(post, 5)
    post.clock.advance(5)
    assert left == [4]


def test_flush_of_nothing_is_over_at_once(post: Post) -> None:
    assert flushed(post, 5) == [0]


def test_a_thousand_legs_leave_nothing_behind(post: Post) -> None:
    for number in range(1_000):
        post.put(*events_of(f"CA{number}"))
    assert post.callbacks.delivered == 4_000
