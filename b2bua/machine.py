"""State machines as tables: one idiom for every machine in the project.

A table maps (state, input) to (next state, action).  An action looks at the record and the payload
and returns effects; it never changes the state and never touches the world.  A missing row is a
defect of ours and raises; an input that is to be dropped is a row with `ignore`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar

StateT = TypeVar("StateT", bound=Enum)
InputT = TypeVar("InputT", bound=Enum)
EffectT = TypeVar("EffectT")


class Symbol(Enum):
    """A state, an input, a timer: a name that tables and dicts are keyed by.

    `Enum` hashes its members by name, in Python, and a call looks a hundred of them up.  Members
    are singletons, so their identity does as well and costs nothing.
    """

    __hash__ = object.__hash__


class HasState(Protocol[StateT]):
    """A record that a table moves: anything with a settable `state`."""

    state: StateT


class ImpossibleInputError(Exception):
    """The table has no row for this input in this state: a defect of ours."""


Action = Callable[[Any, Any], tuple[EffectT, ...]]
Table = Mapping[tuple[StateT, InputT], tuple[StateT, Action[EffectT]]]


def ignore(_record: object, _payload: object) -> tuple[()]:
    """Do nothing: the RFC (or we) say that this input is dropped in this state."""
    return ()


def step(
    table: Table[StateT, InputT, EffectT],
    record: HasState[StateT],
    input_: InputT,
    payload: object = None,
) -> tuple[EffectT, ...]:
    """Move `record` along the row for `input_` and return that row's effects.

    The state changes before the action runs, so an action sees where the record is going.

    Raises:
        ImpossibleInputError: the table has no such row; `record` is unchanged.
    """
    row = table.get((record.state, input_))
    if row is None:
        raise ImpossibleInputError(f"{input_} in {record.state}")
    record.state, action = row
    return action(record, payload)
