"""What the parties saw: the ladder and the promises are read from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from demo.cast import WINNER, Phone
from demo.rtp import EVENTS, Packet
from tests.support.application import Received
from tests.support.sipp import Message


@dataclass(frozen=True)
class Ear:
    """What one end of RTP heard, beside what the other end said."""

    heard: list[Packet]
    said: list[Packet]

    @cached_property
    def bridged_at(self) -> int:
        """The place in `heard` of the first packet that the other end said."""
        said = {packet.words for packet in self.said}
        places = (at for at, packet in enumerate(self.heard) if packet.words in said)
        return next(places, len(self.heard))

    @property
    def alone(self) -> list[Packet]:
        """What came from the daemon itself: ringback, or a whisper."""
        return self.heard[: self.bridged_at]

    @property
    def bridged(self) -> list[Packet]:
        """What came from the first packet of the other end on."""
        return self.heard[self.bridged_at :]

    @property
    def owed(self) -> list[Packet]:
        """What the other end said from that packet on."""
        if not self.bridged:
            return []
        said = [packet.words for packet in self.said]
        return self.said[said.index(self.bridged[0].words) :]


@dataclass
class Evidence:
    """Everything; `problem` is why the call stopped short, if it did."""

    messages: dict[str, list[Message]] = field(default_factory=dict)
    asked: list[Received] = field(default_factory=list)
    caller: Ear = field(default_factory=lambda: Ear([], []))
    callee: Ear = field(default_factory=lambda: Ear([], []))
    token: str = ""
    problem: str = ""
    log: list[str] = field(default_factory=list)
    is_idle: bool = False
    is_stopped: bool = False

    def to(self, path: str) -> list[Received]:
        """Return the requests for `path`, in the order in which they came."""
        return [each for each in self.asked if each.path == path]

    def only(self, path: str) -> Received:
        """Return the request for `path`.

        Raises:
            LookupError: there is not exactly one.
        """
        asked = self.to(path)
        if len(asked) != 1:
            raise LookupError(f"{path} was asked for {len(asked)} times")
        return asked[0]

    def callbacks(self, phone: Phone) -> list[Received]:
        """Return the callbacks about the leg to `phone`."""
        return [each for each in self.to("/progress") if each["To"] == phone.number]

    def sip(self, name: str, start: str, *, sent: bool) -> Message:
        """Return the first message of a party that begins so.

        Raises:
            LookupError: there is none.
        """
        for message in self.messages.get(name, ()):
            if message.is_sent == sent and message.start.startswith(start):
                return message
        raise LookupError(f"{name} {'sent' if sent else 'got'} no {start}")

    @property
    def key(self) -> list[Packet]:
        """The telephone-event by which the callee accepted."""
        return [packet for packet in self.caller.said if packet.type == EVENTS]

    @property
    def winner(self) -> str:
        """The `CallSid` of the leg that was bridged, if it was ever told."""
        return next((each["CallSid"] for each in self.callbacks(WINNER)), "")
