"""A call that we begin: dialled like a branch, then the caller of a call like any other."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.call.effects import (
    AskRouter,
    CallerGone,
    Clock,
    Effect,
    LetGo,
    OpenLeg,
    Recorded,
    Report,
)
from b2bua.call.origination import OriginatedCall
from b2bua.call.vocabulary import Answered, Digit, HungUp, Refused, Reoffered, Ringing, Word
from b2bua.routing.plan import Direction, Event, LegFacts, Ring, Status, Target
from tests.call.examples import ALL_EVENTS, description, number

A = "CA-a"


class Dialled:
    """An originated call that has been dialled, and everything it has asked for."""

    def __init__(self, target: Target | None = None) -> None:
        facts = LegFacts(
            A, "AC1", Direction.OUTBOUND_API, Status.QUEUED, "+15550009999", "+15550000101"
        )
        sids, call_ids = count(1), count(1)
        self.call = OriginatedCall(
            facts,
            target or number("+15550000101"),
            lambda: f"CA-b{next(sids)}",
            lambda: f"id-{next(call_ids)}",
            timeout=20.0,
            time_limit=600.0,
        )
        self.now = 0.0
        self.effects: list[Effect] = []
        self.take(self.call.dial(self.now))

    def take(self, effects: list[Effect]) -> list[Effect]:
        self.effects += effects
        return effects

    def hear(self, word: Word) -> list[Effect]:
        return self.take(self.call.hear(A, word, self.now))

    def told(self) -> list[tuple[Event, Status]]:
        """Return what the application was told of the leg."""
        return [
            (effect.event, effect.leg.status)
            for effect in self.effects
            if isinstance(effect, Report) and effect.leg.call_sid == A
        ]

    def is_(self, kind: type) -> bool:
        return any(isinstance(effect, kind) for effect in self.effects)


def test_an_answer_hands_the_call_to_its_router() -> None:
    dialled = Dialled()
    dialled.hear(Ringing(180))
    assert not dialled.is_(AskRouter)
    dialled.hear(Answered(description()))
    assert dialled.effects[-1] == AskRouter()
    assert dialled.call.caller.is_answered
    assert dialled.told() == [
        (Event.INITIATED, Status.INITIATED),
        (Event.RINGING, Status.RINGING),
        (Event.ANSWERED, Status.IN_PROGRESS),
    ]


@pytest.mark.parametrize(
    ("rings", "status", "final"),
    [
        (True, 486, Status.BUSY),
        (False, 600, Status.BUSY),
        (True, 603, Status.NO_ANSWER),
        (True, 408, Status.NO_ANSWER),
        (False, 408, Status.FAILED),
        (True, 404, Status.FAILED),
        (False, 503, Status.FAILED),
    ],
)
def test_a_refusal_is_the_status_of_the_call(rings: bool, status: int, final: Status) -> None:
    dialled = Dialled()
    if rings:
        dialled.hear(Ringing(180))
    dialled.hear(Refused(status))
    assert dialled.told()[-1] == (Event.COMPLETED, final)
    assert dialled.call.is_over
    assert not dialled.is_(AskRouter)


def test_a_callee_that_only_rings_is_let_go_and_did_not_answer() -> None:
    dialled = Dialled()
    dialled.hear(Ringing(180))
    dialled.take(dialled.call.expire(Clock.RING, A, 20.0))
    assert LetGo(A) in dialled.effects
    assert not dialled.call.is_over
    dialled.hear(Refused(487))
    assert dialled.told()[-1] == (Event.COMPLETED, Status.NO_ANSWER)
    assert dialled.call.is_over


def test_a_call_that_is_ended_while_it_rings_is_canceled() -> None:
    dialled = Dialled()
    dialled.take(dialled.call.hang_up(1.0))
    dialled.hear(Answered(description()))  # the 200 that crossed our CANCEL (rule D-11)
    dialled.hear(HungUp("BYE"))
    assert dialled.told()[1:] == [(Event.COMPLETED, Status.CANCELED)]
    assert not dialled.is_(AskRouter)


def test_an_answer_without_a_codec_we_offered_fails() -> None:
    dialled = Dialled()
    dialled.hear(Answered(description("18")))
    assert dialled.told()[-1] == (Event.COMPLETED, Status.FAILED)
    assert dialled.call.is_over


def test_a_target_that_cannot_be_dialled_fails_without_an_invite() -> None:
    dialled = Dialled(number("", problem=(13223, "no number")))
    assert not dialled.is_(OpenLeg)
    assert dialled.told()[-1] == (Event.COMPLETED, Status.FAILED)
    assert dialled.call.is_over


def test_the_time_limit_counts_from_the_answer_and_ends_the_call() -> None:
    dialled = Dialled()
    assert dialled.call.limit(30.0) == []
    dialled.hear(Answered(description()))
    dialled.take(dialled.call.expire(Clock.CALL, A, 30.0))
    assert dialled.told()[-1] == (Event.COMPLETED, Status.COMPLETED)


def test_whom_it_rings_then_is_offered_what_it_answered() -> None:
    dialled = Dialled()
    dialled.hear(Answered(description("8 101")))
    dialled.take(dialled.call.ring(Ring((number("102"),)), 1.0))
    opened = [effect for effect in dialled.effects if isinstance(effect, OpenLeg)]
    assert opened[1].sdp is not None
    assert opened[1].sdp.media[0].formats == ("8", "101")


def test_a_redirect_lets_the_callee_go_and_keeps_the_caller() -> None:
    dialled = Dialled()
    dialled.hear(Answered(description()))
    dialled.take(dialled.call.ring(Ring((number("102"),)), 1.0))
    dialled.take(dialled.call.hear("CA-b1", Answered(description()), 2.0))
    gone = dialled.take(dialled.call.redirect(3.0))
    assert LetGo("CA-b1") in gone
    assert not dialled.is_(CallerGone)
    assert dialled.call.caller.is_answered
    assert not dialled.call.is_ringing


def test_one_leg_of_a_ring_can_be_dismissed_alone() -> None:
    dialled = Dialled()
    dialled.hear(Answered(description()))
    dialled.take(dialled.call.ring(Ring((number("102"), number("103"))), 1.0))
    dismissed = dialled.take(dialled.call.dismiss("CA-b1", 2.0))
    assert [effect.leg for effect in dismissed if isinstance(effect, LetGo)] == ["CA-b1"]
    assert dialled.call.is_ringing


WORDS: list[Word] = [
    Ringing(180),
    Ringing(183, description()),
    Answered(description()),
    Answered(description("18")),
    Answered(None, fault="broken"),
    Answered(description(), is_offer=True),
    Refused(486),
    Refused(503, local=True),
    HungUp("BYE"),
    Reoffered(description(direction="sendonly")),
    Reoffered(None),
    Digit("1"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("wwwwechmrdl"), st.sampled_from(WORDS)), max_size=12))
def test_one_initiated_and_one_completed_whatever_happens(steps: list[tuple[str, Word]]) -> None:
    dialled = Dialled()
    call = dialled.call
    for kind, word in steps:
        dialled.now += 0.5
        match kind:
            case "w":
                dialled.hear(word)
            case "e":
                dialled.take(call.expire(Clock.RING, A, dialled.now))
            case "c":
                dialled.take(call.expire(Clock.CALL, A, dialled.now))
            case "h":
                dialled.take(call.hang_up(dialled.now))
            case "m":
                dialled.take(call.silent(A, dialled.now))
            case "r":
                dialled.take(call.redirect(dialled.now))
            case "d":
                dialled.take(call.dismiss(A, dialled.now))
            case "l":
                dialled.take(call.limit(5.0))
    dialled.hear(HungUp("BYE"))
    assert call.is_over
    events = [event for event, _ in dialled.told()]
    assert events == sorted(events, key=list(Event).index)
    assert events.count(Event.INITIATED) == events.count(Event.COMPLETED) == 1
    assert len([effect for effect in dialled.effects if isinstance(effect, CallerGone)]) == 1


def test_the_record_hears_of_every_step_whoever_asked() -> None:
    dialled = Dialled(Target(number="+15550000101"))
    dialled.hear(Answered(description()))
    recorded = [effect for effect in dialled.effects if isinstance(effect, Recorded)]
    assert [effect.event for effect in recorded] == [Event.INITIATED, Event.ANSWERED]
    assert not dialled.is_(Report)


def test_another_url_is_told_from_number_0_on() -> None:
    dialled = Dialled()
    dialled.hear(Ringing(180))
    elsewhere = type(ALL_EVENTS)("http://app.example/other", "POST", frozenset(Event))
    dialled.call.caller.record.report_to(elsewhere)
    dialled.hear(Answered(description()))
    reports = [effect for effect in dialled.effects if isinstance(effect, Report)]
    assert [report.sequence for report in reports] == [0, 1, 0]
