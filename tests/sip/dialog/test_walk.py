"""No input of the peer, and no order of inputs and commands, leaves a session in trouble.

Every state meets everything that the wire can bring, and random walks mix that with commands and
time.  Afterwards each session is brought to its end, and its books are checked.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from b2bua.sip.dialog import offer_answer
from b2bua.sip.dialog.session import Session, State
from b2bua.sip.dialog.session_timer import TimerPolicy
from b2bua.sip.dialog.usage import FROM_WIRE
from b2bua.sip.dialog.wire import TABLE
from tests.support.ladder import incoming, outgoing, request
from tests.support.walk import Step, Walk

UAC_STATES: dict[str, list[Step]] = {
    "idle": [],
    "calling": [("do", "start")],
    "ringing": [("do", "start"), ("answer", "180")],
    "cancelling": [("do", "start"), ("answer", "180"), ("do", "cancel")],
    "confirmed": [("do", "start"), ("answer", "200", "sdp")],
    "ended": [("do", "start"), ("answer", "486")],
    "reliable": [("do", "start"), ("answer", "183", "sdp", "rseq=1", "updates")],
    "updating": [
        ("do", "start"),
        ("answer", "183", "sdp", "rseq=1", "updates"),
        ("do", "reoffer", "sdp"),
    ],
    "update offered": [
        ("do", "start"),
        ("answer", "183", "sdp", "rseq=1", "updates"),
        ("ask", "UPDATE", "sdp"),
    ],
    "hung up": [("do", "start"), ("answer", "200", "sdp"), ("do", "hang_up")],
    "ack held": [("do", "start"), ("answer", "200", "sdp")],
}
LATE = {"ack held"}
RELIABLE = ("Require: 100rel", "Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE")
UAS_STATES: dict[str, list[Step]] = {
    "invited": [],
    "accepted": [("do", "accept", "sdp")],
    "bye held": [("do", "accept", "sdp"), ("do", "hang_up")],
    "confirmed": [("do", "accept", "sdp"), ("ask", "ACK", "number=1")],
    "ended": [("ask", "CANCEL", "number=1")],
}
RELIABLE_STATES: dict[str, list[Step]] = {
    "ringing": [("do", "ring", "180")],
    "agreed": [("do", "ring", "183", "sdp"), ("ask", "PRACK")],
    "held": [("do", "ring", "183", "sdp"), ("do", "accept", "sdp")],
    "updating": [("do", "ring", "183", "sdp"), ("ask", "PRACK"), ("do", "reoffer", "sdp")],
    "owing": [
        ("do", "ring", "183", "sdp"),
        ("ask", "PRACK"),
        ("do", "accept", "another"),
        ("ask", "ACK", "number=1"),
    ],
}
REFRESHED: list[Step] = [("do", "start"), ("answer", "200", "sdp", "timer=300")]
EXCHANGES: dict[str, list[Step]] = {
    "stable": [],
    "offering": [("do", "reoffer", "sdp")],
    "glared": [("do", "reoffer", "sdp"), ("answer", "491")],
    "ack held": [("do", "reoffer", "none"), ("answer", "200", "sdp")],
    "offered": [("ask", "INVITE", "sdp")],
    "update offered": [("ask", "UPDATE", "sdp")],
    "ack awaited": [("ask", "INVITE", "sdp"), ("do", "answer_reoffer", "sdp")],
}

TAGS = ("tag=them", "tag=other", "tag=third")
ANSWERS: list[Step] = [
    ("answer", status, method, tag, *sdp)
    for status, method, tag, sdp in product(
        ("100", "180", "200", "302", "401", "408", "422", "481", "486", "487", "491", "500", "603"),
        ("INVITE", "BYE", "INFO", "PRACK", "UPDATE"),
        TAGS[:2],
        ((), ("sdp",)),
    )
]
ANSWERS += [
    ("answer", status, "INVITE", tag, rseq, "updates", *sdp)
    for status, tag, rseq, sdp in product(
        ("180", "183"), TAGS[:2], ("rseq=1", "rseq=2"), ((), ("sdp",))
    )
]
ASKED: list[Step] = [
    ("ask", method, tag, *traits)
    for method, tag, traits in product(
        ("INVITE", "BYE", "INFO", "OPTIONS", "UPDATE", "PRACK", "REFER", "ACK", "CANCEL", "DANCE"),
        TAGS[:2],
        ((), ("sdp",), ("text",), ("number=1",)),
    )
]
LOST: list[Step] = [
    ("lost", why, method)
    for why, method in product(("TIMEOUT", "TRANSPORT"), ("INVITE", "BYE", "INFO", "UPDATE"))
]
TIMES: list[Step] = [("wait", seconds) for seconds in ("0.5", "3.1", "32", "100", "150")]
BOTH: list[Step] = [
    ("do", "hang_up"),
    ("do", "hang_up", "SIP;cause=200"),
    ("do", "reoffer", "sdp"),
    ("do", "reoffer", "none"),
    ("do", "answer_reoffer", "sdp"),
    ("do", "refuse_reoffer", "488"),
    ("do", "info", "text/plain", "body"),
    ("ask", "REFER", "refer-to=<sip:c@192.0.2.9>"),
    ("do", "accept_referral"),
    ("do", "refuse_referral", "603"),
    ("do", "end_referral", "200"),
]
CALLER: list[Step] = [("do", "cancel"), *BOTH]
CALLED: list[Step] = [
    ("do", "ring", "180"),
    ("do", "ring", "183", "sdp"),
    ("do", "accept", "sdp"),
    ("do", "refuse", "486"),
    *BOTH,
]


def walked(session: Session, clock: Clock, steps: list[Step]) -> Walk:
    walk = Walk(session, clock)
    for step in steps:
        walk.take(step)
    return walk


def cases() -> dict[str, tuple[str, list[Step]]]:
    """Return all reachable situations: who began, and the steps that lead there."""
    found = {
        f"UAC {name}": ("late" if name in LATE else "uac", s) for name, s in UAC_STATES.items()
    }
    found |= {f"UAS {name}": ("uas", steps) for name, steps in UAS_STATES.items()}
    found |= {f"UAS reliable, {name}": ("100rel", s) for name, s in RELIABLE_STATES.items()}
    found["UAS confirmed, refreshing"] = ("timer uas", [*UAS_STATES["confirmed"], ("wait", "150")])
    found["UAC confirmed, refreshing"] = ("timer uac", [*REFRESHED, ("wait", "150")])
    found["UAC confirmed, updating"] = (
        "timer uac",
        [("do", "start"), ("answer", "200", "sdp", "timer=300", "updates"), ("wait", "150")],
    )
    for name, steps in EXCHANGES.items():
        found[f"UAC confirmed, {name}"] = ("uac", [*UAC_STATES["confirmed"], *steps])
        found[f"UAS confirmed, {name}"] = ("uas", [*UAS_STATES["confirmed"], *steps])
    return found


def begun(kind: str, *, known: bool = True) -> Session:
    if kind == "uas":
        return incoming()
    if kind == "timer uas":
        return incoming(policy=TimerPolicy(300))
    if kind.startswith("100rel"):
        return incoming(request("INVITE", sdp="late" not in kind, extra=RELIABLE))
    credentials = ("us", "secret") if known else None
    if kind == "timer uac":
        return outgoing(credentials=credentials, policy=TimerPolicy(300))
    return (
        outgoing(sdp=None, credentials=credentials)
        if kind == "late"
        else outgoing(credentials=credentials)
    )


@pytest.mark.parametrize("situation", cases().items(), ids=lambda item: item[0])
def test_every_situation_survives_everything_the_wire_can_bring(
    situation: tuple[str, tuple[str, list[Step]]],
) -> None:
    _, (kind, steps) = situation
    for step in [*ANSWERS, *ASKED, *LOST, *TIMES]:
        walk = walked(begun(kind), Clock(), [*steps, step])
        walk.finish()
        walk.check()


@pytest.mark.parametrize(("state", "input_"), list(product(State, FROM_WIRE)))
def test_every_input_the_peer_controls_has_a_row(state: State, input_: object) -> None:
    assert (state, input_) in TABLE


OPEN = [state for state in offer_answer.State if state is not offer_answer.State.CLOSED]


@pytest.mark.parametrize("state", OPEN)
def test_a_reinvite_finds_a_row_in_every_open_exchange(state: offer_answer.State) -> None:
    assert (state, offer_answer.Input.INVITE_RECEIVED) in offer_answer.TABLE
    assert (state, offer_answer.Input.CLOSE) in offer_answer.TABLE


def test_an_ended_usage_stays_so() -> None:
    ends = [row[0] for (state, _), row in TABLE.items() if state is State.ENDED]
    assert set(ends) == {State.ENDED}


WIRE = st.sampled_from([*ANSWERS, *ASKED, *LOST, *TIMES])
# What makes a session go on is chosen as often as all the rest, so that walks get somewhere.
ONWARD_UAC = st.sampled_from(
    [("answer", "180", "INVITE", "tag=them"), ("answer", "200", "INVITE", "tag=them", "sdp")]
)
ONWARD_UAS = st.sampled_from([("do", "accept", "sdp"), ("ask", "ACK", "tag=them", "number=1")])
ONWARD = st.sampled_from(
    [
        ("do", "acknowledge"),
        ("ask", "INVITE", "tag=them", "sdp"),
        ("do", "answer_reoffer", "sdp"),
        ("ask", "ACK", "tag=them"),
        ("do", "reoffer", "sdp"),
        ("do", "reoffer", "none"),
        ("ask", "PRACK"),
        ("ask", "UPDATE", "sdp"),
        ("answer", "183", "INVITE", "sdp", "rseq=1", "updates"),
        ("answer", "200", "INVITE", "sdp", "timer=300"),
        ("ask", "UPDATE", "timer=300;refresher=uas"),
        ("ask", "UPDATE", "timer=300;refresher=uac", "updates"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    steps=st.lists(st.one_of(WIRE, ONWARD, ONWARD_UAC, st.sampled_from(CALLER)), max_size=25),
    kind=st.sampled_from(["uac", "late", "timer uac"]),
    known=st.booleans(),
    early=st.booleans(),
)
def test_any_walk_of_a_caller_ends_once_and_leaves_nothing(
    steps: list[Step], kind: str, known: bool, early: bool
) -> None:
    start: list[Step] = [("do", "start")]
    steps = [*steps[:1], *start, *steps[1:]] if early else [*start, *steps]
    walk = walked(begun(kind, known=known), Clock(), steps)
    walk.finish()
    walk.check()


@settings(max_examples=400, deadline=None)
@given(
    steps=st.lists(st.one_of(WIRE, ONWARD, ONWARD_UAS, st.sampled_from(CALLED)), max_size=25),
    kind=st.sampled_from(["uas", "100rel", "100rel late", "timer uas"]),
)
def test_any_walk_of_a_called_party_ends_once_and_leaves_nothing(
    steps: list[Step], kind: str
) -> None:
    walk = walked(begun(kind), Clock(), steps)
    walk.finish()
    walk.check()
