"""Events of legs, and a sink that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.callbacks.delivery import Callbacks, DeliveryLimits
from b2bua.callbacks.interfaces import AnyEvent, StatusEvent, Undelivered
from b2bua.routing.plan import Direction, Event, LegFacts, Status, StatusPlan

ACCOUNT = "AC00000000000000000000000000000001"

STATUS = {
    Event.INITIATED: Status.INITIATED,
    Event.RINGING: Status.RINGING,
    Event.ANSWERED: Status.IN_PROGRESS,
    Event.COMPLETED: Status.COMPLETED,
}


def an_event(
    event: Event = Event.COMPLETED,
    *,
    call_sid: str = "CA1",
    account_sid: str = ACCOUNT,
    sequence: int = 0,
    url: str = "http://app.example/status",
    method: str = "POST",
    duration: int | None = None,
    sip_status: int | None = None,
    error: tuple[int, str] | None = None,
    status: Status | None = None,
) -> StatusEvent:
    leg = LegFacts(
        call_sid=call_sid,
        account_sid=account_sid,
        direction=Direction.OUTBOUND_DIAL,
        status=status or STATUS[event],
        from_="+15551230001",
        to="+15551230002",
        parent_call_sid="CA0",
        sip_call_id="abc@b2bua",
    )
    return StatusEvent(
        StatusPlan(url, method, frozenset(Event)),
        leg,
        event,
        sequence,
        1_282_266_822.75,
        f"{call_sid}-{sequence}",
        duration,
        sip_status,
        error,
    )


def events_of(call_sid: str, url: str = "http://app.example/status") -> list[StatusEvent]:
    """The four events of a leg that was answered."""
    return [
        an_event(event, call_sid=call_sid, sequence=number, url=url)
        for number, event in enumerate(Event)
    ]


Result = Undelivered | str | None


@dataclass
class PlannedSink:
    """Notes each try as (seconds, call, sequence).

    A try of a token in `results` takes the next of its results, the last one again and again; one
    in `hanging` gets none until its Deferred fires.
    """

    clock: Clock
    results: dict[str, list[Result]] = field(default_factory=dict)
    hanging: dict[str, Deferred[Result]] = field(default_factory=dict)
    tries: list[tuple[float, str, int]] = field(default_factory=list)
    judge: Callable[[AnyEvent], Result] | None = None
    taken: list[tuple[str, int]] = field(default_factory=list)

    async def post(self, event: AnyEvent) -> Result:
        self.tries.append((self.clock.seconds(), event.call_sid, event.sequence))
        if event.token in self.hanging:
            return await self.hanging[event.token]
        if self.judge is not None:
            result = self.judge(event)
            if result is None:
                self.taken.append((event.call_sid, event.sequence))
            return result
        results = self.results.get(event.token, [None])
        return results.pop(0) if len(results) > 1 else results[0]

    @property
    def order(self) -> list[tuple[str, int]]:
        return [(call_sid, sequence) for _, call_sid, sequence in self.tries]

    def times_of(self, sequence: int) -> list[float]:
        return [at for at, _, number in self.tries if number == sequence]


@dataclass
class Post:
    """Callbacks on a clock, towards a planned sink."""

    clock: Clock = field(default_factory=Clock)
    limits: DeliveryLimits = field(default_factory=DeliveryLimits)
    chance: float = 0.0
    hold_of: Callable[[str], float | None] = lambda _account_sid: None

    def __post_init__(self) -> None:
        self.sink = PlannedSink(self.clock)
        self.callbacks = Callbacks(
            self.clock,
            self.sink,
            random_=lambda: self.chance,
            limits=self.limits,
            hold_of=self.hold_of,
        )

    def put(self, *events: StatusEvent) -> None:
        for event in events:
            self.callbacks.put(event)
        self.clock.advance(0)

    def is_clean(self) -> bool:
        return (
            self.callbacks.pending == 0
            and self.callbacks.in_flight == 0
            and self.callbacks.mailboxes == 0
            and self.clock.getDelayedCalls() == []
        )


@pytest.fixture
def post() -> Iterator[Post]:
    post = Post()
    yield post
    assert post.is_clean()
