"""A call that comes back to us, and one that grows: how deep, and how many legs."""

from __future__ import annotations

from itertools import count

import pytest
from twisted.internet.task import Clock

from b2bua.app.families import FIELD, Families, Family
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.uri import read_uri
from tests.support.flow import Flow


def families(legs: int = 50, depth: int = 5) -> Families:
    tokens = count(0xABCDEF01)
    return Families(legs, depth, lambda: f"{next(tokens):x}")


def coming_back(family: Family) -> Request:
    return Request("INVITE", read_uri("sip:b@h"), Headers([family.field]))


def test_a_call_may_come_back_so_often_and_not_once_more() -> None:
    known = families(depth=2)
    family = known.join()
    for depth in (1, 2):
        assert known.of(coming_back(family)) is None
        family = known.join(coming_back(family))
        assert family.depth == depth
    assert known.of(coming_back(family)) is not None


def test_a_family_has_so_many_legs_and_not_one_more() -> None:
    known = families(legs=3)
    family = known.join()
    family.join()
    assert known.of(coming_back(family)) is None
    nephew = known.join(coming_back(family))
    assert not nephew.has_room()
    assert known.of(coming_back(family)) is not None
    nephew.leave()
    assert family.has_room()


def test_a_family_is_forgotten_with_its_last_leg() -> None:
    known = families()
    family = known.join()
    nephew = known.join(coming_back(family))
    family.leave()
    assert len(known) == 1
    nephew.leave()
    assert len(known) == 0
    assert known.of(coming_back(family)) is None


@pytest.mark.parametrize("value", ["", "x", "abcdef01", "abcdef01-", "abcdef01-99999", "-1", "é-1"])
def test_whatever_else_stands_there_is_a_call_of_its_own(value: str) -> None:
    known = families()
    known.join()
    request = Request("INVITE", read_uri("sip:b@h"), Headers([(FIELD, value)]))
    assert known.of(request) is None
    assert known.join(request).depth == 0
    assert len(known) == 2


def test_more_legs_than_a_family_may_have_are_not_rung(clock: Clock) -> None:
    nouns = "".join(f"<Number>{number}</Number>" for number in (101, 102, 103))
    phones = "".join(f"phone b{number} {number}\n" for number in (101, 102, 103))
    flow = Flow(
        f"{phones}limit call_legs 3\ndoc /voice <Response><Dial>{nouns}</Dial></Response>\n"
        "0.00 a -> INVITE 100\n1.00 b101 -> 486\n1.00 b102 -> 486\n",
        clock,
    )
    flow.play()
    rung = [line.actor for line in flow.heard if line.word == "INVITE"]
    assert sorted(rung) == ["b101", "b102"]
    flow.drain()
    assert flow.leftovers() == {}
