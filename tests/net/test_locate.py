"""From a URI to the places to try, asked of a DNS server on the loopback (RFC 3263)."""

from __future__ import annotations

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.net.connections import Connections
from b2bua.net.dns import Dns
from b2bua.net.local import Local
from b2bua.net.locate import UNREACHABLE_SECONDS, Locator, Unreachable
from b2bua.net.names import Names
from b2bua.net.srv import Naptr, Srv
from b2bua.sip.message import Message
from b2bua.sip.nexthop import Hop, request_hop
from b2bua.sip.reader import Malformed
from b2bua.sip.uri import Uri, read_uri
from tests.support.name_server import NameServer, Zone
from tests.support.real import real


def rfc_3263(zone: Zone) -> None:
    """Write the records of RFC 3263 section 4, with addresses."""
    zone.naptr("example.com", 50, "SIPS+D2T", "_sips._tcp.example.com")
    zone.naptr("example.com", 90, "SIP+D2T", "_sip._tcp.example.com")
    zone.srv("_sips._tcp.example.com", "server1.example.com", 5061)
    zone.srv("_sip._tcp.example.com", "server1.example.com", 5060, priority=0)
    zone.srv("_sip._tcp.example.com", "server2.example.com", 5070, priority=1)
    zone.srv("_sip._udp.srv.example.com", "server2.example.com", 5080)
    zone.srv("_sip._udp.closed.example.com", "", 5080)
    zone.address("closed.example.com", "192.0.2.7")
    zone.address("example.com", "192.0.2.9")
    zone.address("server1.example.com", "192.0.2.1")
    zone.address("server2.example.com", "192.0.2.2")
    zone.address("server2.example.com", "192.0.2.3")
    zone.address("server2.example.com", "2001:db8::2")


async def places(uri: str, server: NameServer, *listen: str) -> list[tuple[str, str, int]]:
    connections = Connections(reactor, listen, nameservers=[server.place], fraction=lambda: 0.5)
    await connections.start(_ignore)
    try:
        found = await located(connections, uri)
    finally:
        await connections.stop()
    return [(hop.transport, hop.host, hop.port) for hop in found]


async def located(connections: Connections, uri: str) -> tuple[Hop, ...]:
    read = read_uri(uri)
    assert isinstance(read, Uri)
    done: Deferred[tuple[Hop, ...]] = Deferred()
    connections.locate(request_hop(read), done.callback)
    return await done


def _ignore(_message: Message | Malformed, _source: Hop, _local: Local) -> None:
    pass


@real
@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("sip:example.com", [("tls", "192.0.2.1", 5061)]),
        ("sips:example.com", [("tls", "192.0.2.1", 5061)]),
        (
            "sip:example.com;transport=tcp",
            [("tcp", "192.0.2.1", 5060), ("tcp", "192.0.2.2", 5070), ("tcp", "192.0.2.3", 5070),
             ("tcp", "2001:db8::2", 5070)],
        ),
        ("sip:example.com:5066", [("udp", "192.0.2.9", 5066)]),
        ("sip:example.com:5066;transport=tcp", [("tcp", "192.0.2.9", 5066)]),
        ("sips:server1.example.com:5067", [("tls", "192.0.2.1", 5067)]),
        ("sip:srv.example.com", [("udp", "192.0.2.2", 5080), ("udp", "192.0.2.3", 5080)]),
        ("sip:server1.example.com", [("udp", "192.0.2.1", 5060)]),
        ("sips:server1.example.com", [("tls", "192.0.2.1", 5061)]),
        ("sip:server1.example.com;transport=ws", [("ws", "192.0.2.1", 80)]),
        ("sip:closed.example.com", []),
        ("sip:nowhere.example.com", []),
        ("sip:192.0.2.77", [("udp", "192.0.2.77", 5060)]),
    ],
)  # fmt: skip
async def test_a_uri_is_located_as_the_dns_says(
    uri: str, found: list[tuple[str, str, int]]
) -> None:
    """An IPv6 address is no place for UDP where nothing of ours listens on IPv6."""
    async with NameServer() as server:
        rfc_3263(server.zone)
        assert await places(uri, server, "udp:127.0.0.1:0", "tcp:127.0.0.1:0") == found


@real
async def test_a_number_asks_nothing_and_is_its_own_place_at_once() -> None:
    async with NameServer() as server:
        connections = Connections(reactor, ["udp:127.0.0.1:0"], nameservers=[server.place])
        found: list[tuple[Hop, ...]] = []
        hop = Hop("udp", "192.0.2.1", 5060, connection=3)
        connections.locate(hop, found.append)
        assert found == [(hop,)]
        assert server.zone.asked == []


@real
async def test_what_was_answered_is_not_asked_again_and_carries_the_domain() -> None:
    async with NameServer() as server:
        rfc_3263(server.zone)
        connections = Connections(reactor, ["udp:127.0.0.1:0"], nameservers=[server.place])
        [first] = await located(connections, "sip:example.com")
        asked = len(server.zone.asked)
        [second] = await located(connections, "sip:example.com")
        assert first == second == Hop("tls", "192.0.2.1", 5061, domain="example.com")
        assert len(server.zone.asked) == asked
        await connections.stop()


@real
async def test_a_place_that_could_not_be_reached_comes_last() -> None:
    async with NameServer() as server:
        rfc_3263(server.zone)
        connections = Connections(reactor, [], nameservers=[server.place])
        uri = "sip:example.com;transport=tcp"
        first, *others = await located(connections, uri)
        connections.unreachable.add(first)
        assert await located(connections, uri) == (*others, first)
        await connections.stop()


class SilentOnNaptr:
    """Provides `Records` as those servers do that drop what they do not know."""

    async def naptr(self, domain: str) -> tuple[Naptr, ...] | None:
        return None

    async def srv(self, name: str) -> tuple[Srv, ...] | None:
        return (Srv(0, 0, 5070, "192.0.2.1"),) if name == "_sip._tcp.example.com" else None


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("example.com", (Hop("tcp", "192.0.2.1", 5070, domain="example.com"),)),
        ("silent.example.com", ()),
    ],
)
def test_a_server_that_is_silent_on_naptr_alone_is_no_obstacle(
    clock: Clock, host: str, found: tuple[Hop, ...]
) -> None:
    names = Names(clock, Dns(clock))
    locator = Locator(clock, names, SilentOnNaptr(), lambda _transport, _to: True, lambda: 0.5)
    answers: list[tuple[Hop, ...]] = []
    locator.locate(Hop("", host, 0), answers.append)
    assert answers == [found]


@real
@pytest.mark.parametrize("host", ["a..b", "x" * 64, "x." * 130, "ü.example"])
async def test_what_is_no_name_is_nowhere(host: str) -> None:
    async with NameServer() as server:
        connections = Connections(reactor, ["udp:127.0.0.1:0"], nameservers=[server.place])
        found: list[tuple[Hop, ...]] = []
        for hop in (Hop("", host, 0), Hop("udp", host, 5060)):
            connections.locate(hop, found.append)
        assert found == [(), ()]
        assert server.zone.asked == []


def test_what_could_not_be_reached_is_forgotten_in_time(clock: Clock) -> None:
    unreachable = Unreachable(clock)
    hop = Hop("udp", "192.0.2.1", 5060)
    unreachable.add(hop)
    clock.advance(UNREACHABLE_SECONDS - 1)
    assert hop in unreachable
    assert Hop("tcp", "192.0.2.1", 5060) not in unreachable
    clock.advance(1)
    assert hop not in unreachable
