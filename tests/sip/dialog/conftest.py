"""Play ladders: whatever a ladder does, the session ends once, last, and leaves no timer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.effects import Effect
from b2bua.sip.dialog.events import Ended
from b2bua.sip.dialog.session import Session, State
from tests.support.ladder import Ladder, Play

_TOO_LATE: list[Callable[[Session], list[Effect]]] = [
    lambda session: session.hang_up(),
    lambda session: session.reoffer(b""),
    lambda session: session.acknowledge(b""),
    lambda session: session.answer_reoffer(b""),
    lambda session: session.refuse_reoffer(488),
    lambda session: session.info("text/plain", b"5"),
]


@pytest.fixture
def play(clock: Clock) -> Play:
    """Return a function that plays a ladder to its end."""

    def played(session: Session, text: str) -> Ladder:
        ladder = Ladder(session, clock)
        ladder.play(text)
        assert [isinstance(event, Ended) for event in ladder.events].count(True) == 1
        assert isinstance(ladder.events[-1], Ended)
        assert session.state is State.ENDED
        assert [effect for command in _TOO_LATE for effect in command(session)] == []
        return ladder

    return played
