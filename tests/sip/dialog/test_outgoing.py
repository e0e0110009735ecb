"""The calling side, beyond what ladders show (RFC 3261 section 13.2)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.machine import ImpossibleInputError
from b2bua.sip.dialog.events import Established, Rejected
from b2bua.sip.dialog.session import Identity
from tests.support.ladder import CONTACT, REMOTE, Ladder, outgoing, response


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
        "Supported",
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
