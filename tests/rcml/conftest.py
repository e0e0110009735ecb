from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

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
