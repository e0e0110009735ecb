"""Re-INVITEs in both directions, as ladders (RFC 3261 section 14, RFC 3264)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from tests.support.ladder import Ladder, Play, incoming, outgoing, request, response

BEGIN = """
    do start
        -> INVITE 1 sdp
    <- 200 sdp
        -> ACK 1
        !! Established sdp
    """
END = """
    do hang_up
        -> BYE {}
        !! Ended LOCAL_BYE
    """

OURS = {
    "accepted": (
        3,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 100
        <- 200 sdp
            -> ACK 2
            !! ReofferAnswered sdp
        <- 200 sdp
            -> ACK 2
        at 200
        """,
    ),
    "accepted, without an offer of ours": (
        3,
        """
        do reoffer none
            -> INVITE 2
        <- 200 sdp
            !! ReofferAnswered sdp is_offer
        <- 200 sdp
        do acknowledge sdp
            -> ACK 2 sdp
        <- 200 sdp
            -> ACK 2 sdp
        at 200
        """,
    ),
    "accepted without any description": (
        3,
        """
        do reoffer none
            -> INVITE 2
        <- 200
            -> ACK 2
            !! ReofferAnswered
        """,
    ),
    "refused: the session is as it was": (
        4,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 488
            !! ReofferRefused 488
        do reoffer sdp
            -> INVITE 3 sdp
        <- 500
            !! ReofferRefused 500
        """,
    ),
    "not to be sent": (
        4,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        lost transport INVITE
            !! ReofferRefused 503
        do reoffer sdp
            -> INVITE 3 sdp
        <- 200 sdp
            -> ACK 3
            !! ReofferAnswered sdp
        """,
    ),
    "one at a time": (
        3,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        do reoffer sdp
            !! ReofferRefused 491
        <- 200 sdp
            -> ACK 2
            !! ReofferAnswered sdp
        """,
    ),
    "one at a time, also while our answer is owed": (
        3,
        """
        do reoffer none
            -> INVITE 2
        <- 200 sdp
            !! ReofferAnswered sdp is_offer
        <- INVITE sdp
            -> 491 2 INVITE
        do reoffer sdp
            !! ReofferRefused 491
        do acknowledge sdp
            -> ACK 2 sdp
        """,
    ),
    "glare: the owner of the Call-ID waits 2.1 to 4 s": (
        5,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        <- INVITE sdp
            -> 491 2 INVITE
        <- 491
        do reoffer sdp
            !! ReofferRefused 491
        at 3.04
        at 3.05
            -> INVITE 3 sdp
        <- 491
        at 6.1
            -> INVITE 4 sdp
        <- 200 sdp
            -> ACK 4
            !! ReofferAnswered sdp
        """,
    ),
    "glare without end is a refusal": (
        6,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 491
        at 3.05
            -> INVITE 3 sdp
        <- 491
        at 6.1
            -> INVITE 4 sdp
        <- 491
        at 9.15
            -> INVITE 5 sdp
        <- 491
            !! ReofferRefused 491
        """,
    ),
    "after a glare the peer's offer comes first and ours is dropped": (
        3,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 491
        <- INVITE sdp
            !! ReofferRefused 491
            !! Reoffered sdp
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        <- ACK
            !! ReofferConfirmed
        at 50
        """,
    ),
    "no final response: it is cancelled": (
        3,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 100
        at 32
            -> CANCEL 2
        <- 487
            !! ReofferRefused 487
        at 200
        """,
    ),
    "a 200 that crosses that CANCEL counts": (
        3,
        """
        do reoffer sdp
            -> INVITE 2 sdp
        at 32
            -> CANCEL 2
        <- 200 sdp
            -> ACK 2
            !! ReofferAnswered sdp
        """,
    ),
}

THEIRS = {
    "accepted": """
        <- INVITE sdp
            !! Reoffered sdp
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        <- ACK
            !! ReofferConfirmed
        at 50
        <- INVITE sdp
            !! Reoffered sdp
        do answer_reoffer sdp
            -> 200 3 INVITE sdp
        <- ACK
            !! ReofferConfirmed
        """,
    "asking for our offer": """
        <- INVITE
            !! Reoffered
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        <- ACK sdp
            !! ReofferConfirmed sdp
        """,
    "refused: the session is as it was": """
        <- INVITE sdp
            !! Reoffered sdp
        do refuse_reoffer 488
            -> 488 2 INVITE
        <- INVITE sdp
            !! Reoffered sdp
        do refuse_reoffer 491
            -> 491 3 INVITE
        """,
    "the 200 is sent again until the ACK": """
        <- INVITE sdp
            !! Reoffered sdp
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        at 0.5
            -> 200 2 INVITE sdp
        <- INVITE sdp
            -> 491 3 INVITE
        do reoffer sdp
            !! ReofferRefused 491
        at 1.5
            -> 200 2 INVITE sdp
        <- ACK number=2
            !! ReofferConfirmed
        at 100
        """,
    "two at once": """
        <- INVITE sdp
            !! Reoffered sdp
        <- INVITE sdp
            -> 500 3 INVITE later
        do reoffer sdp
            !! ReofferRefused 491
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        <- ACK number=2
            !! ReofferConfirmed
        """,
    "cancelled": """
        <- INVITE sdp
            !! Reoffered sdp
        <- CANCEL number=1      # a late one, for the first INVITE
        <- CANCEL
            -> 487 2 INVITE
            !! ReofferWithdrawn
        do answer_reoffer sdp   # too late, and no harm
        at 200
        """,
    "our user does not answer": """
        <- INVITE sdp
            !! Reoffered sdp
        at 96
            -> 500 2 INVITE later
            !! ReofferWithdrawn
        do refuse_reoffer 488
        """,
    "with a body that is no description": """
        <- INVITE text
            -> 415 2 INVITE
        """,
}

ENDS = {
    "a 481 to our re-INVITE: the peer knows of no dialog": """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 481
            !! Ended DIALOG_GONE
        """,
    "a 408 to our re-INVITE": """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 408
            -> BYE 3
            !! Ended DIALOG_GONE
        """,
    "silence to our re-INVITE": """
        do reoffer sdp
            -> INVITE 2 sdp
        lost timeout INVITE
            -> BYE 3
            !! Ended DIALOG_GONE
        """,
    "silence to our INFO": """
        do info text/plain body
            -> INFO 2
        lost timeout INFO
            -> BYE 3
            !! Ended DIALOG_GONE
        """,
    "a 481 to our INFO": """
        do info text/plain body
            -> INFO 2
        <- 481 INFO
            !! Ended DIALOG_GONE
        """,
    "no ACK for our 200 to a re-INVITE": """
        <- INVITE sdp
            !! Reoffered sdp
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        at 0.5
            -> 200 2 INVITE sdp
        at 1.5
            -> 200 2 INVITE sdp
        at 3.5
            -> 200 2 INVITE sdp
        at 7.5
            -> 200 2 INVITE sdp
        at 11.5
            -> 200 2 INVITE sdp
        at 15.5
            -> 200 2 INVITE sdp
        at 19.5
            -> 200 2 INVITE sdp
        at 23.5
            -> 200 2 INVITE sdp
        at 27.5
            -> 200 2 INVITE sdp
        at 31.5
            -> 200 2 INVITE sdp
        at 32
            -> BYE 2
            !! Ended ACK_LOST
        """,
    "our user owes an answer for too long": """
        do reoffer none
            -> INVITE 2
        <- 200 sdp
            !! ReofferAnswered sdp is_offer
        at 32
            -> ACK 2
            -> BYE 3
            !! Ended TIMEOUT
        """,
    "hung up while the peer's re-INVITE waits": """
        <- INVITE sdp
            !! Reoffered sdp
        do hang_up
            -> 487 2 INVITE
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "a BYE while the peer's re-INVITE waits": """
        <- INVITE sdp
            !! Reoffered sdp
        <- BYE
            -> 487 2 INVITE
            -> 200 3 BYE
            !! Ended REMOTE_BYE
        """,
    "a BYE while our re-INVITE is out, and a 200 after that": """
        do reoffer sdp
            -> INVITE 2 sdp
        <- BYE
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        <- 200 sdp
            -> ACK 2
        """,
    "hung up while our re-INVITE waits out a glare": """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 491
        do hang_up
            -> BYE 3
            !! Ended LOCAL_BYE
        """,
    "hung up while we owe an answer": """
        do reoffer none
            -> INVITE 2
        <- 200 sdp
            !! ReofferAnswered sdp is_offer
        do hang_up
            -> ACK 2
            -> BYE 3
            !! Ended LOCAL_BYE
        """,
    "hung up while the ACK to our 200 is out": """
        <- INVITE sdp
            !! Reoffered sdp
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        <- ACK number=2
        """,
}


AGAIN = """
        do reoffer sdp
            -> INVITE 2 sdp
        <- 200 sdp
            -> ACK 2
            !! ReofferAnswered sdp
    """
THEN = {
    "ours": """
        do reoffer sdp
            -> INVITE 3 sdp
        {}
        <- 491
        {}
    """,
    "theirs": """
        <- INVITE sdp
            !! Reoffered sdp
        {}
        do answer_reoffer sdp
            -> 200 2 INVITE sdp
        {}
    """,
}


@pytest.mark.parametrize("then", THEN.values(), ids=THEN.keys())
def test_a_2xx_repeated_is_acknowledged_whatever_came_since(play: Play, then: str) -> None:
    repeated = "<- 200 to=2 sdp\n-> ACK 2"
    last = 4 if "INVITE 3" in then else 3
    play(outgoing(), BEGIN + AGAIN + then.format(repeated, repeated) + END.format(last))


@pytest.mark.parametrize(("last", "ladder"), OURS.values(), ids=OURS.keys())
def test_a_reoffer_of_ours(play: Play, last: int, ladder: str) -> None:
    play(outgoing(), BEGIN + ladder + END.format(last))


@pytest.mark.parametrize("ladder", THEIRS.values(), ids=THEIRS.keys())
def test_a_reoffer_of_theirs(play: Play, ladder: str) -> None:
    play(outgoing(), BEGIN + ladder + END.format(2))


@pytest.mark.parametrize("ladder", ENDS.values(), ids=ENDS.keys())
def test_the_session_ends(play: Play, ladder: str) -> None:
    play(outgoing(), BEGIN + ladder)


@pytest.mark.parametrize("owner", [True, False], ids=["owner", "other"])
@pytest.mark.parametrize("part", [0.0, 1.0])
def test_the_two_ends_of_a_glare_never_wait_equally_long(
    clock: Clock, part: float, owner: bool
) -> None:
    """RFC 3261 14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other."""
    session = outgoing(jitter=lambda: part) if owner else incoming(jitter=lambda: part)
    ladder = Ladder(session, clock)
    if owner:
        ladder.play(BEGIN)
    else:
        ladder.do("accept", "sdp")
        ladder.ask("ACK", "number=1")
    ladder.do("reoffer", "sdp")
    ladder.answer(491)
    begun = len(ladder.begun)
    wait = (2.1 + 1.9 * part) if owner else 2.0 * part
    if wait:
        clock.advance(wait - 0.01)
        assert len(ladder.begun) == begun
    clock.advance(0.02)
    assert len(ladder.begun) == begun + 1
    ladder.do("hang_up")


def test_before_the_session_is_confirmed_there_is_nothing_to_reoffer(play: Play) -> None:
    play(
        incoming(),
        """
        do reoffer sdp
            !! ReofferRefused 491
        do answer_reoffer sdp
        do refuse_reoffer 488
        do info text/plain body
        do refuse 486
            -> 486 1 INVITE
            !! Ended REFUSED
        do reoffer sdp
        do info text/plain body
        """,
    )


def test_a_reinvite_refreshes_the_remote_target_when_it_is_accepted(clock: Clock) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.play(BEGIN)
    moved = request("INVITE", number=2, sdp=True, to_tag="us", contact="<sip:them@192.0.2.50>")
    ladder.perform(ladder.session.request(moved))
    ladder.do("info", "text/plain", "body")
    assert str(ladder.last("INFO").uri) == "sip:them@192.0.2.2:5060"
    ladder.do("answer_reoffer", "sdp")
    ladder.ask("ACK", "number=2")
    ladder.do("info", "text/plain", "body")
    assert str(ladder.last("INFO").uri) == "sip:them@192.0.2.50"
    ladder.do("hang_up")


def test_a_2xx_to_our_reinvite_refreshes_the_remote_target_for_its_ack(clock: Clock) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.play(BEGIN)
    ladder.do("reoffer", "sdp")
    invite = ladder.last("INVITE")
    answer = response(invite, 200, sdp=True, contact="<sip:them@192.0.2.50>")
    ladder.perform(ladder.session.response(invite, answer))
    assert str(ladder.acks[-1].uri) == "sip:them@192.0.2.50"
    ladder.do("hang_up")
