"""A call's core with a caller and targets, and what it said, for tests that speak words to it."""

from __future__ import annotations

from itertools import count

from b2bua.call.call import Call
from b2bua.call.effects import (
    AnswerLeg,
    Effect,
    LetGo,
    OpenLeg,
    Report,
    RingOver,
)
from b2bua.call.vocabulary import Word
from b2bua.routing.plan import (
    Direction,
    Event,
    LegFacts,
    Ring,
    Status,
    StatusPlan,
    Target,
)
from b2bua.sdp.description import Description, read_description

A = "CA-a"
ALL_EVENTS = StatusPlan("http://app.example/s", "POST", frozenset(Event))


def description(formats: str = "0 101", direction: str = "sendrecv") -> Description:
    """Return a phone's description."""
    read = read_description(
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        + f"m=audio 4000 RTP/AVP {formats}\r\na=rtpmap:101 telephone-event/8000\r\n".encode()
        + f"a={direction}\r\n".encode()
    )
    assert isinstance(read, Description)
    return read


class Talk:
    """A call and everything it has asked for, in order."""

    def __init__(self, offered: Description | None) -> None:
        facts = LegFacts(A, "AC1", Direction.INBOUND, Status.RINGING, "+15550009999", "100")
        sids, call_ids = count(1), count(1)
        self.call = Call(
            facts, None, offered, lambda: f"CA-b{next(sids)}", lambda: f"id-{next(call_ids)}"
        )
        self.now = 0.0
        self.effects: list[Effect] = []
        self.take(self.call.start())

    def take(self, effects: list[Effect]) -> list[Effect]:
        """Keep what the call asks for."""
        self.effects += effects
        return effects

    def ring(self, *targets: Target, **traits: object) -> list[str]:
        """Let the router ring `targets`; return their legs."""
        self.take(self.call.ring(Ring(tuple(targets), **traits), self.now))  # type: ignore[arg-type]
        return [effect.leg for effect in self.effects if isinstance(effect, OpenLeg)]

    def hear(self, leg: str, word: Word) -> list[Effect]:
        """Let a leg say a word."""
        return self.take(self.call.hear(leg, word, self.now))

    def all(self, kind: type) -> list[Effect]:
        """Return every effect of one kind so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def reports(self, leg: str) -> list[tuple[Event, Status, int]]:
        """Return what the application was told of a leg."""
        return [
            (effect.event, effect.leg.status, effect.sequence)
            for effect in self.effects
            if isinstance(effect, Report) and effect.leg.call_sid == leg
        ]

    def told_of(self) -> list[str]:
        """Return every leg the application has been told of."""
        told = [effect for effect in self.effects if isinstance(effect, Report)]
        return sorted({report.leg.call_sid for report in told})

    def outcomes(self) -> list[RingOver]:
        """Return how often, and how, a `ring` has returned."""
        return [effect for effect in self.effects if isinstance(effect, RingOver)]


def number(digits: str, **traits: object) -> Target:
    """Return a target whose every step is reported."""
    return Target(number=digits, status=ALL_EVENTS, **traits)  # type: ignore[arg-type]


__all__ = ["ALL_EVENTS", "A", "AnswerLeg", "LetGo", "Talk", "description", "number"]
