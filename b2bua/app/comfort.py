"""Company for somebody who waits: nobody who has been answered hears dead air for over a second.

What a document says may be late for many reasons (its server, a recording, a long sentence to be
spoken), and a line without a sound is taken for a call that has failed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TypeVar

from b2bua.app.equipment import Equipment
from b2bua.app.lines import Lines
from b2bua.media.prompts import encode
from b2bua.media.tones import comfort_noise

Result = TypeVar("Result")

DEAD_AIR = 1.0
"""Seconds without a sound after which noise begins."""


class Comfort:
    """One party's."""

    def __init__(self, equipment: Equipment, lines: Lines) -> None:
        self._equipment = equipment
        self._lines = lines
        self._heard_at = equipment.clock.seconds()
        self._is_heard = False

    def heard(self) -> None:
        """Take that the party has heard until now what it was meant to hear, silence included."""
        self._heard_at = self._equipment.clock.seconds()

    async def during(self, work: Awaitable[Result], late: Callable[[], bool]) -> Result:
        """Await `work`, with noise as soon as there was no sound for `DEAD_AIR`.

        `late` is told of that, and returns whether noise is wanted.
        """
        clock = self._equipment.clock
        delay = max(0.0, self._heard_at + DEAD_AIR - clock.seconds())
        timer = clock.callLater(delay, self._begin, late)
        try:
            return await work
        finally:
            if timer.active():
                timer.cancel()
            self.end()

    def end(self) -> None:
        """Be quiet; harmless when it is."""
        if not self._is_heard:
            return
        self._is_heard = False
        self.heard()
        stream = self._lines.playing_stream
        if stream is not None:
            self._equipment.backend.quiet(stream)

    def _begin(self, late: Callable[[], bool]) -> None:
        if not late():
            return
        stream, found = self._lines.playing_stream, self._lines.playable
        if stream is None or found is None:
            return
        self._is_heard = True
        token = next(self._equipment.play_tokens)
        self._equipment.backend.play(stream, token, _octets(found.codec), loop=True)


@lru_cache(maxsize=2)
def _octets(codec: str) -> bytes:
    return encode(comfort_noise(), codec)
