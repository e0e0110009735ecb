"""Waiting with an end."""

from __future__ import annotations

from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

Result = TypeVar("Result")


async def within(
    clock: IReactorTime, seconds: float, awaited: Deferred[Result], late: Exception
) -> Result:
    """Return what `awaited` fires with, or cancel it after `seconds` and raise `late`."""
    is_late = False

    def expire() -> None:
        nonlocal is_late
        is_late = True
        awaited.cancel()

    timer = clock.callLater(seconds, expire)
    try:
        return await awaited
    except BaseException:
        if is_late:
            raise late from None
        raise
    finally:
        if timer.active():
            timer.cancel()
