"""A leg's callbacks from `put` to the customer's server, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from twilio.request_validator import RequestValidator

from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.http import HttpSink
from b2bua.callbacks.interfaces import Letter, Unkept
from b2bua.callbacks.window import Window
from b2bua.routing.plan import Ask, Event
from b2bua.webhooks.client import PatientWeb, WebClient
from b2bua.webhooks.egress import EgressPolicy
from tests.callbacks.conftest import ACCOUNT, an_event, events_of
from tests.support.internet import Internet
from tests.support.web_server import Customer, Reply

TOKEN = "2bb80d537b1da3e38bd30361aa855686"
PUBLIC = "93.184.216.34"


class Slow(Unkept):
    """Keeps that a letter has arrived only when told to."""

    def __init__(self) -> None:
        self.to_commit: list[Callable[[], None]] = []

    def remove(self, letter: Letter, kept: Callable[[], None]) -> None:
        self.to_commit.append(kept)


class World:
    def __init__(self, window: Window | None = None, *, is_slow: bool = False) -> None:
        window = window or Window()
        self.disk = Slow()
        self.internet = Internet()
        self.web = WebClient(
            self.internet,
            self.internet,
            {ACCOUNT: TOKEN}.get,
            EgressPolicy(is_own=lambda _: False),
            epoch=self.internet.seconds,
        )
        self.callbacks = Callbacks(
            self.internet,
            HttpSink(PatientWeb(self.web, window.enter), self.internet.seconds),
            random_=lambda: 0.0,
            outbox=self.disk if is_slow else None,
            window=window,
        )

    def commit(self) -> None:
        """Let the disk do what it was asked so far."""
        to_commit, self.disk.to_commit = self.disk.to_commit, []
        for kept in to_commit:
            kept()

    def end(self) -> None:
        """See that nothing is left."""
        self.commit()
        self.web.close()
        self.internet.advance(0)
        callbacks, web = self.callbacks, self.web
        assert (callbacks.pending, callbacks.in_flight, web.in_flight) == (0, 0, 0)
        assert callbacks.mailboxes == 0
        assert self.internet.open_wires == 0
        assert self.internet.getDelayedCalls() == []

    def serve(self, *replies: Reply, host: str = "app.example", address: str = PUBLIC) -> Customer:
        customer = Customer(*replies)
        self.internet.serve(address, 80, customer.site(self.internet), host)
        return customer


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.end()


def test_a_leg_s_four_events_arrive_in_order_over_one_connection(world: World) -> None:
    customer = world.serve()
    for event in events_of("CA1"):
        world.callbacks.put(event)
    world.internet.advance(0)
    assert [dict(seen.fields)["CallStatus"] for seen in customer.seen] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [dict(seen.fields)["SequenceNumber"] for seen in customer.seen] == list("0123")
    assert len(world.internet.dialled) == 1
    validator = RequestValidator(TOKEN)
    assert all(
        validator.validate(seen.url, dict(seen.fields), seen.headers["x-twilio-signature"])
        for seen in customer.seen
    )


def test_scenario_10(world: World) -> None:
    customer = world.serve(Reply(503), Reply(503), Reply(200))
    event = an_event(url="http://app.example/x?a=1#rc=2&rp=5xx", method="GET")
    world.callbacks.put(event)
    world.internet.advance(0)
    assert world.callbacks.delivered == 1
    assert len(customer.seen) == 3
    assert {seen.headers["i-twilio-idempotency-token"] for seen in customer.seen} == {event.token}
    validator = RequestValidator(TOKEN)
    for seen in customer.seen:
        assert seen.method == "GET"
        assert seen.uri.startswith("/x?a=1&CallSid=CA1&")
        assert "#" not in seen.uri
        assert validator.validate(seen.url, {}, seen.headers["x-twilio-signature"])


def test_scenario_11(world: World) -> None:
    """A receiver that hangs for 15 s delays neither `put`, nor other legs, nor documents."""
    hanging = world.serve(Reply(0))
    hanging.by_path["/voice"] = Reply(200)
    healthy = world.serve(host="ok.example", address="93.184.216.35")
    for number in range(50):
        world.callbacks.put(an_event(Event.INITIATED, call_sid=f"CA{number}"))
    for event in events_of("CA99", url="http://ok.example/status"):
        world.callbacks.put(event)
    world.internet.advance(0)
    assert len(healthy.seen) == 4
    ask = Ask("http://app.example/voice", account_sid=ACCOUNT)
    document = world.internet.finish(world.web.fetch(ask))
    assert document.status == 200
    assert world.internet.seconds() == 0
    world.internet.finish(world.callbacks.flush(1))


def test_a_503_is_tried_again_with_the_same_token_and_timestamp(world: World) -> None:
    customer = world.serve(Reply(503, b"", {"Retry-After": "7"}), Reply(204, b"", {}))
    world.callbacks.put(an_event())
    world.internet.pump([0, 6.9])
    assert len(customer.seen) == 1
    world.internet.advance(0.1)
    first, second = customer.seen
    assert first.body == second.body
    assert (
        first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]
    )
    assert world.callbacks.delivered == 1


def test_waiting_for_a_slow_receiver_s_attention_is_no_failed_try(world: World) -> None:
    customer = world.serve(*[Reply(0)] * 16, Reply(200))
    for number in range(24):
        world.callbacks.put(an_event(call_sid=f"CA{number}"))
    world.internet.pump([0, 10, 10, 10])
    assert [dict(seen.fields)["CallSid"] for seen in customer.seen[16:24]] == [
        f"CA{number}" for number in range(16, 24)
    ]
    assert world.callbacks.delivered >= 8
    world.internet.pump([2, 2, 2])
    assert world.callbacks.delivered == 24


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_4xx_is_the_end(world: World, status: int) -> None:
    customer = world.serve(Reply(status))
    world.callbacks.put(an_event())
    world.internet.advance(100)
    assert len(customer.seen) == 1
    assert world.callbacks.dead == 1


def test_a_forbidden_url_reaches_nothing(world: World) -> None:
    canary = world.serve(address="127.0.0.1", host="localhost")
    world.callbacks.put(an_event(url="http://localhost/admin"))
    world.internet.advance(0)
    world.internet.finish(world.callbacks.flush(1))
    assert canary.seen == []
    assert world.internet.dialled == []


def test_a_receiver_s_document_is_not_run_and_may_be_large(world: World) -> None:
    world.serve(Reply(200, b"<Response>" + b"x" * 100_000))
    world.callbacks.put(an_event())
    world.internet.advance(0)
    assert world.callbacks.delivered == 1
