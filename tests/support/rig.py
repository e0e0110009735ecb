"""A transaction's machine on a virtual clock, and a log of what it did when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from b2bua.sip.message import Message, Request
from b2bua.sip.transaction.effects import (
    Arm,
    Begin,
    Deliver,
    Disarm,
    Effects,
    Ended,
    Report,
    Send,
    Why,
)
from b2bua.sip.transaction.timers import Timer


def named(message: Message) -> str:
    """Return a request's method, or a response's status."""
    return message.method if isinstance(message, Request) else str(message.status)


class Rig:
    """Performs effects in the plainest way.

    `sent` holds (time, message name), `delivered` message names, `ended` how it ended.
    """

    def __init__(self, clock: Clock, machine: Any) -> None:
        self._clock = clock
        self._armed: dict[Timer, IDelayedCall] = {}
        self._inputs: deque[Callable[[], Effects]] = deque()
        self.machine = machine
        self.messages: list[Message] = []
        self.sent: list[tuple[float, str]] = []
        self.delivered: list[str] = []
        self.begun: list[Request] = []
        self.reports: list[Why] = []
        self.ended: Why | None = None

    def perform(self, effects: Effects) -> None:
        for effect in effects:
            self._perform(effect)
        while self._inputs:
            self.perform(self._inputs.popleft()())

    @property
    def armed(self) -> set[Timer]:
        return set(self._armed)

    def _perform(self, effect: object) -> None:
        match effect:
            case Send(message):
                self.messages.append(message)
                self.sent.append((self._clock.seconds(), named(message)))
            case Arm(timer, seconds):
                assert timer not in self._armed, f"{timer} is armed twice"
                if seconds:
                    self._armed[timer] = self._clock.callLater(seconds, self._expire, timer)
                else:
                    self._inputs.append(lambda: self.machine.expire(timer))
            case Disarm(timer):
                if timer in self._armed:
                    self._armed.pop(timer).cancel()
            case Deliver(message):
                self.delivered.append(named(message))
            case Begin(request):
                self.begun.append(request)
            case Report(why):
                self.reports.append(why)
            case Ended(why):
                assert self.ended is None, "it ended twice"
                self.ended = why
                for call in self._armed.values():
                    call.cancel()
                self._armed.clear()

    def _expire(self, timer: Timer) -> None:
        del self._armed[timer]
        self.perform(self.machine.expire(timer))
