"""One end with real sockets on the loopback: transports, a driver on them, and who it serves."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from b2bua.net.connections import Connections
from b2bua.net.driver import Driver, ServerTransaction
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.uri import Uri
from tests.support.messages import new_token
from tests.support.users import Caller, Server


class Side:
    """One end with real sockets, and the driver on them."""

    def __init__(self, *listen: str, timers: Timers | None = None, **options: Any) -> None:
        self.connections = Connections(reactor, listen, **options)
        self.user = Server()
        self.driver = Driver(
            reactor,
            self.connections,
            self.user,
            timers or Timers(),
            new_token,
        )

    async def start(self) -> None:
        await self.connections.start(self.driver.message_received)

    async def stop(self) -> None:
        self.driver.stop()
        await self.connections.stop()

    async def __aenter__(self) -> Side:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def hop(self, transport: str, domain: str = "") -> Hop:
        """Return how others reach this end; it has one listener of `transport`."""
        [one] = [one for one in self.connections.listeners if one.transport == transport]
        return Hop(transport, one.host, one.port, domain=domain)

    async def ask(self, request: Request, hop: Hop) -> Answer:
        """Send `request` and return what became of it."""
        answer = Answer()
        self.driver.send_request(request, hop, answer)
        await answer.done
        return answer


class Answer(Caller):
    """A caller that can be awaited."""

    def __init__(self) -> None:
        super().__init__()
        self.done: Deferred[None] = Deferred()

    def response_received(self, response: Any) -> None:
        super().response_received(response)
        if response.is_final and not self.done.called:
            self.done.callback(None)

    def request_failed(self, why: Any) -> None:
        super().request_failed(why)
        self.done.callback(None)


def outgoing(method: str, host: str = "example.com", body: bytes = b"") -> Request:
    """Return a request outside a dialog, without a Via."""
    fields = [
        ("Max-Forwards", "70"),
        ("From", "<sip:us@example.com>;tag=a"),
        ("To", "<sip:bob@example.com>"),
        ("Call-ID", new_token()),
        ("CSeq", f"1 {method}"),
    ]
    return Request(method, Uri("sip", host, "bob"), Headers(fields), body)


def answer_200(transaction: ServerTransaction) -> None:
    """Answer as a phone that takes everything."""
    transaction.respond(transaction.request.reply(200, to_tag="b"))


async def eventually(condition: Any) -> None:
    """Let the reactor turn until `condition` holds; five seconds at most."""
    for _ in range(500):
        if condition():
            return
        await deferLater(reactor, 0.01)
    pytest.fail("it did not happen within five seconds")
