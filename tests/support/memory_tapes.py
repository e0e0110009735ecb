"""Recordings on a virtual clock: rows in memory, files in a folder that goes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from twisted.internet.defer import maybeDeferred
from twisted.internet.task import Clock

from b2bua.app.equipment import Entropy, Events, NoNotes, Notes
from b2bua.app.tapes import Tapes
from b2bua.callbacks.interfaces import AnyEvent
from b2bua.media.interfaces import Backend
from b2bua.media.recorder import Recorder
from b2bua.routing.plan import LegFacts
from b2bua.routing.taping import TapeStatus
from b2bua.store.database import StoreAwayError
from b2bua.store.paging import Mark, Page, page_of
from b2bua.store.recordings import RecordingRecord

EPOCH = 1_282_266_822.0
URL = "http://pbx.example/2010-04-01/Accounts"


class MemoryRecordings:
    """`RecordingRecords` in a dict."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self.by_sid: dict[str, RecordingRecord] = {}
        self.is_away = False
        self._wall = wall

    def add(self, record: RecordingRecord) -> RecordingRecord:
        place = int(self._wall() * 1_000_000) + len(self.by_sid)
        placed = replace(record, place=place, updated_at=self._wall())
        self.by_sid[record.sid] = placed
        return placed

    def end(self, record: RecordingRecord, status: TapeStatus, seconds: int, at: float) -> None:
        if record.sid in self.by_sid:
            ended = replace(record, status=status, seconds=seconds, updated_at=at)
            self.by_sid[record.sid] = ended

    async def get(self, account_sid: str, sid: str) -> RecordingRecord | None:
        if self.is_away:
            raise StoreAwayError("unplugged")
        record = self.by_sid.get(sid)
        return record if record is not None and record.account_sid == account_sid else None

    async def page(
        self, account_sid: str, call_sid: str, mark: Mark | None, size: int
    ) -> Page[RecordingRecord]:
        def wanted(records: Iterable[RecordingRecord]) -> list[RecordingRecord]:
            own = [record for record in records if record.account_sid == account_sid]
            return [record for record in own if call_sid in ("", record.call_sid)]

        records = [*self.by_sid.values()]
        return page_of(wanted(records), wanted(reversed(records)), mark, size)

    async def remove(self, account_sid: str, sid: str) -> bool:
        is_there = await self.get(account_sid, sid) is not None
        if is_there:
            del self.by_sid[sid]
        return is_there

    async def unfinished(self, before: int) -> list[RecordingRecord]:
        return [
            record
            for record in self.by_sid.values()
            if record.place < before and record.status is TapeStatus.IN_PROGRESS
        ]


class Told:
    """`Events` and `Notes` that remember what they were told."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.notes: list[tuple[str, int, str]] = []

    def put(self, event: AnyEvent) -> None:
        self.events.append(event)

    def note(self, leg: LegFacts, code: int, text: str, url: str) -> None:
        self.notes.append((leg.call_sid, code, text))


class MemoryTapes:
    """`tapes` are what a call is equipped with, `records` what is known of them."""

    def __init__(
        self,
        clock: Clock,
        relay: Backend,
        events: Events,
        entropy: Entropy,
        notes: Notes | None = None,
    ) -> None:
        self._folder = TemporaryDirectory(prefix="b2bua-recordings-")

        def wall() -> float:
            return EPOCH + clock.seconds()

        self.records = MemoryRecordings(wall)
        self.recorder = Recorder(clock, relay, Path(self._folder.name), maybeDeferred)
        self.tapes = Tapes(
            self.recorder,
            self.records,
            events,
            notes or NoNotes(),
            entropy=entropy,
            wall=wall,
            url_of=lambda account_sid, sid: f"{URL}/{account_sid}/Recordings/{sid}",
        )
