"""Fixtures of the tests with other people's programs: the real reactor, and a stage for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred

from tests.interop.peers import Company


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Yield an empty stage; whoever was asked on it is gone after the test."""
    reactor: Any = real_reactor
    company = Company(reactor, tmp_path)
    yield company
    pytest_twisted.blockon(Deferred.fromCoroutine(company.clear()))
