"""The called side, as ladders (RFC 3261 sections 9.2, 13.3.1, 15; rcml.md scenario 13)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.events import Cancelled, Ended
from b2bua.sip.dialog.session import State
from tests.support.ladder import Ladder, Play, incoming, request

LADDERS = {
    "a call, hung up by them": """
        do ring 180
            -> 180 1 INVITE
        do ring 183 sdp
            -> 183 1 INVITE sdp
        do accept sdp
            -> 200 1 INVITE sdp
        <- ACK number=1
            !! Confirmed
        <- BYE
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        """,
    "a call, hung up by us": """
        do accept sdp
            -> 200 1 INVITE sdp
        <- ACK number=1
            !! Confirmed
        do hang_up SIP;cause=16
            -> BYE 1 reason
            !! Ended LOCAL_BYE
        """,
    "refused": """
        do refuse 603 Decline
            -> 603 1 INVITE
            !! Ended REFUSED
        """,
    "hung up before the answer": """
        do hang_up
            -> 480 1 INVITE
            !! Ended REFUSED
        """,
    "cancelled": """
        do ring 180
            -> 180 1 INVITE
        <- CANCEL number=1
            -> 487 1 INVITE
            !! Cancelled
            !! Ended CANCELLED
        do accept sdp           # too late, and no harm
        do hang_up
        """,
    "a BYE before the answer is a CANCEL": """
        do ring 180
            -> 180 1 INVITE
        <- BYE
            -> 200 2 BYE
            -> 487 1 INVITE
            !! Cancelled
            !! Ended CANCELLED
        """,
    "a CANCEL that crosses the 200 has no effect": """
        do accept sdp
            -> 200 1 INVITE sdp
        <- CANCEL number=1
        <- ACK number=1
            !! Confirmed
        <- CANCEL number=1
        <- BYE
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        """,
    "a CANCEL of something else has no effect": """
        <- CANCEL number=7
        do refuse 486
            -> 486 1 INVITE
            !! Ended REFUSED
        """,
    "the 200 is sent again after T1, doubling to T2, until the ACK": """
        do accept sdp
            -> 200 1 INVITE sdp
        at 0.4
        at 0.5
            -> 200 1 INVITE sdp
        at 1.4
        at 1.5
            -> 200 1 INVITE sdp
        at 3.5
            -> 200 1 INVITE sdp
        at 7.5
            -> 200 1 INVITE sdp
        at 11.5
            -> 200 1 INVITE sdp
        <- ACK number=1
            !! Confirmed
        at 100
        do hang_up
            -> BYE 1
            !! Ended LOCAL_BYE
        """,
    "only the ACK for our 200 ends that": """
        <- ACK number=1
        do accept sdp
            -> 200 1 INVITE sdp
        <- ACK number=2
        at 0.5
            -> 200 1 INVITE sdp
        <- ACK number=1
            !! Confirmed
        <- ACK number=1
        do hang_up
            -> BYE 1
            !! Ended LOCAL_BYE
        """,
    "a BYE while the ACK is out": """
        do accept sdp
            -> 200 1 INVITE sdp
        <- BYE
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        <- ACK number=1
        """,
    "our BYE waits for the ACK": """
        do accept sdp
            -> 200 1 INVITE sdp
        do hang_up SIP;cause=16
        at 0.5
            -> 200 1 INVITE sdp
        do hang_up
        <- ACK number=1
            -> BYE 1 reason
            !! Ended LOCAL_BYE
        """,
    "a BYE of theirs while ours waits": """
        do accept sdp
            -> 200 1 INVITE sdp
        do hang_up
        <- BYE
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        """,
    "a re-INVITE before the ACK": """
        do accept sdp
            -> 200 1 INVITE sdp
        <- INVITE sdp
            -> 491 2 INVITE
        <- ACK number=1
            !! Confirmed
        do hang_up
            -> BYE 1
            !! Ended LOCAL_BYE
        """,
    "a second INVITE before the answer to the first": """
        <- INVITE sdp
            -> 500 2 INVITE later
        do refuse 486
            -> 486 1 INVITE
            !! Ended REFUSED
        """,
    "what comes after the end": """
        do refuse 486
            -> 486 1 INVITE
            !! Ended REFUSED
        <- INFO
            -> 481 2 INFO
        <- INVITE sdp
            -> 481 3 INVITE
        <- CANCEL number=1
        <- ACK number=1
        """,
}


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS.keys())
def test_with_an_offer_in_the_invite(play: Play, ladder: str) -> None:
    play(incoming(), ladder)


def test_without_an_offer_in_the_invite_the_ack_brings_the_answer(play: Play) -> None:
    play(
        incoming(request("INVITE")),
        """
        do accept sdp
            -> 200 1 INVITE sdp
        <- ACK number=1 sdp
            !! Confirmed sdp
        do hang_up
            -> BYE 1
            !! Ended LOCAL_BYE
        """,
    )


def test_a_description_in_the_ack_counts_only_if_our_200_made_the_offer(play: Play) -> None:
    play(
        incoming(),
        """
        do accept sdp
            -> 200 1 INVITE sdp
        <- ACK number=1 sdp
            !! Confirmed
        do hang_up
            -> BYE 1
            !! Ended LOCAL_BYE
        """,
    )


@pytest.mark.parametrize("last", ["ACK_LOST", "LOCAL_BYE"])
def test_a_200_without_ack_is_sent_eleven_times_and_ends_in_a_bye(clock: Clock, last: str) -> None:
    """RFC 3261 13.3.1.4: for 64*T1; and no BYE of ours goes before that (section 15)."""
    ladder = Ladder(incoming(), clock)
    ladder.do("accept", "sdp")
    if last == "LOCAL_BYE":
        ladder.do("hang_up")
    clock.pump([0.1] * 319)
    # at 0, 0.5, 1.5, 3.5, and from then on every 4 s until 31.5
    assert ladder.log == ["-> 200 1 INVITE sdp"] * 11
    assert ladder.armed
    clock.advance(0.2)
    assert ladder.log[11:] == ["-> BYE 1", f"!! Ended {last}"]
    assert not ladder.armed
    assert ladder.session.state is State.ENDED


def test_the_reason_of_a_cancel_is_told(clock: Clock) -> None:
    ladder = Ladder(incoming(), clock)
    why = 'SIP;cause=200;text="Call completed elsewhere"'
    ladder.perform(ladder.session.cancelled(request("CANCEL", extra=(f"Reason: {why}",))))
    assert ladder.events == [Cancelled(why), Ended(ladder.events[-1].cause, why)]  # type: ignore[union-attr]


def test_responses_carry_our_tag_contact_and_allow(clock: Clock) -> None:
    ladder = Ladder(incoming(agent="exchange/1"), clock)
    ladder.perform(ladder.session.ring(183, b"v=0\r\n", "", [("X-Queue", "3")]))
    ladder.perform(ladder.session.accept(b"v=0\r\n", [("X-Account", "7")]))
    for _, response in ladder.replies:
        assert response.to.tag == "us"
        assert str(response.contact) == "<sip:us@192.0.2.1:5060>"
        assert response.headers.get("Allow") == "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS"
        assert response.headers.get("Server") == "exchange/1"
        assert response.content_type == "application/sdp"
    ringing, accepted = (response for _, response in ladder.replies)
    assert ringing.headers.get("X-Queue") == "3"
    assert accepted.headers.get("X-Account") == "7"
    ladder.perform(ladder.session.ack(request("ACK", to_tag="us")))
    ladder.do("hang_up")
    assert ladder.last("BYE").headers.get("User-Agent") == "exchange/1"


def test_nothing_names_our_software_unless_it_is_given(clock: Clock) -> None:
    ladder = Ladder(incoming(), clock)
    ladder.play("do refuse 486\n-> 486 1 INVITE\n!! Ended REFUSED")
    (_, response) = ladder.replies[0]
    assert "Server" not in response.headers


@pytest.mark.parametrize("status", [99, 100, 200, 486])
def test_only_a_provisional_status_rings(status: int) -> None:
    with pytest.raises(ValueError, match="no provisional"):
        incoming().ring(status)


@pytest.mark.parametrize("status", [180, 200, 299, 700])
def test_only_a_final_status_refuses(status: int) -> None:
    with pytest.raises(ValueError, match="no refusal"):
        incoming().refuse(status)
