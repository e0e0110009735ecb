"""`/Recordings`: what was recorded of an account's calls, and the sound itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from b2bua.api.calls import Calls
from b2bua.api.errors import UNAVAILABLE, WRONG_STATE, ApiError, Reply, not_found
from b2bua.api.fields import Form, read_form
from b2bua.api.interfaces import Exchange
from b2bua.api.paging import listed, read_turn
from b2bua.api.visit import Route, Serve, Visit
from b2bua.callbacks.tape_event import RECORDING_SOURCE
from b2bua.callbacks.timestamps import timestamp
from b2bua.routing.taping import TapeStatus
from b2bua.store.database import StoreAwayError
from b2bua.store.recordings import RecordingRecord

FORMS = {"wav": "audio/wav", "mp3": "audio/mpeg"}


class _FilterForm(Form):
    call_sid: str = ""


class Recordings:
    """The recordings of an account, or of one of its calls."""

    def __init__(self, exchange: Exchange, calls: Calls) -> None:
        self._exchange = exchange
        self._calls = calls

    def routes(self) -> Iterator[Route]:
        """Yield which requests are for recordings."""
        yield Route("GET", "/Recordings.json", _while_store_is_there(self.list))
        of_call = _while_store_is_there(self.list_of_call)
        yield Route("GET", "/Calls/<sid>/Recordings.json", of_call)
        yield Route("GET", "/Recordings/<sid>.json", _while_store_is_there(self.fetch))
        yield Route("DELETE", "/Recordings/<sid>.json", _while_store_is_there(self.delete))
        yield Route("GET", "/Recordings/<sid>.wav", _while_store_is_there(self.wav))
        yield Route("GET", "/Recordings/<sid>.mp3", _while_store_is_there(self.mp3))
        yield Route("GET", "/Recordings/<sid>", _while_store_is_there(self.wav))

    async def list(self, visit: Visit) -> Reply:
        """List recordings, newest first."""
        call_sid = read_form(_FilterForm, visit.fields).call_sid
        return await self._listed(visit, "/Recordings.json", call_sid)

    async def list_of_call(self, visit: Visit) -> Reply:
        """List the recordings of a call that there is."""
        record = await self._calls.record(visit)
        return await self._listed(visit, f"/Calls/{record.sid}/Recordings.json", record.sid)

    async def fetch(self, visit: Visit) -> Reply:
        """Show one recording."""
        return Reply(200, self._rendered(await self._record(visit), visit))

    async def delete(self, visit: Visit) -> Reply:
        """Remove a recording that is over: its record, and its sound."""
        record = await self._record(visit)
        if record.status is TapeStatus.IN_PROGRESS:
            raise ApiError(400, WRONG_STATE, f"Recording {record.sid} is in-progress")
        await self._exchange.recordings.remove(record)
        return Reply(204)

    async def wav(self, visit: Visit) -> Reply:
        """Send the sound of a recording that is over."""
        return await self._sound(visit, "wav")

    async def mp3(self, visit: Visit) -> Reply:
        """Send the sound of a recording that is over, made smaller."""
        return await self._sound(visit, "mp3")

    async def _sound(self, visit: Visit, form: str) -> Reply:
        record = await self._record(visit)
        if record.status is not TapeStatus.COMPLETED:
            raise not_found(f"{visit.uri(f'/Recordings/{record.sid}')}.{form}")
        file = await self._exchange.recordings.file(record, form)
        if file is None:
            raise not_found(f"{visit.uri(f'/Recordings/{record.sid}')}.{form}")
        return Reply(200, file=file, form=FORMS[form])

    async def _record(self, visit: Visit) -> RecordingRecord:
        sid = visit.sids["sid"]
        record = await self._exchange.recordings.get(visit.account_sid, sid)
        if record is None:
            raise not_found(visit.uri(f"/Recordings/{sid}.json"))
        return record

    async def _listed(self, visit: Visit, path: str, call_sid: str) -> Reply:
        turn = read_turn(visit.fields)
        shelf = self._exchange.recordings
        page = await shelf.page(visit.account_sid, call_sid, turn.mark, turn.size)
        return listed(visit, path, "recordings", page, lambda one: self._rendered(one, visit))

    def _rendered(self, record: RecordingRecord, visit: Visit) -> dict[str, Any]:
        is_over = record.status is TapeStatus.COMPLETED
        return {
            "sid": record.sid,
            "account_sid": record.account_sid,
            "call_sid": record.call_sid,
            "conference_sid": None,
            "api_version": visit.api_version,
            "date_created": timestamp(record.began_at),
            "date_updated": timestamp(record.updated_at),
            "start_time": timestamp(record.began_at),
            "duration": str(record.seconds) if is_over else None,
            "status": record.status.value,
            "channels": record.channels,
            "source": RECORDING_SOURCE,
            "error_code": None,
            "price": None,
            "price_unit": "USD",
            "encryption_details": None,
            "media_url": self._exchange.recordings.url_of(record.account_sid, record.sid),
            "uri": f"{visit.uri(f'/Recordings/{record.sid}')}.json",
            "subresource_uris": {},
        }


def _while_store_is_there(serve: Serve) -> Serve:
    """Return `serve`, which answers 503 while the database is away."""

    async def served(visit: Visit) -> Reply:
        try:
            return await serve(visit)
        except StoreAwayError as problem:
            text = "Recordings can't be looked up now"
            raise ApiError(503, UNAVAILABLE, text, headers=(("Retry-After", "10"),)) from problem

    return served
