"""`/IncomingPhoneNumbers`: which calls an account takes, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field

from b2bua.api.call_forms import ROUTER
from b2bua.api.errors import (
    BAD_NUMBER,
    BAD_URL,
    NUMBER_TAKEN,
    ApiError,
    Reply,
    bad,
    not_found,
)
from b2bua.api.fields import Form, Line, Method, WebUrl, read_form
from b2bua.api.interfaces import Exchange
from b2bua.api.paging import listed, read_turn
from b2bua.api.visit import Fields, Route, Visit
from b2bua.callbacks.timestamps import timestamp
from b2bua.rcml.numbers import canonical
from b2bua.routing.plan import NumberSettings, StatusPlan
from b2bua.store.numbers import NumberRecord

MOST_KEPT = 2_000
"""Characters of a field that is kept without effect."""

KEPT = {
    "AddressSid": "address_sid",
    "BundleSid": "bundle_sid",
    "EmergencyAddressSid": "emergency_address_sid",
    "EmergencyStatus": "emergency_status",
    "IdentitySid": "identity_sid",
    "SmsApplicationSid": "sms_application_sid",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsMethod": "sms_method",
    "SmsUrl": "sms_url",
    "TrunkSid": "trunk_sid",
    "VoiceApplicationSid": "voice_application_sid",
    "VoiceReceiveMode": "voice_receive_mode",
}
"""Fields that are accepted, kept and shown, and have no effect; by their names in the response."""


class _NumberForm(Form):
    """What may be said of a number; a field that is not given stays as it is."""

    codes: ClassVar = {"VoiceUrl": BAD_URL, "PhoneNumber": BAD_NUMBER}
    missing: ClassVar = {"PhoneNumber": BAD_NUMBER}
    repeated: ClassVar = frozenset()

    friendly_name: Annotated[Line, Field(max_length=64)] | None = None
    voice_url: WebUrl | None = None
    voice_method: Method | None = None
    voice_fallback_url: WebUrl | None = None
    voice_fallback_method: Method | None = None
    status_callback: WebUrl | None = None
    status_callback_method: Method | None = None

    def applied(self, plan: NumberSettings) -> NumberSettings:
        """Return `plan` with what this form says."""
        said = {
            "voice_url": self.voice_url,
            "voice_method": self.voice_method,
            "voice_fallback_url": self.voice_fallback_url,
            "voice_fallback_method": self.voice_fallback_method,
        }
        given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        return replace(plan, status=self._status(plan.status), **given)

    def _status(self, before: StatusPlan | None) -> StatusPlan | None:
        url = (
            (before.url if before else "") if self.status_callback is None else self.status_callback
        )
        method = self.status_callback_method or (before.method if before else "POST")
        return StatusPlan(url, method) if url else None


class _CreateForm(_NumberForm):
    phone_number: Annotated[str, Field(min_length=1, max_length=64)]


class _FilterForm(Form):
    phone_number: str = ""
    friendly_name: str = ""


class IncomingPhoneNumbers:
    """The numbers of an account."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> Iterator[Route]:
        """Yield which requests are for numbers."""
        yield Route("POST", "/IncomingPhoneNumbers.json", self.create)
        yield Route("GET", "/IncomingPhoneNumbers.json", self.list)
        yield Route("GET", "/IncomingPhoneNumbers/<sid>.json", self.fetch)
        yield Route("POST", "/IncomingPhoneNumbers/<sid>.json", self.update)
        yield Route("DELETE", "/IncomingPhoneNumbers/<sid>.json", self.delete)

    async def create(self, visit: Visit) -> Reply:
        """Take the calls to a number."""
        form = read_form(_CreateForm, visit.fields)
        number = canonical(form.phone_number, self._exchange.country(visit.account_sid))
        if number is None:
            raise bad("PhoneNumber", "this should be a telephone number in E.164", BAD_NUMBER)
        numbers = self._exchange.numbers
        if not numbers.has_room(visit.account_sid):
            raise ApiError(400, BAD_NUMBER, "The account has as many numbers as it may have")
        now = self._exchange.now()
        record = NumberRecord(
            sid=self._exchange.new_sid("PN"),
            place=numbers.next_place(),
            plan=form.applied(NumberSettings(number, ROUTER, visit.account_sid)),
            friendly_name=form.friendly_name or number,
            created_at=now,
            updated_at=now,
            kept=_kept(visit.fields),
        )
        if not await numbers.put(record):
            raise bad("PhoneNumber", f"{number} is taken", NUMBER_TAKEN)
        return Reply(201, _render(record, visit))

    async def list(self, visit: Visit) -> Reply:
        """List numbers, newest first."""
        form = read_form(_FilterForm, visit.fields)
        turn = read_turn(visit.fields)
        page = await self._exchange.numbers.page(
            visit.account_sid, form.phone_number, form.friendly_name, turn.mark, turn.size
        )
        path, key = "/IncomingPhoneNumbers.json", "incoming_phone_numbers"
        return listed(visit, path, key, page, lambda one: _render(one, visit))

    async def fetch(self, visit: Visit) -> Reply:
        """Show one number."""
        return Reply(200, _render(await self._record(visit), visit))

    async def update(self, visit: Visit) -> Reply:
        """Change what becomes of calls to a number; those that go on stay as they are."""
        before = await self._record(visit)
        form = read_form(_NumberForm, visit.fields)
        record = replace(
            before,
            plan=form.applied(before.plan),
            friendly_name=form.friendly_name or before.friendly_name,
            updated_at=self._exchange.now(),
            kept=tuple({**dict(before.kept), **dict(_kept(visit.fields))}.items()),
        )
        await self._exchange.numbers.put(record)
        return Reply(200, _render(record, visit))

    async def delete(self, visit: Visit) -> Reply:
        """Give a number up."""
        record = await self._record(visit)
        await self._exchange.numbers.remove(visit.account_sid, record.sid)
        return Reply(204)

    async def _record(self, visit: Visit) -> NumberRecord:
        sid = visit.sids["sid"]
        record = await self._exchange.numbers.get(visit.account_sid, sid)
        if record is None:
            raise not_found(visit.uri(f"/IncomingPhoneNumbers/{sid}.json"))
        return record


def _kept(fields: Fields) -> tuple[tuple[str, str], ...]:
    given = {name: values[-1] for name, values in fields.items() if name in KEPT}
    for name, value in given.items():
        if len(value) > MOST_KEPT:
            raise bad(name, f"this is longer than {MOST_KEPT} characters")
    return tuple(sorted(given.items()))


def _render(record: NumberRecord, visit: Visit) -> dict[str, Any]:
    plan, kept = record.plan, dict(record.kept)
    return {
        **{shown: kept.get(name) for name, shown in KEPT.items()},
        "sid": record.sid,
        "account_sid": plan.account_sid,
        "friendly_name": record.friendly_name,
        "phone_number": plan.number,
        "date_created": timestamp(record.created_at),
        "date_updated": timestamp(record.updated_at),
        "voice_url": plan.voice_url,
        "voice_method": plan.voice_method,
        "voice_fallback_url": plan.voice_fallback_url,
        "voice_fallback_method": plan.voice_fallback_method,
        "voice_caller_id_lookup": False,
        "status_callback": plan.status.url if plan.status else "",
        "status_callback_method": plan.status.method if plan.status else "POST",
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "address_requirements": "none",
        "beta": False,
        "origin": "hosted",
        "status": "in-use",
        "api_version": visit.api_version,
        "uri": visit.uri(f"/IncomingPhoneNumbers/{record.sid}.json"),
        "subresource_uris": {},
    }
