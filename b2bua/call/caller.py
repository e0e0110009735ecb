"""The caller's leg: offered, alerted, answered, over; and what was agreed about its media.

A leg that we called ourselves begins as dialled (`origination.py`); once it has picked up, it is a
caller like any other, answered from the start.

`remote` is the caller's own last description, `local` the last one of ours it was told (without
an address: the relay's is put in when it is sent).
"""

from __future__ import annotations

from enum import auto

from b2bua.call.effects import (
    AimAt,
    Alert,
    AnswerLeg,
    AskRouter,
    CallerGone,
    CloseMedia,
    Effect,
    LegId,
    LetGo,
    RefuseLeg,
    Watch,
)
from b2bua.call.record import End, LegRecord
from b2bua.call.vocabulary import HungUp
from b2bua.machine import Symbol, Table, ignore, step
from b2bua.routing.plan import Status
from b2bua.sdp.description import Description
from b2bua.sdp.negotiate import answer_for_prompts, offer, reduce_to


class State(Symbol):
    """How far we have come with the caller."""

    OFFERED = auto()
    DIALLED = auto()
    ALERTED = auto()
    ANSWERED = auto()
    OVER = auto()


class Input(Symbol):
    """What we tell the caller, or the caller does."""

    ALERT = auto()
    ANSWER = auto()
    REFUSE = auto()
    HANG_UP = auto()
    LEAVES = auto()
    PICKS_UP = auto()


class Caller:
    """The caller's side of one call."""

    __slots__ = ("local", "offered_sdp", "record", "remote", "state")

    def __init__(
        self, record: LegRecord, offered: Description | None, state: State = State.OFFERED
    ) -> None:
        self.record = record
        self.state = state
        self.remote = offered
        self.local: Description | None = None
        self.offered_sdp = offered is not None

    @property
    def leg(self) -> LegId:
        """The caller's CallSid."""
        return self.record.facts.call_sid

    @property
    def is_answered(self) -> bool:
        """Whether the caller was sent a 200 and is still there."""
        return self.state is State.ANSWERED

    @property
    def is_over(self) -> bool:
        """Whether the caller has gone."""
        return self.state is State.OVER

    def own_description(self) -> Description | None:
        """Return what *we* can talk to the caller with: an answer, or an offer if it made none.

        None: the caller speaks no codec that prompts can be played in.
        """
        if self.local is not None:
            return self.local
        return offer() if self.remote is None else answer_for_prompts(self.remote)

    def offer_for_callee(self) -> Description | None:
        """Return what a callee may be offered: all the caller offered, or what is left of it."""
        if self.remote is None:
            return offer()
        return self.remote if self.local is None else reduce_to(self.remote, self.local)

    def alert(self, status: int, sdp: Description | None = None) -> tuple[Effect, ...]:
        """Send 18x; with a description when there is early media."""
        return step(TABLE, self, Input.ALERT, (status, sdp))

    def answer(self, sdp: Description, now: float) -> tuple[Effect, ...]:
        """Send the 200 with `sdp`; nothing happens when that was done before."""
        return step(TABLE, self, Input.ANSWER, (sdp, now))

    def picks_up(self, answer: Description) -> tuple[Effect, ...]:
        """Take that the one we dialled has answered our `local` offer with `answer`."""
        return step(TABLE, self, Input.PICKS_UP, answer)

    def refuse(self, status: int, reason: str, now: float) -> tuple[Effect, ...]:
        """Send a final refusal, or hang up if it has been answered."""
        return step(TABLE, self, Input.REFUSE, (status, reason, now))

    def hang_up(
        self, now: float, error: tuple[int, str] | None = None, *, status: int = 480
    ) -> tuple[Effect, ...]:
        """End the leg from our side; an unanswered caller is refused with `status`."""
        if self.is_answered:
            return step(TABLE, self, Input.HANG_UP, (now, error))
        return step(TABLE, self, Input.REFUSE, (status, "", now))

    def leaves(self, word: HungUp, now: float) -> tuple[Effect, ...]:
        """Take the caller's CANCEL or BYE, or its loss."""
        return step(TABLE, self, Input.LEAVES, (word, now))


def _alert(caller: Caller, payload: tuple[int, Description | None]) -> tuple[Effect, ...]:
    status, sdp = payload
    return (Alert(caller.leg, status, sdp), *caller.record.ring())


def _answer(caller: Caller, payload: tuple[Description, float]) -> tuple[Effect, ...]:
    sdp, now = payload
    caller.local = sdp
    answered: tuple[Effect, ...] = (AnswerLeg(caller.leg, sdp), *caller.record.answer(now))
    if caller.remote is not None:
        answered = (AimAt(caller.leg, caller.remote), *answered)
    return (*answered, Watch(caller.leg))


def _picks_up(caller: Caller, answer: Description) -> tuple[Effect, ...]:
    caller.remote = answer
    caller.offered_sdp = True
    return (AskRouter(),)


_REFUSED_AS = {486: Status.BUSY, 600: Status.BUSY, 603: Status.NO_ANSWER, 480: Status.NO_ANSWER}


def _refuse(caller: Caller, payload: tuple[int, str, float]) -> tuple[Effect, ...]:
    status, reason, now = payload
    end = End(_REFUSED_AS.get(status, Status.FAILED), status)
    return (RefuseLeg(caller.leg, status, reason), *_gone(caller, now, end))


def _hang_up_instead(caller: Caller, payload: tuple[int, str, float]) -> tuple[Effect, ...]:
    return _hang_up(caller, (payload[2], None))


def _hang_up(caller: Caller, payload: tuple[float, tuple[int, str] | None]) -> tuple[Effect, ...]:
    now, error = payload
    return (LetGo(caller.leg), *_gone(caller, now, End(Status.COMPLETED, 200, error)))


def _gives_up(caller: Caller, payload: tuple[HungUp, float]) -> tuple[Effect, ...]:
    word, now = payload
    return _gone(caller, now, End(Status.CANCELED, 487, word.error))


def _leaves(caller: Caller, payload: tuple[HungUp, float]) -> tuple[Effect, ...]:
    word, now = payload
    return _gone(caller, now, End(Status.COMPLETED, 200, word.error))


def _gone(caller: Caller, now: float, end: End) -> tuple[Effect, ...]:
    return (*caller.record.complete(now, end), CloseMedia(caller.leg), CallerGone())


TABLE: Table[State, Input, Effect] = {
    (State.OFFERED, Input.ALERT): (State.ALERTED, _alert),
    (State.OFFERED, Input.ANSWER): (State.ANSWERED, _answer),
    (State.OFFERED, Input.REFUSE): (State.OVER, _refuse),
    (State.OFFERED, Input.LEAVES): (State.OVER, _gives_up),
    (State.DIALLED, Input.PICKS_UP): (State.ANSWERED, _picks_up),
    (State.DIALLED, Input.LEAVES): (State.OVER, _gives_up),
    (State.ALERTED, Input.ALERT): (State.ALERTED, _alert),
    (State.ALERTED, Input.ANSWER): (State.ANSWERED, _answer),
    (State.ALERTED, Input.REFUSE): (State.OVER, _refuse),
    (State.ALERTED, Input.LEAVES): (State.OVER, _gives_up),
    (State.ANSWERED, Input.ALERT): (State.ANSWERED, ignore),
    (State.ANSWERED, Input.ANSWER): (State.ANSWERED, ignore),
    (State.ANSWERED, Input.REFUSE): (State.OVER, _hang_up_instead),
    (State.ANSWERED, Input.HANG_UP): (State.OVER, _hang_up),
    (State.ANSWERED, Input.LEAVES): (State.OVER, _leaves),
    **{(State.OVER, input_): (State.OVER, ignore) for input_ in Input},
}
