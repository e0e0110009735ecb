"""Which contacts of a 3xx a leg is led to (RFC 3261 section 8.1.3.4)."""

from __future__ import annotations

from itertools import count

import pytest

from b2bua.app.redirects import Redirects
from b2bua.call.effects import OpenLeg
from b2bua.call.vocabulary import Refused
from b2bua.routing.plan import Credentials, Target


def redirects(most: int, target: Target) -> Redirects:
    numbers = count(1)
    made = Redirects(most, lambda: f"call-{next(numbers)}")
    made.opened(OpenLeg("leg", "call-0", target, None))
    return made


def moved(*contacts: str, status: int = 302) -> Refused:
    return Refused(status, contacts=contacts)


def led(made: Redirects, word: Refused) -> list[str]:
    """Return whom the leg is led to, when each of them is busy."""
    found = []
    while made.follows("leg", word):
        opened = made.next("leg")
        assert opened is not None
        found.append(opened.target.to)
        word = Refused(486)
    return found


SIP = Target(uri="sip:a@192.0.2.1", credentials=Credentials("us", "secret"))
NUMBER = Target(number="101", trunk="carrier")


def test_a_leg_is_led_to_one_contact_after_the_other() -> None:
    assert led(redirects(5, SIP), moved("sip:b@192.0.2.2", "sips:c@192.0.2.3")) == [
        "sip:b@192.0.2.2",
        "sips:c@192.0.2.3",
    ]


@pytest.mark.parametrize("most", [0, 1, 5])
def test_no_more_contacts_are_tried_than_the_setting_says(most: int) -> None:
    contacts = tuple(f"sip:{number}@192.0.2.2" for number in range(20))
    assert len(led(redirects(most, SIP), moved(*contacts))) == most


def test_redirections_of_redirections_count_as_well() -> None:
    made = redirects(3, SIP)
    tried = 0
    while made.follows("leg", moved(f"sip:{tried}@192.0.2.2")):
        assert made.next("leg") is not None
        tried += 1
    assert tried == 3


@pytest.mark.parametrize("status", [303, 305, 380, 404, 486])
def test_only_300_301_and_302_lead_anywhere(status: int) -> None:
    assert led(redirects(5, SIP), moved("sip:b@192.0.2.2", status=status)) == []


def test_a_6xx_ends_the_search() -> None:
    made = redirects(5, SIP)
    assert made.follows("leg", moved("sip:b@192.0.2.2", "sip:c@192.0.2.2"))
    assert made.next("leg") is not None
    assert not made.follows("leg", Refused(603))


@pytest.mark.parametrize(
    "contact", ["tel:+15550001111", "mailto:a@b.example", "sip:a@192.0.2.1", "nonsense", ""]
)
def test_what_is_no_sip_uri_or_has_been_tried_leads_nowhere(contact: str) -> None:
    assert led(redirects(5, SIP), moved(contact)) == []


@pytest.mark.parametrize(
    ("contact", "number"),
    [
        ("sip:102@203.0.113.9:5080;transport=tcp", ["102"]),
        ("sip:%2B15550001111@203.0.113.9", ["+15550001111"]),
        ("sip:alice@203.0.113.9", []),
        ("sip:203.0.113.9", []),
        ("sip:101@203.0.113.9", []),
        ("sip:" + "1" * 33 + "@203.0.113.9", []),
    ],
)
def test_a_number_is_led_to_a_number_which_its_trunk_carries(
    contact: str, number: list[str]
) -> None:
    made = redirects(5, NUMBER)
    word = moved(contact)
    assert made.follows("leg", word) is bool(number)
    opened = made.next("leg")
    assert [opened.target.number] if opened else not number
    if opened:
        assert (opened.target.uri, opened.target.trunk) == ("", "carrier")
        assert [opened.target.number] == number


def test_credentials_and_the_call_id_stay_behind() -> None:
    made = redirects(5, SIP)
    assert made.follows("leg", moved("sip:b@192.0.2.2"))
    opened = made.next("leg")
    assert opened is not None
    assert opened.target.credentials is None
    assert opened.call_id == "call-1"


def test_a_leg_that_nobody_wants_any_more_is_led_nowhere() -> None:
    made = redirects(5, SIP)
    made.stop("leg")
    assert not made.follows("leg", moved("sip:b@192.0.2.2"))
    assert made.next("leg") is None
