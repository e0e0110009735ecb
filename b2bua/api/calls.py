"""`/Calls`: ask for a call, look at calls, change one that goes on, forget one that is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from twisted.logger import Logger

from b2bua.api.call_forms import WITHOUT_EFFECT, CreateForm, FilterForm, UpdateForm
from b2bua.api.errors import (
    FROM_NOT_OWNED,
    TOO_MANY,
    UNAVAILABLE,
    WRONG_STATE,
    ApiError,
    Reply,
    bad,
    not_found,
)
from b2bua.api.fields import read_form
from b2bua.api.interfaces import Exchange, Order
from b2bua.api.paging import listed, read_turn
from b2bua.api.targets import read_from, read_target
from b2bua.api.visit import Route, Visit
from b2bua.callbacks.timestamps import timestamp
from b2bua.routing.plan import Status
from b2bua.store.calls import CallRecord

LATER = (("Retry-After", "10"),)
_BEFORE_ANSWER = frozenset({Status.QUEUED, Status.RINGING})


class Calls:
    """The calls of an account, legs that were dialled by a document among them."""

    log = Logger()

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> Iterator[Route]:
        """Yield which requests are for calls."""
        yield Route("POST", "/Calls.json", self.create)
        yield Route("GET", "/Calls.json", self.list)
        # `Calls.json/{sid}` is an older client's way to say it (rcml.md R-1).
        for path in ("/Calls/<sid>.json", "/Calls.json/<sid>"):
            yield Route("GET", path, self.fetch)
            yield Route("POST", path, self.update)
            yield Route("DELETE", path, self.delete)

    async def create(self, visit: Visit) -> Reply:
        """Queue a call; it is dialled when the account's pace allows it."""
        if not self._exchange.takes_calls:
            raise ApiError(503, UNAVAILABLE, "No calls are taken any more", headers=LATER)
        form = read_form(CreateForm, visit.fields)
        form.refuse_without_document()
        country = self._exchange.country(visit.account_sid)
        from_ = read_from(form.from_, country)
        if not self._exchange.may_show(visit.account_sid, from_):
            raise bad("From", "this is none of the account's caller ids", FROM_NOT_OWNED)
        target = replace(
            read_target(form.to, country),
            trunk=form.byoc,
            credentials=form.credentials,
            status=form.status_plan(),
        )
        order = Order(
            account_sid=visit.account_sid,
            from_=from_,
            target=target,
            number=form.number(target.to, visit.account_sid),
            timeout=float(form.timeout),
            time_limit=float(form.time_limit),
            digits=form.send_digits,
        )
        record = self._exchange.originate(order)
        if record is None:
            raise ApiError(429, TOO_MANY, "Too many calls wait to be dialled")
        self._note_unused(record.sid, visit)
        return Reply(201, render_call(record, visit))

    async def list(self, visit: Visit) -> Reply:
        """List calls, newest first."""
        query = read_form(FilterForm, visit.fields).query()
        turn = read_turn(visit.fields)
        page = await self._exchange.calls.page(visit.account_sid, query, turn.mark, turn.size)
        return listed(visit, "/Calls.json", "calls", page, lambda one: render_call(one, visit))

    async def fetch(self, visit: Visit) -> Reply:
        """Show one call."""
        return Reply(200, render_call(await self.record(visit), visit))

    async def update(self, visit: Visit) -> Reply:
        """Redirect, bound or end a call that goes on."""
        record = await self.record(visit)
        form = read_form(UpdateForm, visit.fields)
        form.refuse_nothing()
        self._change(record, form)
        self._note_unused(record.sid, visit)
        return await self.fetch(visit)

    async def delete(self, visit: Visit) -> Reply:
        """Forget a call that is over."""
        record = await self.record(visit)
        if not record.status.is_final:
            raise _wrong_state("a call is deleted when it is over", record)
        await self._exchange.calls.remove(visit.account_sid, record.sid)
        return Reply(204)

    async def record(self, visit: Visit) -> CallRecord:
        """Return the record that a path names.

        Raises:
            ApiError: the account has no such call.
        """
        sid = visit.sids["sid"]
        record = await self._exchange.calls.get(visit.account_sid, sid)
        if record is None:
            raise not_found(visit.uri(f"/Calls/{sid}.json"))
        return record

    def _change(self, record: CallRecord, form: UpdateForm) -> None:
        exchange, sid = self._exchange, record.sid
        if record.status.is_final:
            raise _wrong_state("this call is over", record)
        if form.status == "canceled" and record.status not in _BEFORE_ANSWER:
            raise _wrong_state("only a call that is queued or rings can be canceled", record)
        if form.status is None and form.has_document:
            number = form.number(record.facts.to, record.facts.account_sid)
            if not exchange.redirect(sid, number):
                raise _wrong_state("this call has no document of its own that runs", record)
        plan = form.status_plan()
        if plan is not None and not exchange.report_to(sid, plan):
            raise _wrong_state("nothing is told of this call yet", record)
        if form.time_limit and not exchange.limit(sid, float(form.time_limit)):
            raise _wrong_state("only a call that was dialled or came in can be bounded", record)
        if form.status is not None:
            exchange.end(sid)

    def _note_unused(self, sid: str, visit: Visit) -> None:
        unused = sorted(WITHOUT_EFFECT.intersection(visit.fields))
        if unused:
            names = ", ".join(unused)
            self.log.warn("{names}: accepted without effect", names=names, call_sid=sid)


def render_call(record: CallRecord, visit: Visit) -> dict[str, Any]:
    """Return a call as the API shows it; durations and the time in the queue are strings (R-5)."""
    facts = record.facts
    uri = visit.uri(f"/Calls/{record.sid}")
    was_answered = record.answered_at is not None and record.duration is not None
    return {
        "sid": record.sid,
        "account_sid": facts.account_sid,
        "parent_call_sid": facts.parent_call_sid,
        "date_created": timestamp(record.created_at),
        "date_updated": timestamp(record.updated_at),
        "to": facts.to,
        "to_formatted": facts.to,
        "from": facts.from_,
        "from_formatted": facts.from_,
        "phone_number_sid": None,
        "status": record.status.value,
        "start_time": _moment(record.started_at),
        "end_time": _moment(record.ended_at),
        "duration": str(record.duration) if was_answered else None,
        "price": None,
        "price_unit": "USD",
        "direction": facts.direction.value,
        "answered_by": None,
        "api_version": visit.api_version,
        "forwarded_from": facts.forwarded_from,
        "group_sid": None,
        "caller_name": facts.caller_name,
        "queue_time": str(round(record.queued * 1000)),
        "trunk_sid": None,
        "annotation": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else timestamp(at)


def _wrong_state(why: str, record: CallRecord) -> ApiError:
    text = f"Call {record.sid} is {record.status.value}: {why}"
    return ApiError(400, WRONG_STATE, text)
