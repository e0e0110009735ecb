"""Two legs joined: re-offers pass through, keys that did not travel as media are pressed again.

A re-offer is a small conversation of its own (RFC 3261 section 14, RFC 3264 section 8):

    STEADY --re-INVITE from one--> OFFERING --2xx with answer--> STEADY
                                      |------- 2xx with offer --> CONFIRMING --ACK--> STEADY
                                      '------- refused ---------> STEADY, all as it was

Media is aimed anew only when both sides have agreed.
"""

from __future__ import annotations

from enum import auto

from b2bua.call.effects import (
    Acknowledge,
    AimAt,
    AnswerReoffer,
    Effect,
    LegId,
    RefuseReoffer,
    Reoffer,
    Unwatch,
    Watch,
)
from b2bua.call.vocabulary import (
    ReofferAnswered,
    ReofferConfirmed,
    Reoffered,
    ReofferRefused,
    ReofferWithdrawn,
)
from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sdp.description import Description
from b2bua.sdp.negotiate import is_answer_to


def sends_media(sdp: Description) -> bool:
    """Whether the side that wrote `sdp` said that it sends RTP (hold is silent, T.38 may be)."""
    return any(
        media.is_rtp and not media.rejected and sdp.direction_of(line).sends
        for line, media in enumerate(sdp.media)
    )


class State(Symbol):
    """Where the current re-offer stands."""

    STEADY = auto()
    OFFERING = auto()
    CONFIRMING = auto()


class Input(Symbol):
    """What either leg says of it."""

    REOFFERED = auto()
    WITHDRAWN = auto()
    ANSWERED = auto()
    OFFERED_BACK = auto()
    REFUSED = auto()
    CONFIRMED = auto()


class Bridge:
    """The caller's leg and the winner's, and the re-offer under way, if any."""

    __slots__ = ("a", "asking", "b", "block_digits", "offered", "returned", "state")

    def __init__(self, a: LegId, b: LegId, block_digits: str = "") -> None:
        self.a, self.b = a, b
        self.block_digits = block_digits
        self.state = State.STEADY
        self.asking: LegId | None = None
        self.offered: Description | None = None
        self.returned: Description | None = None

    def other(self, leg: LegId) -> LegId:
        """Return the leg that `leg` is joined with."""
        return self.b if leg == self.a else self.a

    def aim(self, leg: LegId, sdp: Description) -> tuple[Effect, ...]:
        """Aim a leg's media, and expect media from it unless it said that it sends none."""
        blocked = self.block_digits if leg == self.a else ""
        watch: Effect = Watch(leg) if sends_media(sdp) else Unwatch(leg)
        return (AimAt(leg, sdp, blocked), watch)

    def hear(self, leg: LegId, word: object) -> tuple[Effect, ...]:
        """Take what a leg says of a re-offer; other words have no effect here."""
        match word:
            case Reoffered():  # a faulty one never comes here
                return step(TABLE, self, Input.REOFFERED, (leg, word.sdp))
            case ReofferWithdrawn():
                return step(TABLE, self, Input.WITHDRAWN, (leg, None))
            case ReofferAnswered(sdp, is_offer):
                if is_offer and self.asking is None:
                    return (*step(TABLE, self, Input.ANSWERED, (leg, None)), Acknowledge(leg, None))
                answered = Input.OFFERED_BACK if is_offer else Input.ANSWERED
                return step(TABLE, self, answered, (leg, sdp))
            case ReofferRefused():
                return step(TABLE, self, Input.REFUSED, (leg, word))
            case ReofferConfirmed(sdp):
                return step(TABLE, self, Input.CONFIRMED, (leg, sdp))
        return ()


Heard = tuple[LegId, Description | None]


def _pass_on(bridge: Bridge, heard: Heard) -> tuple[Effect, ...]:
    bridge.asking, bridge.offered = heard
    return (Reoffer(bridge.other(heard[0]), heard[1]),)


def _glare(_bridge: Bridge, heard: Heard) -> tuple[Effect, ...]:
    # RFC 3261 section 14.2: the other side's offer is still unanswered.
    return (RefuseReoffer(heard[0], 491, "Request Pending"),)


def _forget_asker(bridge: Bridge, heard: Heard) -> tuple[Effect, ...]:
    if bridge.asking == heard[0]:
        bridge.asking = None
    return ()


def _agree(bridge: Bridge, heard: Heard) -> tuple[Effect, ...]:
    leg, answer = heard
    asking, offered = bridge.asking, bridge.offered
    bridge.asking = bridge.offered = None
    if offered is None:
        return ()
    if asking is None:
        # Withdrawn meanwhile: the side that has just agreed is aimed, nobody is left to answer.
        return () if answer is None else bridge.aim(leg, answer)
    if answer is None or is_answer_to(offered, answer) is not None:
        # RFC 3261 section 14.1: a re-offer that comes to nothing leaves the session as it was.
        return (RefuseReoffer(asking, 488, "Not Acceptable Here"),)
    return (
        AnswerReoffer(asking, answer),
        *bridge.aim(asking, offered),
        *bridge.aim(leg, answer),
    )


def _return_offer(bridge: Bridge, heard: Heard) -> tuple[Effect, ...]:
    bridge.returned = heard[1]
    assert bridge.asking is not None
    return (AnswerReoffer(bridge.asking, heard[1]),)


def _confirm(bridge: Bridge, heard: Heard) -> tuple[Effect, ...]:
    leg, answer = heard
    returned, bridge.returned, bridge.asking = bridge.returned, None, None
    other = bridge.other(leg)
    if answer is None or returned is None:
        return (Acknowledge(other, None),)
    return (Acknowledge(other, answer), *bridge.aim(leg, answer), *bridge.aim(other, returned))


def _refuse(bridge: Bridge, heard: tuple[LegId, ReofferRefused]) -> tuple[Effect, ...]:
    asking, bridge.asking, bridge.offered = bridge.asking, None, None
    if asking is None:
        return ()
    return (RefuseReoffer(asking, heard[1].status, heard[1].reason),)


TABLE: Table[State, Input, Effect] = {
    (State.STEADY, Input.REOFFERED): (State.OFFERING, _pass_on),
    (State.STEADY, Input.WITHDRAWN): (State.STEADY, ignore),
    (State.STEADY, Input.ANSWERED): (State.STEADY, ignore),
    (State.STEADY, Input.OFFERED_BACK): (State.STEADY, ignore),
    (State.STEADY, Input.REFUSED): (State.STEADY, ignore),
    (State.STEADY, Input.CONFIRMED): (State.STEADY, ignore),
    (State.OFFERING, Input.REOFFERED): (State.OFFERING, _glare),
    (State.OFFERING, Input.WITHDRAWN): (State.OFFERING, _forget_asker),
    (State.OFFERING, Input.ANSWERED): (State.STEADY, _agree),
    (State.OFFERING, Input.OFFERED_BACK): (State.CONFIRMING, _return_offer),
    (State.OFFERING, Input.REFUSED): (State.STEADY, _refuse),
    (State.OFFERING, Input.CONFIRMED): (State.OFFERING, ignore),
    (State.CONFIRMING, Input.REOFFERED): (State.CONFIRMING, _glare),
    (State.CONFIRMING, Input.WITHDRAWN): (State.CONFIRMING, ignore),
    (State.CONFIRMING, Input.ANSWERED): (State.CONFIRMING, ignore),
    (State.CONFIRMING, Input.OFFERED_BACK): (State.CONFIRMING, ignore),
    (State.CONFIRMING, Input.REFUSED): (State.CONFIRMING, ignore),
    (State.CONFIRMING, Input.CONFIRMED): (State.STEADY, _confirm),
}
