"""What the network could not deliver is told, and ends neither the socket nor another's message."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from b2bua.net.connections import Connections
from b2bua.net.driver import Driver
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.timers import Timers
from tests.support.child import free_port
from tests.support.messages import new_token, request, request_text
from tests.support.real import real
from tests.support.users import Caller, Server

reactor: Any = real_reactor


class Ears:
    """A user of ours that is told of failures, and may be waited for."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.told: Deferred[Why] = Deferred()

    def response_received(self, _response: object) -> None:
        raise AssertionError("nobody is there to respond")

    def request_failed(self, why: Why) -> None:
        self.told.callback(why)


class Host:
    """A driver on real sockets of the loopback."""

    def __init__(self, listen: str) -> None:
        self.connections = Connections(reactor, [listen])
        self.user = Server()
        self.driver = Driver(reactor, self.connections, self.user, Timers(), new_token)
        self.connections.undelivered = self.driver.undelivered

    async def __aenter__(self) -> Host:
        await self.connections.start(self.driver.message_received)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.driver.stop()
        await self.connections.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@real
async def test_a_request_to_where_nobody_listens_fails_at_once(host: str) -> None:
    """18.4; without it the caller would wait for 64*T1."""
    bracketed = f"[{host}]" if ":" in host else host
    async with Host(f"udp:{bracketed}:0") as us:
        ears = Ears()
        us.driver.send_request(request("INVITE"), Hop("udp", host, free_port(host)), ears)
        assert await ears.told.addTimeout(5, reactor) is Why.TRANSPORT
        assert us.driver.timers == 0


@real
async def test_errors_of_some_peers_are_nothing_to_the_others() -> None:
    """Every error makes some system call fail: none of them may be lost for it."""
    async with Host("udp:127.0.0.1:0") as us:
        ours = us.connections.listeners[0].port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            there = Hop("udp", *peer.getsockname())
            for number in range(50):
                nowhere = Hop("udp", "127.0.0.1", free_port())
                us.driver.send_request(request("OPTIONS"), nowhere, Caller())
                us.driver.send_request(request("OPTIONS", cseq=number), there, Caller())
                peer.sendto(request_text("INFO"), ("127.0.0.1", ours))
                await deferLater(reactor, 0)
            await deferLater(reactor, 0.1)
            arrived = _drain(peer)
        assert len(us.user.requests) == 50
        assert len(arrived) == 50
        assert us.driver.transactions["client"] == 50


def _drain(sock: socket.socket) -> list[bytes]:
    sock.setblocking(False)
    found = []
    while True:
        try:
            found.append(sock.recv(65_536))
        except BlockingIOError:
            return found
