"""A leg is a boundary: a defect in its session ends the leg, and the call is told."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from b2bua.app.live_leg import DEFECT, LiveLeg
from b2bua.call.leg import Leg
from b2bua.call.vocabulary import HungUp, Word
from b2bua.sdp.description import read_description
from b2bua.sip.dialog.effects import Arm, Effect, Report, Timer
from b2bua.sip.dialog.events import Cause, Ended


class Broken:
    """A session whose every input fails; `hang_up` works unless it is `wholly` broken."""

    def __init__(self, *, wholly: bool) -> None:
        self._wholly = wholly

    def ack(self, _request: object) -> list[Effect]:
        raise ZeroDivisionError

    def start(self) -> list[Effect]:
        return [Arm(Timer.ACK, 10.0)]

    def hang_up(self, _reason: str | None = None) -> list[Effect]:
        if self._wholly:
            raise ZeroDivisionError
        return [Report(Ended(Cause.LOCAL_BYE))]


class NoLines:
    """The media of a leg that has none."""

    def close(self) -> None:
        pass


class Clocked:
    """What a leg needs of its equipment here: a clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock


def broken_leg(clock: Clock, *, wholly: bool) -> tuple[list[Word], list[str]]:
    """Let a leg with a timer get an ACK that its session breaks on; return what it said."""
    said: list[Word] = []
    ended: list[str] = []
    equipment: Any = Clocked(clock)
    session: Any = Broken(wholly=wholly)
    lines: Any = NoLines()
    leg = LiveLeg(
        "CA1",
        "CA1",
        ("id", "tag"),
        session,
        Leg(read_description),
        lines,
        equipment,
        say=lambda _leg, word: said.append(word),
        ended=lambda each: ended.append(each.sid),
    )
    leg.take(session.start)
    leg.take(lambda: session.ack(None))
    leg.take(lambda: session.ack(None))
    return said, ended


def test_a_session_that_breaks_is_hung_up(clock: Clock) -> None:
    said, ended = broken_leg(clock, wholly=False)
    assert [type(word) for word in said] == [HungUp]
    assert ended == ["CA1"]


def test_a_session_that_cannot_even_hang_up_ends_all_the_same(clock: Clock) -> None:
    said, ended = broken_leg(clock, wholly=True)
    assert said == [HungUp(DEFECT[1], DEFECT)]
    assert ended == ["CA1"]
