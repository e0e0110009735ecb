"""New calls wait for everything else, and not for long."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from b2bua.net import arrivals
from b2bua.net.arrivals import Arrivals
from b2bua.net.local import Local
from b2bua.sip.message import Message, Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Malformed
from tests.support.messages import request

SOURCE, LOCAL = Hop("udp", "192.0.2.9", 5060), Local("udp", "192.0.2.1", 5060)


class Server:
    """Takes messages, each INVITE in `seconds`; notes what, and how long it had waited."""

    def __init__(self, clock: Clock, seconds: float = 0.004) -> None:
        self._clock, self._seconds = clock, seconds
        self.arrivals = Arrivals(clock, self._take)
        self.taken: list[str] = []
        self.waited: list[float] = []

    def arrive(self, *methods: str, to_tag: str | None = None) -> None:
        for method in methods:
            self.arrivals.message_received(request(method, to_tag=to_tag), SOURCE, LOCAL)

    def _take(self, message: Message | Malformed, _source: Hop, _local: Local) -> None:
        self.taken.append(message.method if isinstance(message, Request) else "other")
        self.waited.append(round(self.arrivals.waited, 3))
        if self.taken[-1] == "INVITE":
            self._clock.rightNow += self._seconds


def take_a_turn(clock: Clock) -> None:
    """Do what a reactor does between two looks at its sockets: what is due now, and no more."""
    [due] = clock.getDelayedCalls()
    do: Callable[[], None] = due.func  # type: ignore[attr-defined]
    due.cancel()
    do()


def test_everything_else_overtakes_a_new_invite(clock: Clock) -> None:
    server = Server(clock)
    server.arrive("INVITE", "OPTIONS", "ACK", "BYE", "INFO")
    server.arrivals.message_received(Malformed(400, "no message"), SOURCE, LOCAL)
    assert server.taken == ["OPTIONS", "ACK", "BYE", "INFO", "other"]
    clock.advance(0)
    assert server.taken[-1] == "INVITE"


def test_an_invite_of_a_call_does_not_wait(clock: Clock) -> None:
    server = Server(clock)
    server.arrive("INVITE", to_tag="b")
    assert server.taken == ["INVITE"]


def test_a_cancel_does_not_overtake_its_invite(clock: Clock) -> None:
    server = Server(clock)
    server.arrive("INVITE", "CANCEL")
    clock.advance(0)
    server.arrive("CANCEL")
    assert server.taken == ["INVITE", "CANCEL", "CANCEL"]


def test_after_a_few_the_sockets_are_read_again(clock: Clock) -> None:
    server = Server(clock)
    server.arrive(*["INVITE"] * 7)
    taken = []
    while len(server.taken) < 7:
        take_a_turn(clock)
        taken.append(len(server.taken))
    assert taken == [3, 6, 7]


def test_how_long_it_waited_is_known_while_it_is_taken(clock: Clock) -> None:
    server = Server(clock)
    server.arrive("INVITE", "INVITE")
    clock.rightNow += 0.5
    assert server.arrivals.waited == 0.5
    clock.advance(0)
    assert server.waited == [0.5, 0.504]
    assert server.arrivals.waited == 0


def test_beyond_a_bound_nothing_waits(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_WAITING", 2)
    server = Server(clock)
    server.arrive(*["INVITE"] * 3)
    assert server.taken == ["INVITE"]
    clock.advance(0)
    assert server.taken == ["INVITE"] * 3


def test_what_waits_is_forgotten_when_it_stops(clock: Clock) -> None:
    server = Server(clock)
    server.arrive("INVITE")
    server.arrivals.stop()
    clock.advance(1)
    assert server.taken == []
    server.arrivals.stop()
