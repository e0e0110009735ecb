"""Whatever order words come in, a call keeps its promises (rcml.md E-2, E-3, D-8, D-10, W-3)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.call.effects import Clock, LetGo, Link
from b2bua.call.vocabulary import (
    Answered,
    Confirmed,
    Digit,
    HungUp,
    Refused,
    ReofferAnswered,
    ReofferConfirmed,
    Reoffered,
    ReofferRefused,
    ReofferWithdrawn,
    Ringing,
    Word,
)
from b2bua.routing.plan import Event, Target
from tests.call.examples import Talk, description, number


async def _screen(_party: object) -> bool:
    return True


WORDS: list[Word] = [
    Ringing(180),
    Ringing(183, description()),
    Ringing(181),
    Answered(description()),
    Answered(description("18")),
    Answered(None, fault="broken"),
    Answered(description(), is_offer=True),
    Refused(486),
    Refused(603),
    Refused(503, local=True),
    HungUp("BYE"),
    HungUp("lost", (1, "lost")),
    Confirmed(),
    Confirmed(description()),
    Reoffered(description(direction="sendonly")),
    Reoffered(None),
    Reoffered(None, "broken"),
    ReofferAnswered(description()),
    ReofferAnswered(None),
    ReofferAnswered(description(), is_offer=True),
    ReofferRefused(488),
    ReofferWithdrawn(),
    ReofferConfirmed(description()),
    ReofferConfirmed(),
    Digit("*"),
    Digit("5", by_info=True),
]
TARGETS = [
    number("101"),
    number("102", screen=_screen),
    number("103", send_digits="1"),
    number("104", problem=(13223, "no number")),
]

steps = st.lists(
    st.tuples(st.sampled_from("wwwwwwsecmhr"), st.integers(0, 4), st.integers(0, len(WORDS) - 1)),
    max_size=30,
)


def _step(talk: Talk, legs: list[str], kind: str, who: int, word: int) -> None:
    leg = [talk.call.sid, *legs][who % (len(legs) + 1)]
    talk.now += 0.5
    match kind:
        case "w":
            talk.hear(leg, WORDS[word])
        case "s":
            talk.take(talk.call.screened(leg, word % 2 == 0, talk.now))
        case "e":
            talk.take(talk.call.expire(list(Clock)[word % 3], leg, talk.now))
        case "c":
            talk.take(talk.call.answer(talk.now))
        case "m":
            talk.take(talk.call.silent(leg, talk.now))
        case "h":
            talk.take(talk.call.hang_up(talk.now))
        case "r":
            talk.take(talk.call.no_media(leg, talk.now))


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.sampled_from(TARGETS), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "0 101", "18"]),
    steps,
)
def test_one_winner_one_completed_one_outcome(
    targets: list[Target],
    answer_on_bridge: bool,
    sequential: bool,
    offered: str,
    steps: list[tuple[str, int, int]],
) -> None:
    talk = Talk(description(offered) if offered else None)
    legs = talk.ring(
        *targets, answer_on_bridge=answer_on_bridge, sequential=sequential, hangup_on_star=True
    )
    for kind, who, word in steps:
        _step(talk, legs, kind, who, word)
        legs = talk.told_of()
    # The end of everything: the caller goes, and every leg says its last word.
    talk.hear(talk.call.sid, HungUp("BYE"))
    for leg in legs:
        talk.hear(leg, HungUp("BYE"))

    assert talk.call.is_over
    assert len(talk.outcomes()) == 1
    assert len({link.b for link in talk.effects if isinstance(link, Link)}) <= 1 + any(
        target.screen is None for target in targets
    )
    for leg in legs:
        events = [event for event, _, _ in talk.reports(leg)]
        assert events[0] is Event.INITIATED
        assert events.count(Event.COMPLETED) == 1
        assert events[-1] is Event.COMPLETED
        assert events == sorted(events, key=list(Event).index)
        assert [number for _, _, number in talk.reports(leg)] == list(range(len(events)))


def test_a_loser_is_told_elsewhere_and_a_winner_is_not() -> None:
    talk = Talk(description())
    first, second, third = talk.ring(number("101"), number("102"), number("103"))
    talk.hear(second, Answered(description()))
    told = {effect.leg: effect.why.value for effect in talk.effects if isinstance(effect, LetGo)}
    assert told == {first: "answered elsewhere", third: "answered elsewhere"}
