"""Transactions over a network that loses datagrams: each side hears everything exactly once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from b2bua.net.driver import ServerTransaction
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.transaction.effects import Why
from b2bua.sip.uri import Uri
from tests.support.messages import new_token
from tests.support.network import Address, MemoryNetwork
from tests.support.users import Caller, Host

Losing = Callable[[bytes, Address], bool]


def randomly(seed: int, share: float) -> Losing:
    """Lose a share of all datagrams."""
    choose = random.Random(seed)
    return lambda _data, _to: choose.random() < share


def first(count: int, start: bytes) -> Losing:
    """Lose the first `count` datagrams that begin with `start`."""
    left = [count]

    def lose(data: bytes, _to: Address) -> bool:
        if not data.startswith(start) or not left[0]:
            return False
        left[0] -= 1
        return True

    return lose


class Exchange:
    """One request from one host to another, which answers at once."""

    def __init__(self, clock: Clock, lose: Losing, method: str, status: int) -> None:
        self.clock = clock
        self.network = MemoryNetwork(clock, lose=lose)
        self.us = Host(clock, self.network, "192.0.2.1")
        self.peer = Host(clock, self.network, "192.0.2.2")
        self.caller = Caller()
        self.lost: list[ServerTransaction] = []
        self._status = status
        self.peer.user.react = self._answer
        headers = Headers(
            [
                ("From", "<sip:us@192.0.2.1>;tag=a"),
                ("To", "<sip:bob@192.0.2.2>"),
                ("Call-ID", new_token()),
                ("CSeq", f"1 {method}"),
                ("Max-Forwards", "70"),
            ]
        )
        request = Request(method, Uri("sip", "192.0.2.2", "bob"), headers)
        self.sent = self.us.driver.send_request(request, self.peer.hop(), self.caller)

    def _answer(self, transaction: ServerTransaction) -> None:
        transaction.on_lost = lambda: self.lost.append(transaction)
        transaction.respond(transaction.request.reply(self._status, to_tag="b"))

    def finish(self) -> None:
        """Let 100 seconds pass; then neither side may have anything left."""
        self.clock.pump([0.05] * 2000)
        assert self.us.is_at_rest
        assert self.peer.is_at_rest


@pytest.mark.parametrize("method", ["BYE", "INVITE"])
@pytest.mark.parametrize("seed", range(12))
def test_with_a_third_of_all_datagrams_lost_a_refusal_arrives_once(
    clock: Clock, method: str, seed: int
) -> None:
    exchange = Exchange(clock, randomly(seed, 0.33), method, 486)
    exchange.finish()
    assert len(exchange.peer.user.requests) == 1
    assert exchange.caller.statuses == [486]
    assert exchange.caller.failures == []


@pytest.mark.parametrize("seed", range(12))
def test_with_most_datagrams_lost_a_caller_that_gives_up_hears_one_end_and_nothing_remains(
    clock: Clock, seed: int
) -> None:
    """After a 100 nothing but the user's own patience ends an INVITE: here it has a minute."""
    exchange = Exchange(clock, randomly(seed, 0.85), "INVITE", 486)
    exchange.clock.pump([0.05] * 1200)
    exchange.sent.cancel()
    exchange.finish()
    assert len(exchange.peer.user.requests) <= 1
    assert len(exchange.caller.statuses) + len(exchange.caller.failures) == 1


@pytest.mark.parametrize("start", [b"INVITE", b"SIP/2.0 100", b"SIP/2.0 486", b"ACK"])
@pytest.mark.parametrize("count", [1, 2])
def test_any_message_of_a_refused_invite_may_be_lost_twice(
    clock: Clock, start: bytes, count: int
) -> None:
    exchange = Exchange(clock, first(count, start), "INVITE", 486)
    exchange.finish()
    assert exchange.caller.statuses == [486]
    assert exchange.lost == []


def test_when_every_ack_is_lost_the_server_says_so(clock: Clock) -> None:
    exchange = Exchange(clock, first(99, b"ACK"), "INVITE", 486)
    exchange.finish()
    assert exchange.caller.statuses == [486]
    assert len(exchange.lost) == 1


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_lost_cancel_is_sent_again(clock: Clock, count: int) -> None:
    exchange = Exchange(clock, first(count, b"CANCEL"), "INVITE", 180)
    clock.pump([0.01] * 4)
    exchange.sent.cancel()
    clock.pump([0.1] * 30)
    [invite] = exchange.peer.user.cancelled
    invite.respond(invite.request.reply(487, to_tag="b"))
    exchange.finish()
    assert exchange.caller.statuses == [180, 487]


def test_when_every_response_to_the_cancelled_invite_is_lost_it_ends_as_a_timeout(
    clock: Clock,
) -> None:
    exchange = Exchange(clock, first(999, b"SIP/2.0 487"), "INVITE", 180)
    clock.pump([0.01] * 4)
    exchange.sent.cancel()
    clock.pump([0.01] * 4)
    [invite] = exchange.peer.user.cancelled
    invite.respond(invite.request.reply(487, to_tag="b"))
    exchange.finish()
    assert exchange.caller.failures == [Why.TIMEOUT]
