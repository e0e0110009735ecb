"""Every table of a call: what a peer can say has a row in every state."""

from __future__ import annotations

from itertools import product

import pytest

from b2bua.call import branch, bridge, caller, record
from b2bua.machine import ignore

PEER_SAYS = (
    branch.Input.RINGS,
    branch.Input.ANSWERS,
    branch.Input.ANSWERS_BADLY,
    branch.Input.REFUSES,
    branch.Input.HANGS_UP,
)


@pytest.mark.parametrize(
    ("state", "input_"),
    list(product([s for s in branch.State if s is not branch.State.WAITING], PEER_SAYS)),
    ids=str,
)
def test_whatever_a_callee_says_has_a_row(state: branch.State, input_: branch.Input) -> None:
    assert (state, input_) in branch.TABLE


@pytest.mark.parametrize("state", list(caller.State), ids=str)
def test_a_caller_may_leave_in_any_state(state: caller.State) -> None:
    assert caller.TABLE[state, caller.Input.LEAVES][0] is caller.State.OVER


@pytest.mark.parametrize(("state", "input_"), list(product(bridge.State, bridge.Input)), ids=str)
def test_a_re_offer_may_come_in_any_state(state: bridge.State, input_: bridge.Input) -> None:
    assert (state, input_) in bridge.TABLE


@pytest.mark.parametrize("happening", list(record.Happening), ids=str)
def test_nothing_happens_to_a_leg_after_completed(happening: record.Happening) -> None:
    completed = record.Progress.COMPLETED
    if happening is not record.Happening.INITIATE:
        assert record.TABLE[completed, happening] == (completed, ignore)
