"""Fixtures for all tests: time is virtual, and no timer may outlive its test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Yield a clock that stands still until it is advanced."""
    clock = Clock()
    yield clock
    assert clock.getDelayedCalls() == [], "a forgotten timer is a leak"
