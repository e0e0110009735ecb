"""Company for somebody who waits: nobody who has been answered hears dead air for over a second.

What a document says may be late for many reasons (its server, a recording, a long sentence to be
spoken), and a line without a sound is taken for a call that has failed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TypeVar

from twisted.internet.interfaces import IDelayedCall

from b2bua.app.equipment import Equipment
from b2bua.app.lines import Lines
from b2bua.media.prompts import encode
from b2bua.media.tones import comfort_noise

Result = TypeVar("Result")

DEAD_AIR = 1.0
"""Seconds without a sound after which noise begins."""


class Comfort:
    """One party's.

    Several things may be waited for at once: a key ends a prompt, but not its making.
    """

    def __init__(self, equipment: Equipment, lines: Lines) -> None:
        self._equipment = equipment
        self._lines = lines
        self._heard_at = equipment.clock.seconds()
        self._waits: list[Callable[[], bool]] = []
        self._timer: IDelayedCall | None = None
        self._is_heard = False

    async def during(self, work: Awaitable[Result], late: Callable[[], bool]) -> Result:
        """Await `work`, with noise as soon as there was no sound for `DEAD_AIR`.

        `late` is told of that, and returns whether noise is wanted.
        """
        self._waits.append(late)
        self._arm()
        try:
            return await work
        finally:
            if late in self._waits:
                self._waits.remove(late)
            if not self._waits:
                self.stop()

    def heard(self) -> None:
        """Take that the party has heard until now what it was meant to hear, silence included."""
        self._heard_at = self._equipment.clock.seconds()
        self._arm()

    def stop(self) -> None:
        """Make way for something else to be heard; `heard` tells of its end."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        if not self._is_heard:
            return
        self._is_heard = False
        self._heard_at = self._equipment.clock.seconds()
        stream = self._lines.playing_stream
        if stream is not None:
            self._equipment.backend.quiet(stream)

    def end(self) -> None:
        """Be quiet from now on, until something else is waited for."""
        self._waits.clear()
        self.stop()

    def _arm(self) -> None:
        if not self._waits or self._is_heard:
            return
        self.stop()
        clock = self._equipment.clock
        delay = max(0.0, self._heard_at + DEAD_AIR - clock.seconds())
        self._timer = clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if not any(late() for late in self._waits):
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
