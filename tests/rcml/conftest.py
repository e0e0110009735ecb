from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from b2bua.rcml.limits import DEFAULTS, Limits
from b2bua.rcml.router import RcmlRouter
from b2bua.routing.interfaces import Site
from tests.rcml.running import FALLBACK, VOICE, Run, number
from tests.support.fake_call import FakeCall, play_out
from tests.support.fake_web import FakeWeb


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock on which nothing may be left when the test is over."""
    clock = Clock()
    yield clock
    assert clock.getDelayedCalls() == []


@pytest.fixture
def web(clock: Clock) -> FakeWeb:
    return FakeWeb(clock)


@pytest.fixture
def call(clock: Clock) -> FakeCall:
    return FakeCall(clock, number(voice_fallback_url=FALLBACK))


@pytest.fixture
def run(clock: Clock, web: FakeWeb, call: FakeCall) -> Run:
    """Serve the voice document, run the call, and return when its router has ended."""

    def run(body: str | None = None, *, seconds: float = 3_600, limits: Limits = DEFAULTS) -> None:
        if body is not None:
            web.serve(VOICE, f"<Response>{body}</Response>")
        play_out(clock, RcmlRouter(Site(clock, web), limits).take(call), seconds)

    return run
