"""A client on an Internet in memory; nothing may be left when a test is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import globalLogPublisher

from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from b2bua.webhooks.limits import Limits
from tests.support.internet import Internet

TOKEN = "2bb80d537b1da3e38bd30361aa855686"
ACCOUNT = "AC00000000000000000000000000000001"
CALL = "CA00000000000000000000000000000001"
PUBLIC = "93.184.216.34"
ELSEWHERE = "151.101.1.1"


@dataclass
class Browser:
    """A client and the world it lives in."""

    internet: Internet = field(default_factory=Internet)
    limits: Limits = field(default_factory=Limits)
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.client = WebClient(
            self.internet,
            self.internet,
            {ACCOUNT: TOKEN}.get,
            EgressPolicy(self.allow, lambda _: False),
            self.limits,
            epoch=self.internet.seconds,
        )

    def fetch(
        self,
        url: str,
        method: str = "POST",
        fields: tuple[tuple[str, str], ...] = (),
        *,
        call_sid: str = CALL,
        limit_bytes: int = 65_536,
        headers: tuple[tuple[str, str], ...] = (),
        patient: bool = False,
    ) -> Answer | Fault:
        ask = Ask(url, method, fields, ACCOUNT, call_sid, headers, limit_bytes)
        web = self.client.patient if patient else self.client
        return self.internet.finish(web.fetch(ask))

    def answer(self, url: str, method: str = "POST", **rest: object) -> Answer:
        outcome = self.fetch(url, method, **rest)  # type: ignore[arg-type]
        assert isinstance(outcome, Answer), outcome
        return outcome

    def fault(self, url: str, method: str = "POST", **rest: object) -> Fault:
        outcome = self.fetch(url, method, **rest)  # type: ignore[arg-type]
        assert isinstance(outcome, Fault), outcome
        return outcome


@pytest.fixture(autouse=True)
def no_failure_logged() -> Iterator[None]:
    """Nothing a server does is worth a traceback."""
    observer = EventLoggingObserver()
    globalLogPublisher.addObserver(observer)
    yield
    globalLogPublisher.removeObserver(observer)
    assert not [event for event in observer if "log_failure" in event]


Test = Callable[[], Awaitable[None]]


def on_the_reactor(test: Test) -> Callable[[], Deferred[None]]:
    """Run a coroutine as a test on the real reactor."""
    wrapped: Callable[[], Deferred[None]] = pytest_twisted.ensureDeferred(test)
    return wrapped


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    assert_nothing_left(browser)


def assert_nothing_left(browser: Browser) -> None:
    browser.client.close()
    browser.internet.advance(0)
    assert browser.client.in_flight == 0
    assert browser.internet.open_wires == 0
    assert browser.internet.getDelayedCalls() == []
