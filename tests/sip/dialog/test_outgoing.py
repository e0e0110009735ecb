"""The calling side, as ladders (RFC 3261 sections 9.1, 13.2, 15; rcml.md D-9 to D-11)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.machine import ImpossibleInputError
from b2bua.sip.dialog.events import Established, Rejected
from b2bua.sip.dialog.session import Identity
from tests.support.ladder import CONTACT, REMOTE, Ladder, Play, outgoing, response

LADDERS = {
    "a call, hung up by us": """
        do start
            -> INVITE 1 sdp
        <- 100
        <- 180
            !! Progressed 180
        <- 200 sdp
            -> ACK 1
            !! Established sdp
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        <- 200 BYE
        """,
    "a call, hung up by them": """
        do start
            -> INVITE 1 sdp
        <- 200 sdp
            -> ACK 1
            !! Established sdp
        <- BYE
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        """,
    "a BYE that nobody answers ends it all the same": """
        do start
            -> INVITE 1 sdp
        <- 200 sdp
            -> ACK 1
            !! Established sdp
        do hang_up SIP;cause=16
            -> BYE 2 reason
            !! Ended LOCAL_BYE
        lost timeout BYE
        """,
    "BYEs that cross are both answered": """
        do start
            -> INVITE 1 sdp
        <- 200 sdp
            -> ACK 1
            !! Established sdp
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        <- BYE
            -> 200 2 BYE
        """,
    "a repeated 2xx is acknowledged again": """
        do start
            -> INVITE 1 sdp
        <- 200 sdp
            -> ACK 1
            !! Established sdp
        <- 200 sdp
            -> ACK 1
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        <- 200 INVITE sdp
            -> ACK 1
        """,
    "busy": """
        do start
            -> INVITE 1 sdp
        <- 486
            !! Rejected 486
            !! Ended REJECTED
        """,
    "redirected": """
        do start
            -> INVITE 1 sdp
        <- 302
            !! Rejected 302
            !! Ended REJECTED
        """,
    "nobody there": """
        do start
            -> INVITE 1 sdp
        lost timeout INVITE
            !! Rejected 408 local
            !! Ended TIMEOUT
        """,
    "no way there": """
        do start
            -> INVITE 1 sdp
        lost transport INVITE
            !! Rejected 503 local
            !! Ended TRANSPORT
        """,
    "given up before it was begun": """
        do hang_up
            !! Rejected 487 local
            !! Ended CANCELLED
        """,
    "cancelled while it rings": """
        do start
            -> INVITE 1 sdp
        <- 180
            !! Progressed 180
        do cancel SIP;cause=200
            -> CANCEL 1 reason
        <- 487
            !! Rejected 487
            !! Ended CANCELLED
        """,
    "cancelled before any provisional response: the transaction holds the CANCEL": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        <- 100
        <- 487
            !! Rejected 487
            !! Ended CANCELLED
        """,
    "cancelled, and never a response": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        lost timeout INVITE
            !! Rejected 487 local
            !! Ended CANCELLED
        """,
    "cancelled twice is cancelled once": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        do cancel
        <- 487
            !! Rejected 487
            !! Ended CANCELLED
        """,
    "a 200 that crosses the CANCEL": """
        do start
            -> INVITE 1 sdp
        <- 180
            !! Progressed 180
        do cancel SIP;cause=200
            -> CANCEL 1 reason
        <- 200 sdp
            -> ACK 1
            -> BYE 2 reason
            !! Rejected 487 local
            !! Ended CANCELLED
        <- 200 INVITE sdp
            -> ACK 1
        <- 200 BYE
        """,
    "a 18x after the CANCEL says nothing": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        <- 180
        <- 183 sdp
        <- 487
            !! Rejected 487
            !! Ended CANCELLED
        """,
    "two branches of a fork cross the CANCEL of a caller who gave up": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        <- 200 tag=a sdp
            -> ACK 1 tag=a
            -> BYE 2 tag=a
            !! Rejected 487 local
            !! Ended CANCELLED
        <- 200 tag=b sdp
            -> ACK 1 tag=b
            -> BYE 2 tag=b
        """,
    "the first command gives the reason": """
        do start
            -> INVITE 1 sdp
        do cancel SIP;cause=200
            -> CANCEL 1 reason
        do hang_up
        <- 200 sdp
            -> ACK 1
            -> BYE 2 reason
            !! Rejected 487 local
            !! Ended CANCELLED
        """,
    "a BYE in an early dialog after the CANCEL": """
        do start
            -> INVITE 1 sdp
        <- 180
            !! Progressed 180
        do cancel
            -> CANCEL 1
        <- BYE
            -> 200 2 BYE
        <- 487
            !! Rejected 487
            !! Ended CANCELLED
        """,
    "another refusal that crosses the CANCEL": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        <- 486
            !! Rejected 486
            !! Ended CANCELLED
        """,
    "a 2xx long after the INVITE was given up": """
        do start
            -> INVITE 1 sdp
        do cancel SIP;cause=200
            -> CANCEL 1 reason
        lost timeout INVITE
            !! Rejected 487 local
            !! Ended CANCELLED
        <- 200 sdp
            -> ACK 1
            -> BYE 2 reason
        """,
    "a fork: the first 2xx is the session, the others get ACK and BYE": """
        do start
            -> INVITE 1 sdp
        <- 180 tag=a
            !! Progressed 180
        <- 183 tag=b sdp
            !! Progressed 183 sdp
        <- 200 tag=b sdp
            -> ACK 1 tag=b
            !! Established sdp
        <- 200 tag=a sdp
            -> ACK 1 tag=a
            -> BYE 2 tag=a reason
        <- 200 tag=a sdp
            -> ACK 1 tag=a
        <- BYE tag=a            # theirs crosses ours
            -> 200 2 BYE
        <- INFO tag=a
            -> 481 3 INFO
        do hang_up
            -> BYE 2 tag=b
            !! Ended LOCAL_BYE
        """,
    "the answer came in a 183 and is not repeated in the 200": """
        do start
            -> INVITE 1 sdp
        <- 183 sdp
            !! Progressed 183 sdp
        <- 200
            -> ACK 1
            !! Established sdp
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "a 200 without any answer": """
        do start
            -> INVITE 1 sdp
        <- 200
            -> ACK 1
            !! Established
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "an INFO reaches the user before the answer too": """
        do start
            -> INVITE 1 sdp
        <- 183 sdp
            !! Progressed 183 sdp
        <- INFO
            -> 200 2 INFO
            !! Informed
        <- INFO tag=stranger
            -> 481 3 INFO
        <- BYE                  # out of order in an early dialog: the INVITE decides
            -> 200 4 BYE
        <- 480
            !! Rejected 480
            !! Ended REJECTED
        """,
}

LATE_OFFER_LADDERS = {
    "the ACK waits for our answer": """
        do start
            -> INVITE 1
        <- 200 sdp
            !! Established sdp is_offer
        <- 200 sdp
        do acknowledge sdp
            -> ACK 1 sdp
        <- 200 sdp
            -> ACK 1 sdp
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "it does not wait for ever": """
        do start
            -> INVITE 1
        <- 200 sdp
            !! Established sdp is_offer
        at 31.9
        at 32
            -> ACK 1
            -> BYE 2
            !! Ended TIMEOUT
        """,
    "hung up while it waits": """
        do start
            -> INVITE 1
        <- 200 sdp
            !! Established sdp is_offer
        do hang_up
            -> ACK 1
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "a BYE while it waits": """
        do start
            -> INVITE 1
        <- 200 sdp
            !! Established sdp is_offer
        <- BYE
            -> ACK 1
            -> 200 2 BYE
            !! Ended REMOTE_BYE
        """,
    "a re-INVITE while it waits": """
        do start
            -> INVITE 1
        <- 200 sdp
            !! Established sdp is_offer
        <- INVITE sdp
            -> 491 2 INVITE
        do acknowledge sdp
            -> ACK 1 sdp
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "another branch of a fork accepts while it waits": """
        do start
            -> INVITE 1
        <- 200 tag=a sdp
            !! Established sdp is_offer
        <- 200 tag=b sdp
            -> ACK 1 tag=b
            -> BYE 2 tag=b reason
        <- 200 tag=c
            -> ACK 1 tag=c
            -> BYE 2 tag=c reason
        do acknowledge sdp
            -> ACK 1 tag=a sdp
        do hang_up
            -> BYE 2 tag=a
            !! Ended LOCAL_BYE
        <- 200 INVITE tag=d sdp
            -> ACK 1 tag=d
            -> BYE 2 tag=d reason
        """,
    "the peer asks for an offer where it owes one": """
        do start
            -> INVITE 1
        <- 200
            -> ACK 1
            !! Established
        do hang_up
            -> BYE 2
            !! Ended LOCAL_BYE
        """,
    "a 200 with an offer that crosses the CANCEL": """
        do start
            -> INVITE 1
        do cancel
            -> CANCEL 1
        <- 200 sdp
            -> ACK 1
            -> BYE 2
            !! Rejected 487 local
            !! Ended CANCELLED
        """,
}

CHALLENGE_LADDERS = {
    "challenged once": """
        do start
            -> INVITE 1 sdp
        <- 401 challenge
            -> INVITE 2 sdp credentials
        <- 401 to=1 challenge   # a stray of the first try
        <- 200 sdp
            -> ACK 2 credentials
            !! Established sdp
        do hang_up
            -> BYE 3
            !! Ended LOCAL_BYE
        """,
    "challenged again: the credentials are wrong": """
        do start
            -> INVITE 1 sdp
        <- 401 challenge
            -> INVITE 2 sdp credentials
        <- 401 again
            !! Rejected 401
            !! Ended REJECTED
        """,
    "a stale nonce is worth one more try, and only one": """
        do start
            -> INVITE 1 sdp
        <- 401 challenge
            -> INVITE 2 sdp credentials
        <- 401 stale
            -> INVITE 3 sdp credentials
        <- 401 stale
            -> INVITE 4 sdp credentials
        <- 401 stale
            !! Rejected 401
            !! Ended REJECTED
        """,
    "a proxy and the far end both challenge": """
        do start
            -> INVITE 1 sdp
        <- 407 proxy
            -> INVITE 2 sdp credentials
        <- 401 challenge
            -> INVITE 3 sdp credentials
        <- 486
            !! Rejected 486
            !! Ended REJECTED
        """,
    "cancelled before the challenge": """
        do start
            -> INVITE 1 sdp
        do cancel
            -> CANCEL 1
        <- 401 challenge
            !! Rejected 401
            !! Ended CANCELLED
        """,
    "a challenge that is none": """
        do start
            -> INVITE 1 sdp
        <- 401
            !! Rejected 401
            !! Ended REJECTED
        """,
    "challenges in the dialog": """
        do start
            -> INVITE 1 sdp
        <- 200 sdp
            -> ACK 1
            !! Established sdp
        do reoffer sdp
            -> INVITE 2 sdp
        <- 401 challenge
            -> INVITE 3 sdp credentials
        <- 401 to=2 challenge   # a stray of the first try
        <- 200 sdp
            -> ACK 3 credentials
            !! ReofferAnswered sdp
        do info text/plain body
            -> INFO 4
        <- 401 INFO challenge
            -> INFO 5 credentials
        do hang_up
            -> BYE 6
            !! Ended LOCAL_BYE
        <- 401 BYE challenge
            -> BYE 7 credentials
        <- 401 BYE again
        """,
    "a stray branch challenges the BYE": """
        do start
            -> INVITE 1 sdp
        <- 200 tag=a sdp
            -> ACK 1 tag=a
            !! Established sdp
        <- 200 tag=b sdp
            -> ACK 1 tag=b
            -> BYE 2 tag=b reason
        <- 401 BYE challenge
            -> BYE 3 tag=b reason credentials
        do hang_up
            -> BYE 2 tag=a
            !! Ended LOCAL_BYE
        """,
}


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS.keys())
def test_with_an_offer_in_the_invite(play: Play, ladder: str) -> None:
    play(outgoing(), ladder)


@pytest.mark.parametrize("ladder", LATE_OFFER_LADDERS.values(), ids=LATE_OFFER_LADDERS.keys())
def test_without_an_offer_in_the_invite(play: Play, ladder: str) -> None:
    play(outgoing(sdp=None), ladder)


@pytest.mark.parametrize("ladder", CHALLENGE_LADDERS.values(), ids=CHALLENGE_LADDERS.keys())
def test_with_credentials(play: Play, ladder: str) -> None:
    play(outgoing(credentials=("us", "secret")), ladder)


REFUSED_CHALLENGE = """
    do start
        -> INVITE 1 sdp
    <- 401 challenge
        !! Rejected 401
        !! Ended REJECTED
    """


def test_a_challenge_without_credentials_is_a_refusal(play: Play) -> None:
    play(outgoing(), REFUSED_CHALLENGE)


def test_credentials_are_shown_to_their_own_realm_alone(play: Play) -> None:
    play(outgoing(credentials=("us", "secret"), realm="another"), REFUSED_CHALLENGE)


def test_credentials_are_shown_to_whom_we_called_and_not_to_a_contact(clock: Clock) -> None:
    ladder = Ladder(outgoing(credentials=("us", "secret")), clock)
    ladder.do("start")
    invite = ladder.last("INVITE")
    answer = response(invite, 200, sdp=True, contact="<sip:them@203.0.113.9>")
    ladder.perform(ladder.session.response(invite, answer))
    ladder.log.clear()
    ladder.play("""
        do reoffer sdp
            -> INVITE 2 sdp
        <- 401 challenge
            !! ReofferRefused 401
        """)


def test_a_2xx_tells_its_x_fields_and_its_contact(clock: Clock) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.do("start")
    invite = ladder.last("INVITE")
    extra = ("X-Account: 7", "x-mood: fine", "Server: theirs")
    ladder.perform(ladder.session.response(invite, response(invite, 200, sdp=True, extra=extra)))
    (told,) = ladder.events
    assert isinstance(told, Established)
    assert told.headers == (("X-Account", "7"), ("x-mood", "fine"))
    assert told.contact == "sip:them@192.0.2.2:5060"


@pytest.mark.parametrize(
    ("field", "seconds"),
    [("120", 120), ("18000;duration=3600", 18_000), ("5 (busy)", 5), ("soon", None), ("-1", None)],
)
def test_a_refusal_tells_its_contacts_and_when_to_come_again(
    clock: Clock, field: str, seconds: int | None
) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.do("start")
    invite = ladder.last("INVITE")
    contact = "<sip:a@192.0.2.7>;q=1, <tel:+15550001111>"
    extra = (f"Retry-After: {field}",)
    refusal = response(invite, 302, contact=contact, extra=extra)
    ladder.perform(ladder.session.response(invite, refusal))
    contacts = ("sip:a@192.0.2.7", "tel:+15550001111")
    assert ladder.events[0] == Rejected(302, "Spoken", contacts, seconds)


def test_the_invite_has_what_13_2_1_asks_and_nothing_of_ours_that_was_not_given(
    clock: Clock,
) -> None:
    ladder = Ladder(outgoing(headers=[("X-Account", "7")], hops=9), clock)
    ladder.do("start")
    names = [name for name, _ in ladder.last("INVITE").headers]
    assert names == [
        "Via",
        "Max-Forwards",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
        "Allow",
        "X-Account",
        "Content-Type",
    ]
    assert ladder.last("INVITE").max_forwards == 9


def test_a_local_end_without_a_tag_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="needs a tag"):
        Identity("call", REMOTE, REMOTE, CONTACT)


def test_a_command_of_the_other_role_is_a_mistake_of_ours() -> None:
    with pytest.raises(ImpossibleInputError):
        outgoing().accept(b"v=0")


def test_many_branches_of_a_fork_are_not_all_remembered(clock: Clock) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.do("start")
    for branch in range(100):
        ladder.answer(180, f"tag=early{branch}")
    for branch in range(100):
        ladder.answer(200, "sdp", f"tag=branch{branch}")
    assert len([request for request in ladder.begun if request.method == "BYE"]) == 32
