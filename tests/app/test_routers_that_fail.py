"""A router is a third party's code: what it does wrong ends its call and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from twisted.internet.task import Clock
from zope.interface import implementer

from b2bua.routing.interfaces import Call, IRouter, Party
from b2bua.routing.plan import Ring, Speech, Target
from tests.support.flow import Flow

HEAD = """
phone b 200
0.00 a -> INVITE 200
0.00 a <- 100
"""
Take = Callable[[Call], Awaitable[None]]


@implementer(IRouter)
class Router:
    """Does what a test tells it to."""

    def __init__(self, take: Take) -> None:
        self.take = take


def play(clock: Clock, take: Take, ladder: str) -> Flow:
    """Play `ladder` with `take` as the router of every call."""
    flow = Flow(HEAD + ladder, clock)
    flow.switchboard.reread(flow.settings, {"static": Router(take), "rcml": Router(take)})
    flow.play()
    assert flow.complaints() == [], "\n".join(map(str, flow.heard))
    flow.drain()
    assert flow.leftovers() == {}
    return flow


def test_a_router_that_raises_makes_500(clock: Clock) -> None:
    async def take(_call: Call) -> None:
        raise ZeroDivisionError

    play(clock, take, "0.00 a <- 500")


def test_a_router_that_raises_after_the_answer_hangs_up(clock: Clock) -> None:
    async def take(call: Call) -> None:
        await call.play(Speech("one two three"))
        raise ZeroDivisionError

    play(clock, take, "0.00 a <- 200\n0.00 media <- a play 1.20\n1.20 a <- BYE")


def test_a_router_that_does_nothing_makes_480(clock: Clock) -> None:
    async def take(_call: Call) -> None:
        pass

    play(clock, take, "0.00 a <- 480")


def test_a_router_need_not_notice_that_the_caller_went(clock: Clock) -> None:
    seen: list[str] = []

    async def take(call: Call) -> None:
        try:
            await call.play(Speech("one two three four five"), loop=0)
        finally:
            seen.append(call.leg.status.value)

    play(clock, take, "0.00 a <- 200\n0.00 media <- a loop\n3.00 a -> BYE")
    assert seen == ["completed"]


def test_a_second_ring_at_once_is_the_routers_defect(clock: Clock) -> None:
    async def take(call: Call) -> None:
        ring = Ring((Target(uri="sip:200@192.0.2.2"),), answer_on_bridge=True)
        pending = call.ring(ring).__await__()
        next(pending)
        with pytest.raises(RuntimeError, match="one set of targets"):
            await call.ring(ring)
        raise ZeroDivisionError

    play(clock, take, "0.00 b <- INVITE\n0.00 b <- CANCEL\n0.00 b <- ACK\n0.00 a <- 500")


def test_a_screen_that_raises_declines(clock: Clock) -> None:
    async def screen(_party: Party) -> bool:
        raise ZeroDivisionError

    async def take(call: Call) -> None:
        target = Target(uri="sip:200@192.0.2.2", screen=screen)
        outcome = await call.ring(Ring((target,), answer_on_bridge=True))
        assert outcome.screen_declined
        await call.refuse(603, "Decline")

    ladder = "0.00 b <- INVITE\n1.00 b -> 200\n1.00 b <- ACK\n1.00 b <- BYE\n1.00 a <- 603"
    play(clock, take, ladder)


def test_a_screen_may_take_no_longer_than_its_limit(clock: Clock) -> None:
    async def screen(party: Party) -> bool:
        await party.pause(1_000)
        return True

    async def take(call: Call) -> None:
        target = Target(uri="sip:200@192.0.2.2", screen=screen, screen_timeout=60)
        await call.ring(Ring((target,), answer_on_bridge=True))

    ladder = "0.00 b <- INVITE\n1.00 b -> 200\n1.00 b <- ACK\n61.0 b <- BYE\n61.0 a <- 480"
    play(clock, take, ladder)
