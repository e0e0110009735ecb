from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.media.interfaces import NoPortsError
from b2bua.media.ports import PortPairs


def test_pairs_begin_with_an_even_port_and_end_within_the_range(clock: Clock) -> None:
    pairs = PortPairs(20001, 20006, clock.seconds)
    assert [pairs.take() for _ in range(pairs.size)] == [20002, 20004]


def test_an_even_last_port_has_no_port_above_it(clock: Clock) -> None:
    assert PortPairs(20000, 20002, clock.seconds).size == 1


@pytest.mark.parametrize(
    ("first", "last"), [(20000, 20000), (20001, 20002), (5, 4), (65534, 65536)]
)
def test_a_range_without_a_pair_is_refused(clock: Clock, first: int, last: int) -> None:
    with pytest.raises(ValueError, match=f"{first}-{last}"):
        PortPairs(first, last, clock.seconds)


def test_when_all_are_taken_there_are_none(clock: Clock) -> None:
    pairs = PortPairs(20000, 20001, clock.seconds)
    pairs.take()
    with pytest.raises(NoPortsError):
        pairs.take()


def test_pairs_go_round_before_one_comes_again(clock: Clock) -> None:
    pairs = PortPairs(20000, 20005, clock.seconds, rest=0)
    taken = []
    for _ in range(4):
        taken.append(pairs.take())
        pairs.give_back(taken[-1])
    assert taken == [20000, 20002, 20004, 20000]


def test_a_pair_rests_before_it_comes_again(clock: Clock) -> None:
    pairs = PortPairs(20000, 20001, clock.seconds, rest=2)
    pairs.give_back(pairs.take())
    clock.advance(1.9)
    with pytest.raises(NoPortsError):
        pairs.take()
    clock.advance(0.1)
    assert pairs.take() == 20000


def test_a_pair_is_not_given_back_twice(clock: Clock) -> None:
    pairs = PortPairs(20000, 20003, clock.seconds)
    pairs.give_back(pairs.take())
    with pytest.raises(KeyError):
        pairs.give_back(20000)
