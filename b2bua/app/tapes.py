"""Every recording: those under way, those that are kept, and those that a death cut short.

Joins the recorder (files), the store (rows) and the callbacks; a recording is told of as legs are.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from b2bua.app.equipment import Entropy, Events, Notes
from b2bua.app.logs import logger
from b2bua.callbacks.interfaces import TapeEvent
from b2bua.media.mp3 import mp3_of
from b2bua.media.recorder import LiveTape, Recorded, Recorder
from b2bua.media.tape import Style
from b2bua.media.wav import mended
from b2bua.routing.plan import LegFacts
from b2bua.routing.taping import TapeFacts, TapePlan, TapeStatus
from b2bua.store.paging import Mark, Page
from b2bua.store.recordings import RecordingRecord, RecordingRecords

log = logger("recordings")


class Taping:
    """A recording of a call, as the call sees it."""

    def __init__(self, tape: LiveTape, url: str) -> None:
        self.tape = tape
        self.is_absent = False
        self._url = url

    @property
    def facts(self) -> TapeFacts | None:
        """What can be told of it now; None: it is known that there is nothing."""
        if self.is_absent:
            return None
        return TapeFacts(self.tape.sid, self._url, int(self.tape.seconds))


class Tapes:
    """All recordings.  `url_of` says where the recording of an account is fetched.

    `stopped` is told when the last has been written.
    """

    def __init__(
        self,
        recorder: Recorder,
        records: RecordingRecords,
        events: Events,
        notes: Notes,
        *,
        entropy: Entropy,
        wall: Callable[[], float],
        url_of: Callable[[str, str], str],
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self._recorder, self._records = recorder, records
        self._events, self._notes = events, notes
        self._entropy, self._wall = entropy, wall
        self.url_of = url_of
        self._stopped = stopped

    def __len__(self) -> int:
        return len(self._recorder)

    def begin(self, plan: TapePlan, caller: LegFacts) -> Taping:
        """Record a caller's conversation."""
        style = Style(2 if plan.is_dual else 1, plan.trim)
        record = self._records.add(
            RecordingRecord(
                self._entropy.recording_sid(),
                caller.account_sid,
                caller.call_sid,
                style.channels,
                plan.callback,
            )
        )
        url = self.url_of(record.account_sid, record.sid)

        def ended(how: Recorded) -> None:
            if how.problem:
                log.warning(how.problem, call_sid=caller.call_sid, recording_sid=record.sid)
                self._notes.note(caller, how.code, how.problem, "")
            taping.is_absent = not how.seconds
            self._end(record, how.seconds)

        taping = Taping(self._recorder.begin(record.sid, style, ended), url)
        self._tell(record, TapeStatus.IN_PROGRESS, 0)
        return taping

    async def stop(self) -> None:
        """End all recordings under way."""
        await self._recorder.stop()
        self._stopped()

    async def resume(self, before: int) -> None:
        """End what an earlier process, of places below `before`, could not.

        Raises:
            StoreAwayError: the store can't be read now.
        """
        for record in await self._records.unfinished(before):
            path = self._recorder.file(record.sid)
            mending = partial(_mended, path, record.channels)
            self._end(record, await self._recorder.in_thread(mending))

    # What the REST API asks for.

    async def get(self, account_sid: str, sid: str) -> RecordingRecord | None:
        """Return an account's recording."""
        return await self._records.get(account_sid, sid)

    async def page(
        self, account_sid: str, call_sid: str, mark: Mark | None, size: int
    ) -> Page[RecordingRecord]:
        """Return one page of an account's recordings, or of those of a call."""
        return await self._records.page(account_sid, call_sid, mark, size)

    async def remove(self, record: RecordingRecord) -> None:
        """Remove a recording: its row, and then its files."""
        await self._records.remove(record.account_sid, record.sid)
        await self._recorder.in_thread(lambda: _unlink(self._recorder.file(record.sid)))

    async def file(self, record: RecordingRecord, form: str) -> Path | None:
        """Return the file of a recording as `wav` or `mp3`; None: that cannot be had."""
        wav = self._recorder.file(record.sid)

        def find() -> Path | None:
            try:
                return mp3_of(wav) if form == "mp3" else wav if wav.exists() else None
            except OSError as problem:
                log.warning("a recording can't be read", file=wav.name, problem=str(problem))
                return None

        found: Path | None = await self._recorder.in_thread(find)
        return found

    def _end(self, record: RecordingRecord, seconds: float) -> None:
        status = TapeStatus.COMPLETED if seconds else TapeStatus.ABSENT
        self._records.end(record, status, int(seconds), self._wall())
        self._tell(record, status, int(seconds))

    def _tell(self, record: RecordingRecord, status: TapeStatus, seconds: int) -> None:
        plan = record.callback
        if plan is None or status not in plan.events:
            return
        event = TapeEvent(
            plan,
            record.account_sid,
            record.call_sid,
            status,
            TapeFacts(record.sid, self.url_of(record.account_sid, record.sid), seconds),
            record.channels,
            record.began_at,
            self._wall(),
            self._entropy.token(),
        )
        self._events.put(event)


def _mended(path: Path, channels: int) -> float:
    try:
        return mended(path, channels)
    except OSError as problem:
        log.warning("a recording is lost", file=path.name, problem=str(problem))
        return 0.0


def _unlink(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
    with suppress(FileNotFoundError):
        path.with_suffix(".mp3").unlink()
