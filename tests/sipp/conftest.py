"""Fixtures of the SIPp scenarios: the real reactor, and a stage that clears itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred

from tests.sipp.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Yield an empty stage; whatever was put on it is stopped after the test."""
    reactor: Any = real_reactor
    stage = Stage(reactor, tmp_path)
    yield stage
    pytest_twisted.blockon(Deferred.fromCoroutine(stage.clear()))
