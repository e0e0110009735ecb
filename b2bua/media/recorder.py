"""Recordings under way: empties their taps twice a second, and has a thread write what came.

A recording whose thread is slow is not looked at until that is done: its tap fills, and then drops
and counts.  So a disk that hangs costs a bounded amount of memory, and no call a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TookTooLongError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from b2bua.media.interfaces import Backend
from b2bua.media.tape import CHILD, PARENT, Style, Tape, TapeError

T = TypeVar("T")

LOOK_EVERY = 0.5
"""Seconds; a tap holds seven times as much of an ordinary conversation."""
LAST_WORDS = 10.0
"""Seconds that recordings under way get to be written when the service stops."""
NO_ROOM = 12_400
NOT_UNDERSTOOD = 12_200

_SIDES = {PARENT: "the caller's", CHILD: "the callee's"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording ended: its seconds, or why there is none (a code of rcml.md 7.4, and a text).

    Nobody is at fault for one without sound: code 0.
    """

    seconds: float = 0.0
    code: int = 0
    problem: str = ""


class Recorder:
    """All recordings under way, in `folder`.

    `in_thread` runs its argument off the reactor's thread; `free` says how many bytes a folder's
    disk has left; a recording ends by itself after `seconds`.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        backend: Backend,
        folder: Path,
        in_thread: Callable[[Callable[[], Any]], Deferred[Any]],
        *,
        seconds: float = 14_400.0,
        make_tape: Callable[[Path, Style, int], Tape] = Tape,
    ) -> None:
        self.clock, self.backend, self.folder = clock, backend, folder
        self.in_thread, self.make_tape = in_thread, make_tape
        self.seconds = seconds
        self._under_way: set[LiveTape] = set()
        self._looking = LoopingCall(self._look)
        self._looking.clock = clock
        self._idle: Deferred[None] | None = None

    def __len__(self) -> int:
        return len(self._under_way)

    def file(self, sid: str) -> Path:
        """Return the file of a recording, whether it is there or not."""
        return self.folder / f"{sid}.wav"

    def begin(self, sid: str, style: Style, ended: Callable[[Recorded], None]) -> LiveTape:
        """Begin a recording; `ended` is told once, and not before this has returned."""
        tape = LiveTape(self, sid, style, ended)
        self._under_way.add(tape)
        if not self._looking.running:
            self._looking.start(LOOK_EVERY, now=False)
        self.clock.callLater(0, tape.open)
        return tape

    def forget(self, tape: LiveTape) -> None:
        """Look after a recording no more."""
        self._under_way.discard(tape)
        if self._under_way:
            return
        if self._looking.running:
            self._looking.stop()
        idle, self._idle = self._idle, None
        if idle is not None:
            idle.callback(None)

    async def stop(self) -> None:
        """End all recordings; come back when they are on the disk, or the disk does not answer."""
        for tape in [*self._under_way]:
            tape.end()
        if not self._under_way:
            return
        self._idle = Deferred()
        try:
            await self._idle.addTimeout(LAST_WORDS, self.clock)
        except TookTooLongError:
            self._idle = None
            self.log.warn("{count} recordings hang: the disk is silent", count=len(self))
        if self._looking.running:
            self._looking.stop()

    def _look(self) -> None:
        for tape in [*self._under_way]:
            tape.look()


class LiveTape:
    """One recording under way.  `handle` is its tap at the relay; 0: there was none left."""

    def __init__(
        self, recorder: Recorder, sid: str, style: Style, ended: Callable[[Recorded], None]
    ) -> None:
        self.sid = sid
        self.style = style
        self.handle = 0
        self._recorder, self._tell = recorder, ended
        self._began = recorder.clock.seconds()
        self._ended: float | None = None
        self._last = b""
        self._tape: Tape | None = None
        self._is_busy = True
        self._problem: Recorded | None = None
        self._is_over = False
        try:
            self.handle = recorder.backend.open_tap()
        except OSError as problem:
            self._problem = Recorded(code=NO_ROOM, problem=f"no recording: {problem}")

    @property
    def seconds(self) -> float:
        """How long it is, or was, before silence is cut from it."""
        end = self._recorder.clock.seconds() if self._ended is None else self._ended
        return end - self._began

    def deaf(self, side: int, why: str) -> None:
        """Note that a side can't be heard, so that there is no recording."""
        text = f"no recording: {_SIDES[side]} media {why}"
        self._problem = self._problem or Recorded(code=NOT_UNDERSTOOD, problem=text)

    def open(self) -> None:
        """Make the file."""
        if self._problem is not None and not self.handle:
            self._end(self._problem)
            return
        recorder, path = self._recorder, self._recorder.file(self.sid)
        began_ns = round(self._began * 1e9)
        self._do(lambda: recorder.make_tape(path, self.style, began_ns), self._opened)

    def look(self) -> None:
        """Write what has come, unless the last of it is still being written."""
        if self.seconds >= self._recorder.seconds:
            self.end()
        tape = self._tape
        if tape is None or self._is_busy or self._ended is not None:
            return
        now_ns = round(self._recorder.clock.seconds() * 1e9)
        taken = self._recorder.backend.take(self.handle)
        self._do(lambda: tape.hear(taken, now_ns), lambda _done: None)

    def end(self) -> None:
        """Hear no more; the file is whole when `ended` is told."""
        if self._ended is not None:
            return
        self._ended = self._recorder.clock.seconds()
        if self.handle:
            self._last = self._recorder.backend.take(self.handle)
            self._recorder.backend.close_tap(self.handle)
        if not self._is_busy:
            self._finish()

    def _opened(self, tape: Tape) -> None:
        self._tape = tape

    def _finish(self) -> None:
        tape, ended = self._tape, self._ended
        assert tape is not None
        assert ended is not None
        self._do(lambda: _finished(tape, self._last, round(ended * 1e9), self._problem), self._end)

    def _do(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._is_busy = True
        doing = self._recorder.in_thread(work)
        doing.addCallbacks(self._done, self._failed, callbackArgs=(done,))
        doing.addErrback(lambda failure: self._recorder.log.failure("a recording broke", failure))

    def _done(self, result: T, done: Callable[[T], None]) -> None:
        self._is_busy = False
        done(result)
        if self._ended is not None and not self._is_over and not self._is_busy:
            self._finish()

    def _failed(self, failure: Failure) -> None:
        if failure.check(TapeError) is None:
            self._recorder.log.failure("a recording broke", failure)
        self._end(Recorded(code=NO_ROOM, problem=failure.getErrorMessage()))

    def _end(self, how: Recorded) -> None:
        if self._ended is None:
            self._ended = self._recorder.clock.seconds()
            self._recorder.backend.close_tap(self.handle)
        self._is_busy = False
        self._is_over = True
        tell, self._tell = self._tell, _tell_nobody
        tell(how)
        self._recorder.forget(self)


def _tell_nobody(_how: Recorded) -> None:
    """Do nothing: it has been told."""


def _finished(tape: Tape, last: bytes, ended_ns: int, problem: Recorded | None) -> Recorded:
    """Finish a tape, in a thread; one that nobody can make sense of is discarded."""
    seconds = tape.finish(last, ended_ns)
    if problem is None and tape.not_understood:
        side, types = next(iter(tape.not_understood.items()))
        text = f"is in no codec that is recorded (payload types {', '.join(map(str, types))})"
        problem = Recorded(
            code=NOT_UNDERSTOOD, problem=f"no recording: {_SIDES[side]} media {text}"
        )
    if problem is None and not seconds:
        problem = Recorded()
    if problem is None:
        return Recorded(seconds)
    tape.discard()
    return problem
