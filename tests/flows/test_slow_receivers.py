"""A receiver of status callbacks that takes 15 s changes nothing about any call (rule Q-3).

Every flow that has callbacks is played a second time with such a receiver.  What phones, media and
the application's documents see must be the same at the same times: the clock is virtual, so a step
of a call that waited for a callback would show.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from tests.support.flow import Flow, flow_files
from tests.support.flow_line import Line

SLOW = 15.0


def receivers(text: str) -> set[str]:
    """Return the paths that a flow's callbacks go to."""
    return set(re.findall(r'(?:statusCallback="|StatusCallback=|\bstatus=)(/\w+)', text))


WITH_CALLBACKS = [path for path in flow_files() if receivers(path.read_text("utf-8"))]


def play(text: str) -> tuple[list[str], dict[str, list[float]]]:
    """Return what everybody but the receivers saw, and when each leg's callbacks were sent."""
    flow = Flow(text, Clock())
    flow.play()
    flow.drain()
    seen: list[str] = []
    sent: dict[str, list[float]] = {}
    for line in flow.heard:
        if _is_callback(line):
            sent.setdefault(line.particulars["CallSid"], []).append(line.at)
        else:
            seen.append(str(line))
    return seen, sent


def _is_callback(line: Line) -> bool:
    return "SequenceNumber" in line.particulars


def test_there_are_flows_of_every_kind_with_callbacks() -> None:
    assert len(WITH_CALLBACKS) >= 12


@pytest.mark.parametrize("path", WITH_CALLBACKS, ids=lambda path: path.stem)
def test_no_step_of_a_call_waits_for_a_callback(path: Path) -> None:
    text = path.read_text("utf-8")
    slow = "".join(f"\nslow {receiver} {SLOW}" for receiver in sorted(receivers(text)))
    seen, sent = play(text)
    seen_slow, sent_slow = play(text + slow)
    assert seen_slow == seen
    assert set(sent_slow) == set(sent) != set()
    for at in sent_slow.values():  # the receiver was slow indeed
        assert all(later - earlier >= SLOW for earlier, later in pairwise(at))
