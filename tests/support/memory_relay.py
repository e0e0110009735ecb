"""A media backend that moves no packets: it keeps the time of what plays, and notes what is asked.

Ports are numbers and streams are handles, as in the real one; the contract suite in `tests/media`
keeps the real ones honest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from b2bua.media.interfaces import (
    Aim,
    Counts,
    Kind,
    NoPortsError,
    Notice,
    Opened,
    Played,
    Pressed,
    Silent,
)

OCTETS_A_SECOND = 8_000


@dataclass
class Stream:
    """What is known of one stream."""

    port: int
    aim: Aim | None = None
    linked: int | None = None
    token: int | None = None
    ends: IDelayedCall | None = None
    watch: IDelayedCall | None = None
    pressed: list[str] = field(default_factory=list)
    tapped: tuple[int, int] | None = None


class MemoryRelay:
    """`note` is told, by stream, what a phone on that stream would notice: play, loop, quiet.

    With `watches` off, media is taken to come all the time.
    """

    def __init__(
        self,
        clock: IReactorTime,
        note: Callable[[int, str], None],
        ports: int = 1_000,
        *,
        watches: bool = True,
    ) -> None:
        self._clock, self._note = clock, note
        self._ports_left = ports
        self._watches = watches
        self._handles, self._numbers = count(1), count(20_000, 2)
        self.streams: dict[int, Stream] = {}
        self.taps: dict[int, bytes] = {}
        self.taps_most = 1_000
        self._notify: Callable[[Notice], None] = lambda _notice: None

    def start(self, notify: Callable[[Notice], None]) -> None:
        self._notify = notify

    def stop(self) -> None:
        for stream in [*self.streams]:
            self.close(stream)

    def open(self, kind: Kind, v6: bool = False) -> Opened:
        if self._ports_left == 0:
            raise NoPortsError("no free pair of ports")
        self._ports_left -= 1
        stream = next(self._handles)
        self.streams[stream] = Stream(next(self._numbers))
        return Opened(stream, "192.0.2.1", self.streams[stream].port)

    def aim(self, stream: int, aim: Aim) -> None:
        self._at(stream).aim = aim

    def link(self, a: int, b: int) -> None:
        if self._at(a).linked == b:
            return
        self.unlink(a)
        self.unlink(b)
        self._at(a).linked, self._at(b).linked = b, a
        self._note(a, "link")

    def unlink(self, stream: int) -> None:
        other = self._at(stream).linked
        self._at(stream).linked = None
        if other is not None:
            self._at(other).linked = None

    def play(self, stream: int, token: int, payload: bytes, loop: bool = False) -> None:
        self._stop(stream)
        state = self._at(stream)
        state.token = token
        seconds = len(payload) / OCTETS_A_SECOND
        self._note(stream, "loop" if loop else f"play {seconds:.2f}")
        if not loop:
            state.ends = self._clock.callLater(seconds, self._ended, stream)

    def press(self, stream: int, token: int, digits: str) -> None:
        self._stop(stream)
        state = self._at(stream)
        state.token = token
        seconds = sum({"w": 0.5, "W": 1.0}.get(digit, 0.2) for digit in digits)
        self._note(stream, f"press {digits}")
        state.ends = self._clock.callLater(seconds, self._ended, stream)

    def quiet(self, stream: int) -> None:
        if self._at(stream).token is not None:
            self._note(stream, "quiet")
        self._stop(stream)

    def watch(self, stream: int, seconds: float) -> None:
        state = self._at(stream)
        if state.watch is not None and state.watch.active():
            state.watch.cancel()
        state.watch = None
        if seconds and self._watches:
            state.watch = self._clock.callLater(seconds, self._silent, stream)

    def open_tap(self) -> int:
        if len(self.taps) == self.taps_most:
            raise OSError(28, "No space left on device")
        tap = next(self._handles)
        self.taps[tap] = b""
        return tap

    def tap(self, stream: int, tap: int, channel: int) -> None:
        self._at(stream).tapped = (tap, channel) if tap else None
        self._note(stream, f"recorded in {channel + 1}" if tap else "recorded no more")

    def take(self, tap: int) -> bytes:
        taken, self.taps[tap] = self.taps[tap], b""
        return taken

    def close_tap(self, tap: int) -> None:
        self.taps.pop(tap, None)

    def counts(self, stream: int) -> Counts:
        self._at(stream)
        return Counts()

    def close(self, stream: int) -> Counts:
        self.unlink(stream)
        self.watch(stream, 0)
        state = self.streams.pop(stream)
        if state.ends is not None and state.ends.active():
            state.ends.cancel()
        self._ports_left += 1
        return Counts()

    @property
    def ports_in_use(self) -> int:
        return 2 * len(self.streams)

    # What happens to a stream.

    def key(self, stream: int, digit: str) -> None:
        """Let a phone press one key as a telephone-event."""
        self._notify(Pressed(stream, digit, 100))

    def _at(self, stream: int) -> Stream:
        return self.streams[stream]

    def _stop(self, stream: int) -> None:
        state = self._at(stream)
        if state.ends is not None and state.ends.active():
            state.ends.cancel()
        state.ends = None
        token, state.token = state.token, None
        if token is not None:
            self._clock.callLater(0, self._notify, Played(stream, token))

    def _ended(self, stream: int) -> None:
        state = self._at(stream)
        token, state.token = state.token, None
        state.ends = None
        if token is not None:
            self._notify(Played(stream, token))

    def _silent(self, stream: int) -> None:
        self._at(stream).watch = None
        self._notify(Silent(stream))
