"""The relay in C and its twin in Python stand for the same contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred

from b2bua.media.relay import Relay
from tests.support.pure_relay import PureRelay
from tests.support.relay_rig import Rig


@pytest.fixture(params=[Relay, PureRelay], ids=["C", "Python"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = Rig(request.param)
    yield rig
    pytest_twisted.blockon(Deferred.fromCoroutine(rig.end()))
