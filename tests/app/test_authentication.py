"""Proofs and failures: the real authenticator behind the switchboard, on a virtual clock."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from b2bua.app.authentication import Authentication, Challenged, LetIn
from b2bua.app.failures import MOST_REMEMBERED, Failures
from b2bua.sip.message import Request, Response
from b2bua.sip.reader import read_datagram
from b2bua.sip.writer import write
from tests.support.flow import Flow
from tests.support.handset import HOME, Handset, with_field


@pytest.fixture
def flow(clock: Clock) -> Iterator[Flow]:
    flow = Flow("client bob\nclient eve", clock)
    yield flow
    flow.drain()
    assert flow.leftovers() == {}


def statuses(phone: Handset, times: int) -> list[int | None]:
    """Return what `times` attempts to register come to; None: no answer at all."""
    answers = [phone.register() for _ in range(times)]
    return [None if answer is None else answer.status for answer in answers]


def challenged(phone: Handset) -> Response:
    answer = phone.ask(phone.text("REGISTER"))
    assert answer is not None
    assert answer.status == 401
    return answer


def test_ten_thousand_replays_of_one_proof_and_none_is_accepted(flow: Flow) -> None:
    bob = Handset(flow)
    authentication = Authentication(flow.settings, flow.clock.seconds)
    request = read_datagram(bob.text("REGISTER").encode())
    assert isinstance(request, Request)
    asked = authentication.prove(request, HOME)
    assert isinstance(asked, Challenged)
    request.headers.add(*_proof(bob, request, asked))
    assert authentication.prove(request, HOME) == LetIn("bob")
    judged = {type(authentication.prove(request, HOME)) for _ in range(10_000)}
    assert judged == {Challenged}


def _proof(phone: Handset, request: Request, asked: Challenged) -> tuple[str, str]:
    text = phone.proof(write(request).decode(), request.reply(401, headers=asked.fields))
    name, _, value = text.partition(": ")
    return name, value


def test_a_replay_is_asked_again_and_changes_nothing(flow: Flow) -> None:
    bob = Handset(flow)
    first = challenged(bob)
    text = bob.text("REGISTER", f"Contact: {bob.contact}")
    proven = with_field(text, bob.proof(text, first))
    heard = []
    for number in range(3):  # a new transaction each time, from the same address
        answer = bob.ask(re.sub(r"branch=\S+", f"branch=z9hG4bKreplay{number}", proven))
        heard.append(None if answer is None else answer.status)
    assert heard == [200, 401, 401]
    assert len(flow.equipment.registrations) == 1


def test_two_phones_behind_one_address_may_register_in_the_same_second(flow: Flow) -> None:
    assert statuses(Handset(flow), 1) + statuses(Handset(flow, "eve"), 1) == [200, 200]


def test_a_proof_is_of_no_use_elsewhere_or_for_another_method(flow: Flow) -> None:
    bob, thief = Handset(flow), Handset(flow, address="198.51.100.8")
    first = challenged(bob)
    text = bob.text("REGISTER", f"Contact: {bob.contact}")
    stolen = with_field(text, bob.proof(text, first))
    answer = thief.ask(stolen.replace("198.51.100.7", "198.51.100.8"))
    assert answer is not None
    assert answer.status == 401
    assert flow.equipment.registrations.of("bob") == []


def test_an_old_nonce_is_stale_and_a_fresh_one_is_given(flow: Flow) -> None:
    bob = Handset(flow)
    first = challenged(bob)
    flow.clock.advance(31)
    text = bob.text("REGISTER", f"Contact: {bob.contact}")
    answer = bob.ask(with_field(text, bob.proof(text, first)))
    assert answer is not None
    assert answer.status == 401
    assert all("stale=true" in one for one in answer.headers.get_all("WWW-Authenticate"))
    assert flow.switchboard.refused["silenced"] == 0


def test_a_counted_nonce_is_good_for_many_requests(flow: Flow) -> None:
    bob = Handset(flow)
    first = challenged(bob)
    heard = []
    for nc in (1, 2, 3, 3, 2, 9):
        text = bob.text("REGISTER", f"Contact: {bob.contact}")
        answer = bob.ask(with_field(text, bob.proof(text, first, nc)))
        heard.append(answer.status if answer else None)
    assert heard == [200, 200, 200, 401, 401, 200]


def test_an_unknown_user_and_a_wrong_password_are_told_the_same(flow: Flow) -> None:
    """But for the nonces, which say nothing."""
    told = []
    for number, user in enumerate(("bob", "nobody")):
        phone = Handset(flow, user, "wrong", address=f"198.51.100.{20 + number}")
        phone.register()
        text = phone.wiretap.heard[-1].replace(phone.address, "HOST").replace(user, "USER")
        told.append(re.sub(r'nonce="\w+"|tag=\w+', "", text))
    assert told[0] == told[1]
    assert told[0].startswith("SIP/2.0 401")


def test_five_failures_of_a_user_are_answered_and_then_none_for_a_minute(flow: Flow) -> None:
    guesser = Handset(flow, "bob", "wrong")
    assert statuses(guesser, 7) == [401] * 5 + [None] * 2
    right = Handset(flow)  # the same address: a guess that is right must not show
    assert statuses(right, 1) == [None]
    assert flow.switchboard.refused["silenced"] == 3
    flow.clock.advance(60)
    assert statuses(right, 1) == [200]


def test_who_is_somewhere_else_or_somebody_else_is_still_answered(flow: Flow) -> None:
    statuses(Handset(flow, "bob", "wrong"), 7)
    assert statuses(Handset(flow, address="198.51.100.8"), 1) == [200]
    assert statuses(Handset(flow, "eve"), 1) == [200]


def test_a_guess_under_another_s_from_is_silenced_all_the_same(flow: Flow) -> None:
    guesser = Handset(flow, "bob", "wrong")
    first = challenged(guesser)
    heard = []
    for nc in range(1, 8):
        text = guesser.text("REGISTER").replace("From: <sip:bob@", f"From: <sip:x{nc}@")
        answer = guesser.ask(with_field(text, guesser.proof(text, first, nc)))
        heard.append(answer.status if answer else None)
    assert heard == [401] * 5 + [None] * 2


def test_twenty_failures_of_an_address_are_answered_and_then_none_for_a_minute(
    flow: Flow,
) -> None:
    heard = [statuses(Handset(flow, f"user{number}", "x"), 1)[0] for number in range(22)]
    assert heard == [401] * 20 + [None] * 2
    assert statuses(Handset(flow), 1) == [None]
    flow.clock.advance(60)
    assert statuses(Handset(flow), 1) == [200]


def test_failures_spread_over_time_silence_nobody(flow: Flow) -> None:
    guesser = Handset(flow, "bob", "wrong")
    for _ in range(4):
        assert statuses(guesser, 4) == [401] * 4
        flow.clock.advance(60)


def test_what_is_remembered_of_failures_is_bounded(clock: Clock) -> None:
    failures = Failures(1, 1, 60.0, clock.seconds)
    for number in range(MOST_REMEMBERED + 10):
        failures.add(f"a{number}", f"u{number}")
        failures.add(f"a{number}", f"u{number}")
    assert len(failures) == MOST_REMEMBERED
    assert failures.is_silenced(f"a{number}", "anybody")
    assert not failures.is_silenced("a0", "u0")
    clock.advance(60)
    assert not failures.is_silenced(f"a{number}", "anybody")
    assert len(failures) == 0
