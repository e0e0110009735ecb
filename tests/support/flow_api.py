"""The actor `api` of a flow: an application that asks for calls, and changes those that go on.

    0.00  api -> create To=+15550000101 From=+15550009999 Url=/voice
    0.00  api <- 201 status=queued
    5.00  api -> update Status=completed             # of the call created last, or
    5.00  api -> update of=+15550000102 Url=/other   # of the newest call to that number

A value that begins with `/` is a path of the application's own host.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred

from b2bua.api.calls import Calls
from b2bua.api.errors import ApiError, Reply
from b2bua.api.visit import Fields, Visit
from b2bua.app.equipment import Equipment
from b2bua.app.exchange import LiveExchange
from b2bua.app.switchboard import Switchboard
from b2bua.store.calls import CallQuery

Note = Callable[[str, str, dict[str, str]], None]


class ApiActor:
    """Speaks to the resources themselves, without HTTP; `note` is told what they answer."""

    def __init__(
        self, equipment: Equipment, switchboard: Switchboard, host: str, note: Note
    ) -> None:
        self.exchange = LiveExchange(equipment, switchboard)
        self._calls = Calls(self.exchange)
        self._host, self._note = host, note
        self._account = equipment.settings.accounts[0].sid
        self._last = ""

    def say(self, words: list[str]) -> None:
        """Send one request."""
        pairs = [word.split("=", 1) for word in words[1:]]
        fields = {
            name: [self._host + value if value.startswith("/") else value] for name, value in pairs
        }
        to = "".join(fields.pop("of", []))
        asking = (
            self._create(fields) if words[0] == "create" else self._change(words[0], to, fields)
        )
        answered: Deferred[None] = Deferred.fromCoroutine(self._hear(asking))
        assert answered.called, "the records are in memory"

    async def _create(self, fields: Fields) -> Reply:
        reply = await self._calls.create(self._visit(fields))
        assert reply.body is not None
        self._last = reply.body["sid"]
        return reply

    async def _change(self, verb: str, to: str, fields: Fields) -> Reply:
        sid = self._last
        if to:
            page = await self.exchange.calls.page(self._account, CallQuery(to=to), None, 1)
            sid = page.records[0].sid
        visit = self._visit(fields, sid)
        serve = {
            "update": self._calls.update,
            "get": self._calls.fetch,
            "delete": self._calls.delete,
        }
        return await serve[verb](visit)

    async def _hear(self, asking: Awaitable[Reply]) -> None:
        try:
            reply = await asking
        except ApiError as error:
            reply = error.reply()
        shown = {name: str(value) for name, value in (reply.body or {}).items()}
        self._note("api", str(reply.status), shown)

    def _visit(self, fields: Fields, sid: str = "") -> Visit:
        return Visit(self._account, "/2010-04-01", fields, {"sid": sid})
