"""What a call may ask of the world.  `app/switchboard.py` performs these, and nobody else.

A description in an effect is the other side's (or one of ours without an address): whoever
performs the effect anchors it at the relay ports of the leg it is told to.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.machine import Symbol
from b2bua.routing.plan import Event, LegFacts, Outcome, Recording, StatusPlan, Target
from b2bua.routing.taping import TapePlan
from b2bua.sdp.description import Description

LegId = str
"""The `CallSid` of a leg."""


class Elsewhere(Symbol):
    """Why a leg is let go; decides its Reason header (rcml.md D-10, RFC 3326)."""

    ANSWERED_ELSEWHERE = "answered elsewhere"
    NO_REASON = "no reason"


class Clock(Symbol):
    """The timers of a call, by what they bound."""

    RING = "ring"
    SCREEN = "screen"
    LIMIT = "limit"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """Send an INVITE to `target`; `sdp` None: without an offer.

    `caller_id` is the caller's own identity when empty.
    """

    leg: LegId
    call_id: str
    target: Target
    sdp: Description | None
    caller_id: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """Tell the caller that it rings: 180-189, with early media when there is a description."""

    leg: LegId
    status: int
    sdp: Description | None = None


@dataclass(frozen=True, slots=True)
class AnswerLeg:
    """Send the 200; `sdp` is the answer, or our offer when the INVITE had none."""

    leg: LegId
    sdp: Description | None


@dataclass(frozen=True, slots=True)
class RefuseLeg:
    """Answer the caller with a final refusal, 300-699."""

    leg: LegId
    status: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LetGo:
    """End the leg, whatever state it is in: CANCEL, or ACK and BYE (RFC 3261 sections 9.1, 15).

    `said` is the Reason of whom it talked to or would have, "" for none of that.
    """

    leg: LegId
    why: Elsewhere = Elsewhere.NO_REASON
    said: str = ""


@dataclass(frozen=True, slots=True)
class Reoffer:
    """Send a re-INVITE; `sdp` None: without an offer."""

    leg: LegId
    sdp: Description | None


@dataclass(frozen=True, slots=True)
class AnswerReoffer:
    """Answer the peer's re-INVITE with 200."""

    leg: LegId
    sdp: Description | None


@dataclass(frozen=True, slots=True)
class RefuseReoffer:
    """Refuse the peer's re-INVITE; the session stays as it was."""

    leg: LegId
    status: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Send the ACK that carries the answer to an offer in a 2xx."""

    leg: LegId
    sdp: Description | None


@dataclass(frozen=True, slots=True)
class AcceptReferral:
    """Accept the leg's REFER, and tell it at once that this has come to `status` (RFC 3515)."""

    leg: LegId
    status: int = 200


@dataclass(frozen=True, slots=True)
class RefuseReferral:
    """Refuse the leg's REFER."""

    leg: LegId
    status: int


@dataclass(frozen=True, slots=True)
class AimAt:
    """Send this leg's media where `sdp`, its peer's description, says."""

    leg: LegId
    sdp: Description
    block_digits: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Pass media between two legs, line by line."""

    a: LegId
    b: LegId


@dataclass(frozen=True, slots=True)
class Unlink:
    """Stop passing this leg's media."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class StartRingback:
    """Let the caller hear that it rings: a country's tone, or a recording."""

    leg: LegId
    ringback: str | Recording


@dataclass(frozen=True, slots=True)
class StopRingback:
    """Be quiet on the caller's leg."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class BeginTape:
    """Record the conversation of this caller from now on."""

    caller: LegFacts
    plan: TapePlan


@dataclass(frozen=True, slots=True)
class TapeLeg:
    """Let the caller's recording have what this leg says; `is_bridged`: it is whom it talks to."""

    leg: LegId
    is_bridged: bool = False


@dataclass(frozen=True, slots=True)
class EndTape:
    """End the recording, if one is under way."""

    caller: LegId


@dataclass(frozen=True, slots=True)
class Watch:
    """Tell when the leg's media has been silent for long; `early`: before the answer."""

    leg: LegId
    early: bool = False


@dataclass(frozen=True, slots=True)
class Unwatch:
    """Expect no media from this leg (hold)."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class SendKey:
    """Press one key towards this leg."""

    leg: LegId
    key: str


@dataclass(frozen=True, slots=True)
class CloseMedia:
    """Give this leg's ports back."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class StartScreen:
    """Run the target's private conversation with this leg."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class StopScreen:
    """End that conversation: its party is gone."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class HearKey:
    """Hand one key to whoever converses with this leg."""

    leg: LegId
    key: str


@dataclass(frozen=True, slots=True)
class Arm:
    """Come back after `seconds`; replaces the same clock of the same leg."""

    clock: Clock
    leg: LegId
    seconds: float


@dataclass(frozen=True, slots=True)
class Disarm:
    """Forget that clock; harmless when it is not armed."""

    clock: Clock
    leg: LegId


@dataclass(frozen=True, slots=True)
class Report:
    """One step of one leg that the application asked to hear of (rcml.md section 6)."""

    plan: StatusPlan
    leg: LegFacts
    event: Event
    sequence: int
    duration: int | None = None
    sip_status: int | None = None
    error: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One step of one leg, whoever asked to hear of it: what the record of the call is made of.

    `plan` says who wants to hear of the leg, and `sequence` is the number of the next report.
    """

    leg: LegFacts
    event: Event
    duration: int | None = None
    plan: StatusPlan | None = None
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class AskRouter:
    """The one we called for ourselves has answered: the call is its router's from now on."""


@dataclass(frozen=True, slots=True)
class RingOver:
    """The router's `ring` returns."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller's leg is over: whatever the router awaits of it raises `Gone`."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something an operator or the application's author should know (rcml.md 7.4)."""

    leg: LegId
    code: int
    text: str


Effect = (
    OpenLeg
    | Alert
    | AnswerLeg
    | RefuseLeg
    | LetGo
    | Reoffer
    | AnswerReoffer
    | RefuseReoffer
    | Acknowledge
    | AcceptReferral
    | RefuseReferral
    | AimAt
    | Link
    | Unlink
    | StartRingback
    | StopRingback
    | BeginTape
    | TapeLeg
    | EndTape
    | Watch
    | Unwatch
    | SendKey
    | CloseMedia
    | StartScreen
    | StopScreen
    | HearKey
    | Arm
    | Disarm
    | Report
    | Recorded
    | AskRouter
    | RingOver
    | CallerGone
    | Note
)
