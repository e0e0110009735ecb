"""One branch of a fork: a leg that is rung, may be screened, and may win (rcml.md sections 4, 5).

    WAITING --begins--> CALLING, or --impossible--> OVER

    CALLING --18x--> RINGING --200--> SCREENING --accepts--> ACCEPTED --hangs up--> OVER
       |                |                 |
       +-- refused -----+--> OVER         +-- declines, hangs up, let go --> OVER
       +-- let go, time over --> LEAVING -- refused, hung up --> OVER

An answered leg that we end is over at once; a ringing one that we CANCEL is LEAVING until its 487
comes, or the 200 that crossed it, which changes nothing (rule D-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import auto

from b2bua.call.effects import (
    AimAt,
    Arm,
    Clock,
    CloseMedia,
    Disarm,
    Effect,
    Elsewhere,
    LegId,
    LetGo,
    Note,
    OpenLeg,
    StartScreen,
    StopScreen,
    Watch,
)
from b2bua.call.record import End, LegRecord
from b2bua.call.refusals import BAD_DESCRIPTION, status_of_refusal
from b2bua.call.vocabulary import Answered, HungUp, Refused, Ringing
from b2bua.machine import Symbol, Table, ignore, step
from b2bua.routing.plan import Status, Target
from b2bua.sdp.description import Description
from b2bua.sdp.negotiate import is_answer_to

CANCELLED = 487
"""RFC 3261 section 21.4.25: what a leg that we cancelled answers."""


class State(Symbol):
    """Where a branch is."""

    WAITING = auto()
    CALLING = auto()
    RINGING = auto()
    SCREENING = auto()
    ACCEPTED = auto()
    LEAVING = auto()
    OVER = auto()


class Input(Symbol):
    """What its leg says, or the call decides."""

    BEGINS = auto()
    IMPOSSIBLE = auto()
    RINGS = auto()
    ANSWERS = auto()
    ANSWERS_BADLY = auto()
    REFUSES = auto()
    HANGS_UP = auto()
    ACCEPTS = auto()
    DECLINES = auto()
    LET_GO = auto()
    TIME_OVER = auto()


@dataclass(frozen=True, slots=True)
class Accepts:
    """This leg may be bridged: it needs no screen."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Why a branch is let go: what its phone is told, and what the application is."""

    why: Elsewhere = Elsewhere.NO_REASON
    error: tuple[int, str] | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Dialling:
    """How a branch begins; `timeout` is how long it may ring, in seconds."""

    offer: Description | None
    caller_id: str
    timeout: float


class Branch:
    """One leg of a fork.  `result` is its part in the status of the whole (rcml.md A-1, A-2)."""

    __slots__ = ("answer", "declined", "leaving_as", "rang", "record", "result", "state", "target")

    def __init__(self, target: Target, record: LegRecord) -> None:
        self.target = target
        self.record = record
        self.state = State.WAITING
        self.answer: Answered | None = None
        self.rang = False
        self.declined = False
        self.result: Status | None = None
        self.leaving_as = Status.CANCELED

    @property
    def leg(self) -> LegId:
        """The leg's CallSid."""
        return self.record.facts.call_sid

    @property
    def is_live(self) -> bool:
        """Whether it may still win, or has won."""
        return self.state not in (State.WAITING, State.LEAVING, State.OVER)

    @property
    def needs_screen(self) -> bool:
        """Whether something is said or played to the callee before it can be bridged."""
        return self.target.screen is not None or bool(self.target.send_digits)

    def take(self, input_: Input, now: float, word: object = None) -> tuple[Effect | Accepts, ...]:
        """Move along the table; `now` is in monotonic seconds."""
        return step(TABLE, self, input_, (now, word))


def judged(word: Answered, offer: Description | None) -> tuple[Input, Answered]:
    """Return what a 2xx to our INVITE is: an answer to `offer`, or one that cannot be used."""
    fault = word.fault
    if fault is None and word.sdp is None:
        fault = "the 200 has no session description"
    if fault is None and word.sdp is not None and offer is not None and not word.is_offer:
        fault = is_answer_to(offer, word.sdp)
    if fault is None:
        return Input.ANSWERS, word
    return Input.ANSWERS_BADLY, Answered(None, word.is_offer, fault, word.headers)


Moment = tuple[float, object]
Effects = tuple[Effect | Accepts, ...]


def _begins(branch: Branch, moment: tuple[float, Dialling]) -> Effects:
    _now, dialling = moment
    return (
        OpenLeg(
            branch.leg,
            branch.record.facts.sip_call_id or branch.leg,
            branch.target,
            dialling.offer,
            dialling.caller_id,
        ),
        *branch.record.initiate(),
        Arm(Clock.RING, branch.leg, dialling.timeout),
    )


def _impossible(branch: Branch, moment: tuple[float, tuple[int, str]]) -> Effects:
    """A target that cannot be dialled fails without an INVITE (rule N-1)."""
    now, problem = moment
    branch.result = Status.FAILED
    return (
        Note(branch.leg, *problem),
        *branch.record.complete(now, End(Status.FAILED, None, problem)),
    )


def _rings(branch: Branch, moment: tuple[float, Ringing]) -> Effects:
    _now, word = moment
    branch.rang = True
    # rcml.md 6.1: 180 and 183 are ringing; 181, 182 and 199 say something else.
    return branch.record.ring() if word.status in (180, 183) else ()


def _answers(branch: Branch, moment: tuple[float, Answered]) -> Effects:
    now, word = moment
    assert word.sdp is not None
    branch.answer = word
    leg = branch.leg
    taken: Effects = (
        Disarm(Clock.RING, leg),
        *branch.record.answer(now, word.headers),
        AimAt(leg, word.sdp),
        Watch(leg),
    )
    if not branch.needs_screen:
        return (*taken, Accepts(leg))
    return (*taken, Arm(Clock.SCREEN, leg, branch.target.screen_timeout), StartScreen(leg))


def _answers_badly(branch: Branch, moment: tuple[float, Answered]) -> Effects:
    now, word = moment
    branch.result = Status.FAILED
    error = (BAD_DESCRIPTION, word.fault or "the answer has no session description")
    return (
        Disarm(Clock.RING, branch.leg),
        Note(branch.leg, *error),
        LetGo(branch.leg),
        CloseMedia(branch.leg),
        *branch.record.answer(now, word.headers),
        *branch.record.complete(now, End(Status.FAILED, 200, error)),
    )


def _refused(branch: Branch, moment: tuple[float, Refused]) -> Effects:
    now, word = moment
    branch.result = status_of_refusal(word.status, branch.rang)
    return (
        Disarm(Clock.RING, branch.leg),
        CloseMedia(branch.leg),
        *branch.record.complete(now, End(branch.result, word.status)),
    )


def _lost(branch: Branch, moment: tuple[float, HungUp]) -> Effects:
    now, word = moment
    branch.result = Status.FAILED
    return (
        Disarm(Clock.RING, branch.leg),
        CloseMedia(branch.leg),
        *branch.record.complete(now, End(Status.FAILED, None, word.error)),
    )


def _accepted(branch: Branch, _moment: Moment) -> Effects:
    branch.result = Status.COMPLETED
    return (Disarm(Clock.SCREEN, branch.leg),)


def _declined(branch: Branch, moment: Moment) -> Effects:
    now, _word = moment
    branch.declined = True
    branch.result = Status.NO_ANSWER  # rcml.md A-2
    return _dismissed(branch, (now, Dismissal()))


def _dismissed(branch: Branch, moment: tuple[float, Dismissal]) -> Effects:
    """End an answered leg from our side."""
    now, dismissal = moment
    gone = HungUp(error=dismissal.error)
    let_go = LetGo(branch.leg, dismissal.why, dismissal.said)
    return (let_go, *_gone(branch, (now, gone)))


def _gone(branch: Branch, moment: tuple[float, HungUp]) -> Effects:
    now, word = moment
    if branch.result is None:
        # It took the call and left before the bridge: nobody was reached (rcml.md A-2).
        branch.result = Status.NO_ANSWER
    return (
        Disarm(Clock.SCREEN, branch.leg),
        StopScreen(branch.leg),
        CloseMedia(branch.leg),
        *branch.record.complete(now, End(Status.COMPLETED, 200, word.error)),
    )


def _refused_late(branch: Branch, moment: tuple[float, Refused]) -> Effects:
    """A refusal of a leg that has answered ends it like a BYE."""
    now, word = moment
    return _gone(branch, (now, HungUp(word.reason)))


def _cancelled(branch: Branch, moment: tuple[float, Dismissal]) -> Effects:
    _now, dismissal = moment
    branch.leaving_as = branch.result = Status.CANCELED
    return (
        Disarm(Clock.RING, branch.leg),
        LetGo(branch.leg, dismissal.why, dismissal.said),
        CloseMedia(branch.leg),
    )


def _time_over(branch: Branch, _moment: Moment) -> Effects:
    branch.leaving_as = branch.result = Status.NO_ANSWER
    return (LetGo(branch.leg), CloseMedia(branch.leg))


def _left(branch: Branch, moment: Moment) -> Effects:
    now, _word = moment
    return branch.record.complete(now, End(branch.leaving_as, CANCELLED))


def _all_ignored(state: State) -> Table[State, Input, Effect | Accepts]:
    return {(state, input_): (state, ignore) for input_ in Input}


TABLE: Table[State, Input, Effect | Accepts] = {
    (State.WAITING, Input.BEGINS): (State.CALLING, _begins),
    (State.WAITING, Input.IMPOSSIBLE): (State.OVER, _impossible),
    (State.CALLING, Input.RINGS): (State.RINGING, _rings),
    (State.CALLING, Input.ANSWERS): (State.SCREENING, _answers),
    (State.CALLING, Input.ANSWERS_BADLY): (State.OVER, _answers_badly),
    (State.CALLING, Input.REFUSES): (State.OVER, _refused),
    (State.CALLING, Input.HANGS_UP): (State.OVER, _lost),
    (State.CALLING, Input.LET_GO): (State.LEAVING, _cancelled),
    (State.CALLING, Input.TIME_OVER): (State.LEAVING, _time_over),
    (State.RINGING, Input.RINGS): (State.RINGING, _rings),
    (State.RINGING, Input.ANSWERS): (State.SCREENING, _answers),
    (State.RINGING, Input.ANSWERS_BADLY): (State.OVER, _answers_badly),
    (State.RINGING, Input.REFUSES): (State.OVER, _refused),
    (State.RINGING, Input.HANGS_UP): (State.OVER, _lost),
    (State.RINGING, Input.LET_GO): (State.LEAVING, _cancelled),
    (State.RINGING, Input.TIME_OVER): (State.LEAVING, _time_over),
    (State.SCREENING, Input.RINGS): (State.SCREENING, ignore),
    (State.SCREENING, Input.ANSWERS): (State.SCREENING, ignore),
    (State.SCREENING, Input.ANSWERS_BADLY): (State.SCREENING, ignore),
    (State.SCREENING, Input.REFUSES): (State.OVER, _refused_late),
    (State.SCREENING, Input.HANGS_UP): (State.OVER, _gone),
    (State.SCREENING, Input.ACCEPTS): (State.ACCEPTED, _accepted),
    (State.SCREENING, Input.DECLINES): (State.OVER, _declined),
    (State.SCREENING, Input.LET_GO): (State.OVER, _dismissed),
    (State.SCREENING, Input.TIME_OVER): (State.OVER, _declined),
    (State.ACCEPTED, Input.RINGS): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.ANSWERS): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.ANSWERS_BADLY): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.REFUSES): (State.OVER, _refused_late),
    (State.ACCEPTED, Input.HANGS_UP): (State.OVER, _gone),
    (State.ACCEPTED, Input.LET_GO): (State.OVER, _dismissed),
    # A 200 that crosses our CANCEL is ACKed and BYEd by the leg itself (rule D-11).
    **_all_ignored(State.LEAVING),
    (State.LEAVING, Input.REFUSES): (State.OVER, _left),
    (State.LEAVING, Input.HANGS_UP): (State.OVER, _left),
    **_all_ignored(State.OVER),
}
"""Every word a leg can say has a row in every state; a decision that cannot be has none."""
