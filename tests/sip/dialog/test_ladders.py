"""Every ladder in `ladders/` leads where it says, and to an end: once, last, with no timer left.

A file names its session, may begin with steps that all of its ladders share, and goes on with
ladders, each below a line `= what it claims`.  What a step looks like is in `tests.support.ladder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.effects import Effect
from b2bua.sip.dialog.events import Ended
from b2bua.sip.dialog.session import Session, State
from b2bua.sip.dialog.session_timer import TimerPolicy
from tests.support.ladder import Ladder, incoming, outgoing, request

CREDENTIALS = ("us", "secret")
RELIABLE = ("Require: 100rel", "Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE")
SESSIONS: dict[str, Callable[[], Session]] = {
    "outgoing": outgoing,
    "outgoing-late-offer": lambda: outgoing(sdp=None),
    "outgoing-with-credentials": lambda: outgoing(credentials=CREDENTIALS),
    "outgoing-with-realm": lambda: outgoing(credentials=CREDENTIALS, realm="another"),
    "incoming": incoming,
    "incoming-late-offer": lambda: incoming(request("INVITE")),
    "outgoing-timer": lambda: outgoing(policy=TimerPolicy(300)),
    "incoming-timer": lambda: incoming(
        request("INVITE", sdp=True, extra=("Supported: timer", "Session-Expires: 300"))
    ),
    "incoming-timer-of-ours": lambda: incoming(policy=TimerPolicy(300)),
    "incoming-reliable": lambda: incoming(request("INVITE", sdp=True, extra=RELIABLE)),
    "incoming-reliable-late-offer": lambda: incoming(request("INVITE", extra=RELIABLE)),
}
TOO_LATE: list[Callable[[Session], list[Effect]]] = [
    lambda session: session.hang_up(),
    lambda session: session.reoffer(b""),
    lambda session: session.acknowledge(b""),
    lambda session: session.answer_reoffer(b""),
    lambda session: session.refuse_reoffer(488),
    lambda session: session.info("text/plain", b"5"),
]


def ladders() -> Iterator[object]:
    """Yield each ladder with the name of its session."""
    for path in sorted((Path(__file__).parent / "ladders").glob("*.ladder")):
        head, *parts = path.read_text("ascii").split("\n= ")
        lines = [line for line in head.splitlines() if not line.startswith("#")]
        session = lines[0].removeprefix("session ")
        for part in parts:
            claim, _, steps = part.partition("\n")
            text = "\n".join([*lines[1:], steps])
            yield pytest.param(session, text, id=f"{path.stem}: {claim}")


@pytest.mark.parametrize(("session", "steps"), [*ladders()])
def test_a_ladder(clock: Clock, session: str, steps: str) -> None:
    ladder = Ladder(SESSIONS[session](), clock)
    ladder.play(steps)
    assert [isinstance(event, Ended) for event in ladder.events].count(True) == 1
    assert isinstance(ladder.events[-1], Ended)
    assert ladder.session.state is State.ENDED
    assert [effect for command in TOO_LATE for effect in command(ladder.session)] == []
