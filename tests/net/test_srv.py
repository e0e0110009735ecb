"""The order in which the DNS wants servers tried."""

from __future__ import annotations

from collections import Counter

import pytest

from b2bua.net.srv import Naptr, Srv, in_order, services

ALL = ("udp", "tcp", "tls")
EXAMPLE = [  # RFC 3263 section 4.1
    Naptr(50, 50, "s", "SIPS+D2T", "", "_sips._tcp.example.com"),
    Naptr(90, 50, "s", "SIP+D2T", "", "_sip._tcp.example.com"),
    Naptr(100, 50, "s", "SIP+D2U", "", "_sip._udp.example.com"),
]


@pytest.mark.parametrize(
    ("spoken", "found"),
    [
        (ALL, [("tls", "_sips._tcp.example.com")]),
        (("udp", "tcp"), [("tcp", "_sip._tcp.example.com")]),
        (("udp",), [("udp", "_sip._udp.example.com")]),
        ((), []),
    ],
)
def test_the_lowest_order_that_we_speak_is_taken_and_no_other(
    spoken: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    assert services(reversed(EXAMPLE), spoken) == found


def test_records_of_one_order_are_taken_by_preference() -> None:
    records = [Naptr(1, 20, "S", "sip+d2u", "", "u"), Naptr(1, 10, "s", "SIP+D2T", "", "t")]
    assert services(records, ALL) == [("tcp", "t"), ("udp", "u")]


@pytest.mark.parametrize(
    "record",
    [
        Naptr(1, 1, "u", "SIP+D2U", "!.*!sip:x!", ""),
        Naptr(1, 1, "s", "E2U+sip", "", "x"),
        Naptr(1, 1, "", "SIP+D2U", "", "x"),
        Naptr(1, 1, "s", "SIP+D2S", "", "x"),
        Naptr(1, 1, "s", "SIP+D2U", "!a!b!", "x"),
        Naptr(1, 1, "s", "SIP+D2U", "", ""),
    ],
)
def test_other_naptr_records_are_passed_over(record: Naptr) -> None:
    assert services([record, EXAMPLE[2]], ALL) == [("udp", "_sip._udp.example.com")]


def test_priorities_come_before_weights() -> None:
    records = [Srv(20, 100, 5060, "c"), Srv(10, 0, 5060, "a"), Srv(15, 1, 5060, "b")]
    assert [one.target for one in in_order(records, lambda: 0.99)] == ["a", "b", "c"]


def test_a_target_comes_first_as_often_as_its_weight_says() -> None:
    records = [Srv(0, 1, 5060, "one"), Srv(0, 3, 5060, "three"), Srv(0, 0, 5060, "none")]
    steps = 1_000
    first = Counter(
        in_order(records, iter([(n + 0.5) / steps, 0.5, 0.5]).__next__)[0].target
        for n in range(steps)
    )
    # RFC 2782: a number from 0 to the sum, both included, so five for a sum of four.
    assert first == {"none": 200, "one": 200, "three": 600}


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.999999])
def test_every_target_is_tried_once(fraction: float) -> None:
    records = [Srv(n % 2, n, 5060 + n, f"t{n}") for n in range(6)]
    assert sorted(in_order(records, lambda: fraction), key=lambda one: one.port) == records


def test_a_service_that_is_not_offered_has_no_target() -> None:
    assert in_order([Srv(0, 0, 5060, ""), Srv(0, 0, 0, "a")], lambda: 0.5) == []
