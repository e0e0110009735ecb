"""Our own registration: what is asked, when, and what becomes of each answer."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, product

import pytest

from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.digest import challenge
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request, Response
from b2bua.sip.registrar.client import (
    BASE_PAUSE,
    LONGEST_PAUSE,
    TABLE,
    Ask,
    Effect,
    Gone,
    Input,
    Registration,
    Settled,
    State,
    Wait,
)
from b2bua.sip.uri import Uri, read_uri

CONTACT = "sip:us@192.0.2.1:5060;line=abc"


class Desk:
    """One registration, and what it has asked for so far."""

    def __init__(self) -> None:
        tokens = count(1)
        registrar, contact = read_uri("sip:carrier.example"), read_uri(CONTACT)
        assert isinstance(registrar, Uri)
        assert isinstance(contact, Uri)
        self.registration = Registration(
            registrar,
            contact,
            "call",
            "tag",
            Authentication("us", "secret", None, lambda: f"c{next(tokens)}"),
            lambda: 0.5,
            "us",
        )
        self.asked: list[Request] = []
        self.waits: list[float] = []
        self.settled: list[tuple[int, str]] = []
        self.is_gone = False
        self.take(self.registration.start())

    def take(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Ask(request):
                    self.asked.append(request)
                case Wait(seconds):
                    self.waits.append(seconds)
                case Settled(seconds, said):
                    self.settled.append((seconds, said))
                case Gone():
                    self.is_gone = True

    def answer(self, status: int, *fields: tuple[str, str], to: int = -1) -> None:
        response = Response(status, "Spoken", Headers(fields))
        self.take(self.registration.response(self.asked[to], response))

    @property
    def last(self) -> Request:
        return self.asked[-1]


def test_one_contact_is_asked_for_an_hour() -> None:
    request = Desk().last
    assert (request.method, str(request.uri)) == ("REGISTER", "sip:carrier.example")
    assert str(request.to.uri) == str(request.from_.uri) == "sip:us@carrier.example"
    assert request.headers.get("Contact") == f"<{CONTACT}>;expires=3600"
    assert request.from_.tag is not None
    assert request.to.tag is None


def test_it_is_refreshed_well_before_it_ends_with_the_next_number() -> None:
    desk = Desk()
    desk.answer(200, ("Contact", f"<sip:other@h>;expires=9, <{CONTACT}>;expires=600"))
    assert desk.settled == [(600, "registered")]
    assert 300 <= desk.waits[-1] <= 450
    desk.take(desk.registration.due())
    assert [request.cseq.number for request in desk.asked] == [1, 2]
    assert {request.call_id for request in desk.asked} == {"call"}


@pytest.mark.parametrize(
    ("fields", "granted"),
    [((), 3600), ((("Expires", "120"),), 120), ((("Contact", f"<{CONTACT}>;expires=x"),), 3600)],
)
def test_without_a_word_about_our_contact_it_is_the_header_or_what_was_asked(
    fields: tuple[tuple[str, str], ...], granted: int
) -> None:
    desk = Desk()
    desk.answer(200, *fields)
    assert desk.settled[-1][0] == granted


def test_a_challenge_is_answered_once() -> None:
    desk = Desk()
    asked = ("WWW-Authenticate", challenge("carrier", "nonce"))
    desk.answer(401, asked)
    assert "Authorization" in desk.last.headers
    assert desk.last.cseq.number == 2
    desk.answer(401, asked)
    assert desk.registration.state is State.RESTING
    assert desk.settled == [(0, "401 Spoken")]


def test_too_brief_is_asked_for_longer_and_only_if_that_is_longer() -> None:
    desk = Desk()
    desk.answer(423, ("Min-Expires", "7200"))
    assert desk.last.headers.get("Contact") == f"<{CONTACT}>;expires=7200"
    desk.answer(423, ("Min-Expires", "7200"))
    assert desk.registration.state is State.RESTING


def test_pauses_double_up_to_half_an_hour_and_are_short_again_after_success() -> None:
    """RFC 5626 section 4.5, with a random number of one half."""
    desk = Desk()
    for _ in range(9):
        desk.take(desk.registration.lost(desk.last, "no answer"))
        desk.take(desk.registration.due())
    assert desk.waits[:4] == [0.75 * BASE_PAUSE * factor for factor in (1, 2, 4, 8)]
    assert desk.waits[-1] == 0.75 * LONGEST_PAUSE
    desk.answer(200)
    desk.take(desk.registration.due())
    desk.answer(503)
    assert desk.waits[-1] == 0.75 * BASE_PAUSE


def test_retry_after_is_believed_within_bounds() -> None:
    desk = Desk()
    desk.answer(503, ("Retry-After", "100 (busy)"))
    desk.take(desk.registration.due())
    desk.answer(503, ("Retry-After", "999999"))
    assert desk.waits == [100.0, LONGEST_PAUSE]


def test_an_answer_to_an_earlier_request_counts_no_more() -> None:
    desk = Desk()
    desk.answer(200)
    desk.take(desk.registration.due())
    desk.answer(403, to=0)
    assert desk.registration.state is State.ASKING


@pytest.mark.parametrize("status", [200, 403, 423])
def test_at_the_end_it_is_taken_back_whatever_is_answered(status: int) -> None:
    desk = Desk()
    desk.answer(200)
    desk.take(desk.registration.stop())
    assert desk.last.headers.get("Contact") == f"<{CONTACT}>;expires=0"
    assert not desk.is_gone
    desk.answer(status)
    assert desk.is_gone


def test_a_registrar_that_is_silent_at_the_end_is_not_waited_for() -> None:
    desk = Desk()
    desk.answer(200)
    desk.take(desk.registration.stop())
    assert desk.waits[-1] <= 2.0
    desk.take(desk.registration.due())
    assert desk.is_gone


def test_what_is_not_bound_need_not_be_taken_back() -> None:
    desk = Desk()
    desk.answer(403)
    desk.take(desk.registration.stop())
    assert (desk.is_gone, len(desk.asked)) == (True, 1)


@pytest.mark.parametrize(("state", "input_"), [*product(State, Input)])
def test_every_input_has_a_row_in_every_state(state: State, input_: Input) -> None:
    assert (state, input_) in TABLE
