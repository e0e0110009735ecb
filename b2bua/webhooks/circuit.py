"""A circuit: whether a host that keeps failing is asked at all.

Closed, it lets every request through and counts the failures that follow each other.  One too many
opens it: for a pause nothing is sent, and whoever asks knows at once.  Then one request, the probe,
goes through: an answer closes the circuit, a failure opens it for twice as long.
"""

from __future__ import annotations

from enum import auto

from b2bua.machine import Symbol, Table, ignore, step


class State(Symbol):
    """Whether requests go through."""

    CLOSED = auto()
    OPEN = auto()
    PROBING = auto()


class Input(Symbol):
    """What became of a request, or of the pause."""

    ANSWERED = auto()
    FAILED = auto()
    FAILED_ONCE_MORE = auto()
    PAUSE_OVER = auto()
    PROBE_LEFT = auto()


class Circuit:
    """The circuit of one host.  `pause` is in seconds, `opens_until` on the keeper's clock."""

    __slots__ = ("failures", "opens_until", "pause", "state")

    def __init__(self) -> None:
        self.state = State.CLOSED
        self.failures = 0
        self.pause = 0.0
        self.opens_until = 0.0

    def answered(self) -> None:
        """Take that the host has answered."""
        step(TABLE, self, Input.ANSWERED)

    def failed(self, now: float, limit: int, pause: float, most: float) -> None:
        """Take a failure; the one that makes `limit` in a row opens for `pause`, later for `most`.

        Each failed probe doubles the pause.
        """
        is_one_too_many = self.failures + 1 >= limit
        input_ = Input.FAILED_ONCE_MORE if is_one_too_many else Input.FAILED
        step(TABLE, self, input_, (now, min(most, 2 * self.pause or pause)))

    def probe(self) -> None:
        """Take that the pause is over and that one request goes through."""
        step(TABLE, self, Input.PAUSE_OVER)

    def probe_left(self) -> None:
        """Take that the probe ended without telling anything of the host: the next one probes."""
        step(TABLE, self, Input.PROBE_LEFT)


def _forgive(circuit: Circuit, _: object) -> tuple[()]:
    circuit.failures, circuit.pause = 0, 0.0
    return ()


def _count(circuit: Circuit, _: object) -> tuple[()]:
    circuit.failures += 1
    return ()


def _open(circuit: Circuit, payload: tuple[float, float]) -> tuple[()]:
    now, circuit.pause = payload
    circuit.failures += 1
    circuit.opens_until = now + circuit.pause
    return ()


# What a request that began before the circuit opened says later changes an open one only for good.
TABLE: Table[State, Input, object] = {
    (State.CLOSED, Input.ANSWERED): (State.CLOSED, _forgive),
    (State.CLOSED, Input.FAILED): (State.CLOSED, _count),
    (State.CLOSED, Input.FAILED_ONCE_MORE): (State.OPEN, _open),
    (State.CLOSED, Input.PROBE_LEFT): (State.CLOSED, ignore),
    (State.OPEN, Input.ANSWERED): (State.CLOSED, _forgive),
    (State.OPEN, Input.FAILED): (State.OPEN, ignore),
    (State.OPEN, Input.FAILED_ONCE_MORE): (State.OPEN, ignore),
    (State.OPEN, Input.PAUSE_OVER): (State.PROBING, ignore),
    (State.OPEN, Input.PROBE_LEFT): (State.OPEN, ignore),
    (State.PROBING, Input.ANSWERED): (State.CLOSED, _forgive),
    (State.PROBING, Input.FAILED): (State.OPEN, _open),
    (State.PROBING, Input.FAILED_ONCE_MORE): (State.OPEN, _open),
    (State.PROBING, Input.PROBE_LEFT): (State.OPEN, ignore),
}
