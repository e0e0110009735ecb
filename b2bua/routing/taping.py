"""How a router has a conversation recorded, and what it is told of the recording: plain values.

A *tape* is the recording of a conversation; `plan.Recording` is a file that is played.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class TapeStatus(Enum):
    """`RecordingStatus` (rcml.md 8.7); `absent`: there is nothing to be heard."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class TapeCallback:
    """Where and about what the application wants to be told of a recording; as a `StatusPlan`."""

    url: str
    method: str = "POST"
    events: frozenset[TapeStatus] = frozenset({TapeStatus.COMPLETED})


@dataclass(frozen=True, slots=True)
class TapePlan:
    """How a `Ring` is recorded.

    It begins with the bridge, or `from_ringing` with the attempt.  `is_dual`: the caller in channel
    1 and the callee in channel 2, else both in one.  `trim` cuts silence at both ends.  A side that
    is not recorded (`caller`, `callee`) is silence.
    """

    from_ringing: bool = False
    is_dual: bool = False
    trim: bool = False
    caller: bool = True
    callee: bool = True
    callback: TapeCallback | None = None


@dataclass(frozen=True, slots=True)
class TapeFacts:
    """What is told of a recording: its SID, where it can be fetched, and its length in seconds."""

    sid: str
    url: str
    seconds: int = 0
