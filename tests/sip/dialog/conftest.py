"""Play ladders: whatever a ladder does, the session ends once, last, and leaves no timer."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.events import Ended
from b2bua.sip.dialog.session import Session
from tests.support.ladder import Ladder, Play


@pytest.fixture
def play(clock: Clock) -> Play:
    """Return a function that plays a ladder to its end."""

    def played(session: Session, text: str) -> Ladder:
        ladder = Ladder(session, clock)
        ladder.play(text)
        assert [isinstance(event, Ended) for event in ladder.events].count(True) == 1
        assert isinstance(ladder.events[-1], Ended)
        return ladder

    return played
