"""Inputs one after another: what arises while effects are performed waits for its turn.

Performing an effect may at once cause the next input (a send that fails, a leg that ends).  Taken
in the middle of a list of effects it would be seen before the rest of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

EffectT = TypeVar("EffectT")


class Turns(Generic[EffectT]):
    """Takes inputs in order and performs the effects of each before the next.

    Who performs them says so with each input: kept here, it would keep itself alive.
    """

    __slots__ = ("_busy", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], Iterable[EffectT]]] = deque()
        self._busy = False

    def take(
        self, input_: Callable[[], Iterable[EffectT]], perform: Callable[[EffectT], None]
    ) -> None:
        """Take one input now, or when those before it are done."""
        self._waiting.append(input_)
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                for effect in self._waiting.popleft()():
                    perform(effect)
        finally:
            self._busy = False

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
