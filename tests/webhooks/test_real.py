"""The same client on real sockets: the reactor's own resolver, TCP, and a site of Twisted's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from twisted.internet import reactor as installed
from twisted.internet.task import deferLater

from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.http import HttpSink
from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from tests.callbacks.conftest import ACCOUNT, events_of
from tests.support.web_server import Customer, Reply, RudeServer
from tests.webhooks.conftest import on_the_reactor

pytestmark = pytest.mark.real

reactor: Any = installed
TOKEN = "2bb80d537b1da3e38bd30361aa855686"


@asynccontextmanager
async def served(factory: Any) -> AsyncIterator[int]:
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    try:
        yield port.getHost().port
    finally:
        await port.stopListening()


@asynccontextmanager
async def web(*allow: str) -> AsyncIterator[WebClient]:
    client = WebClient(reactor, reactor.nameResolver, {ACCOUNT: TOKEN}.get, EgressPolicy(allow))
    try:
        yield client
    finally:
        client.close()
        await deferLater(reactor, 0.01)
        assert client.in_flight == 0


@on_the_reactor
async def test_a_document_is_fetched_by_name() -> None:
    customer = Customer()
    async with served(customer.site(reactor)) as port, web("127.0.0.0/8", "::1") as client:
        url = f"http://localhost:{port}/voice?a=1#rc=0"
        for _ in range(3):
            answer = await client.fetch(Ask(url, "POST", (("é", "ü"),), ACCOUNT, "CA1"))
            assert isinstance(answer, Answer)
    seen = customer.seen[-1]
    assert seen.fields == [("é", "ü")]
    signature = seen.headers["x-twilio-signature"]
    assert RequestValidator(TOKEN).validate(seen.url, dict(seen.fields), signature)


@on_the_reactor
async def test_loopback_is_not_reached_unless_allowed() -> None:
    customer = Customer()
    async with served(customer.site(reactor)) as port, web() as client:
        for host in ("localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            outcome = await client.fetch(Ask(f"http://{host}:{port}/"))
            assert isinstance(outcome, Fault)
            assert outcome.code in {11100, 11210}
    assert customer.seen == []


@on_the_reactor
async def test_an_endless_body_is_cut_off() -> None:
    server = RudeServer(reactor, _endless)
    async with served(server) as port, web("127.0.0.0/8") as client:
        outcome = await client.fetch(Ask(f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Fault)
    assert outcome.code == 11750


def _endless() -> Any:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    while True:
        yield b"x" * 65_536


@on_the_reactor
async def test_a_refused_connection_is_told_at_once() -> None:
    async with served(Customer().site(reactor)) as port:
        pass
    async with web("127.0.0.0/8") as client:
        outcome = await client.fetch(Ask(f"http://127.0.0.1:{port}/"))
    assert isinstance(outcome, Fault)
    assert outcome.code == 11205


@on_the_reactor
async def test_a_server_that_hangs_is_left_in_time() -> None:
    async with served(Customer(Reply(0)).site(reactor)) as port, web("127.0.0.0/8") as client:
        outcome = await client.fetch(Ask(f"http://127.0.0.1:{port}/#rt=100&rc=0"))
    assert isinstance(outcome, Fault)
    assert outcome.code == 11200


@on_the_reactor
async def test_the_callbacks_of_many_legs_arrive_in_order() -> None:
    customer = Customer(Reply(204, b"", {}))
    async with served(customer.site(reactor)) as port, web("127.0.0.0/8") as client:
        callbacks = Callbacks(reactor, HttpSink(client.patient))
        for number in range(25):
            for event in events_of(f"CA{number}", url=f"http://127.0.0.1:{port}/status"):
                callbacks.put(event)
        assert await callbacks.flush(10) == 0
    seen = [dict(one.fields) for one in customer.seen]
    for number in range(25):
        of_leg = [one["SequenceNumber"] for one in seen if one["CallSid"] == f"CA{number}"]
        assert of_leg == ["0", "1", "2", "3"]
