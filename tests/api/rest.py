"""The REST API in memory: real requests, Twisted's own server, and an exchange of notes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from b2bua.api.bounds import bounded_requests
from b2bua.api.interfaces import Order
from b2bua.api.site import rest_resources
from b2bua.app.admin import AdminSite
from b2bua.app.equipment import Entropy
from b2bua.routing.plan import Direction, Event, LegFacts, NumberSettings, Status, StatusPlan
from b2bua.store.calls import CallRecord, MemoryCalls
from b2bua.store.numbers import MemoryNumbers
from tests.support.memory_relay import MemoryRelay
from tests.support.memory_tapes import MemoryTapes, Told

ACCOUNT, TOKEN = "AC1", "sesame"
OTHER, OTHER_TOKEN = "AC2", "caraway"
CALLS = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"
EPOCH = 1_282_266_822.0
URL = "http://app.example/voice"

NOT_OURS = "+15559990000"
"""The caller id that no account of these tests may show."""

Form = dict[str, str] | list[tuple[str, str]]


class NotedExchange:
    """An `Exchange` whose calls go as a test says; what is asked of it is in `asked`."""

    def __init__(self, clock: Clock) -> None:
        self.calls = MemoryCalls(1_000)
        self.numbers = MemoryNumbers(3)
        self.orders: list[Order] = []
        self.asked: list[tuple[Any, ...]] = []
        self.relay = MemoryRelay(clock, lambda _stream, _noted: None)
        self.told = Told()
        self.memory = MemoryTapes(clock, self.relay, self.told, Entropy())
        self.recordings = self.memory.tapes
        self.is_full = False
        self.takes_calls = True
        self.does = True
        self._clock = clock
        self._sids = count(1)

    def token(self, account_sid: str) -> str | None:
        return {ACCOUNT: TOKEN, OTHER: OTHER_TOKEN}.get(account_sid)

    def country(self, account_sid: str) -> str:
        return "US"

    def may_show(self, account_sid: str, caller_id: str) -> bool:
        return caller_id != NOT_OURS

    def originate(self, order: Order) -> CallRecord | None:
        if self.is_full:
            return None
        self.orders.append(order)
        facts = LegFacts(
            self.new_sid("CA"),
            order.account_sid,
            Direction.OUTBOUND_API,
            Status.QUEUED,
            order.from_,
            order.target.to,
        )
        return self.calls.add(facts, self.now())

    def redirect(self, sid: str, number: NumberSettings) -> bool:
        self.asked.append(("redirect", sid, number))
        return self.does

    def end(self, sid: str) -> bool:
        self.asked.append(("end", sid))
        return self.does

    def limit(self, sid: str, seconds: float) -> bool:
        self.asked.append(("limit", sid, seconds))
        return self.does

    def report_to(self, sid: str, plan: StatusPlan) -> bool:
        self.asked.append(("report_to", sid, plan))
        return self.does

    def now(self) -> float:
        return EPOCH + self._clock.seconds()

    def new_sid(self, prefix: str) -> str:
        return f"{prefix}{next(self._sids):032x}"

    def step(self, sid: str, status: Status, event: Event, duration: int | None = None) -> None:
        """Let a call come further."""
        record = self.calls._by_sid[sid]
        facts = LegFacts(
            sid,
            record.facts.account_sid,
            record.facts.direction,
            status,
            record.facts.from_,
            record.facts.to,
        )
        self.calls.note(facts, event, self.now(), duration)


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.text)
        return read


@dataclass
class Rest:
    """A site with the API, asked by whoever a test wants to be."""

    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.exchange = NotedExchange(self.clock)
        self.site = AdminSite(
            dict,
            lambda: True,
            beside=rest_resources(self.exchange, self.clock.seconds, 20),
            requests=bounded_requests(65_536),
        )

    def ask(
        self,
        method: str,
        path: str,
        form: Form | bytes = b"",
        *,
        user: str = f"{ACCOUNT}:{TOKEN}",
        peer: str = "203.0.113.9",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Send one request a tenth of a second after the last: nobody is too fast by chance."""
        self.clock.advance(0.1)
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        fields = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
            **({"Authorization": basic(user)} if user else {}),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return self.raw(f"{method} {path} HTTP/1.0\r\n{head}\r\n".encode() + body, peer)

    def raw(self, request: bytes, peer: str = "203.0.113.9") -> Response:
        """Send bytes."""
        return read_response(self.send(request, peer).value())

    def send(self, request: bytes, peer: str = "203.0.113.9") -> StringTransport:
        """Send bytes; return where the response comes, at once but for files."""
        address = IPv4Address("TCP", peer, 40_000)
        channel = self.site.buildProtocol(address)
        transport = StringTransport(peerAddress=address)
        channel.makeConnection(transport)
        channel.dataReceived(request)
        return transport

    def get(self, path: str, query: Form | None = None, **options: Any) -> Response:
        mark = "?" if query else ""
        return self.ask("GET", f"{path}{mark}{urlencode(query or {})}", **options)

    def post(self, path: str, form: Form, **options: Any) -> Response:
        return self.ask("POST", path, form, **options)

    def create(self, **more: str) -> str:
        """Ask for a call and return its SID."""
        form = {"To": "+15550000101", "From": "+15550009999", "Url": URL, **more}
        created = self.post(CALLS, form)
        assert created.status == 201, created.text
        return str(created.body["sid"])


def basic(user: str) -> str:
    """Return the value of Authorization."""
    return "Basic " + base64.b64encode(user.encode()).decode()


def read_response(data: bytes) -> Response:
    """Read what a server has sent."""
    head, _, body = data.decode("utf-8").partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in fields)
    return Response(int(status.split()[1]), headers, body)


def call_path(sid: str) -> str:
    """Return the path of one call."""
    return CALLS.replace(".json", f"/{sid}.json")
