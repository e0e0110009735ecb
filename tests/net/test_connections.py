"""Real sockets: UDP and TCP, IPv4 and IPv6, on the loopback."""

from __future__ import annotations

import socket

import pytest
from twisted.internet import reactor

from b2bua.net.connections import Connections, Local, StreamLimits, read_listen
from b2bua.sip.message import Message, Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Malformed
from tests.support.messages import new_token, request_text
from tests.support.real import real
from tests.support.sides import Answer, Side, answer_200, eventually, outgoing


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("udp:0.0.0.0:5060", ("udp", "0.0.0.0", 5060)),
        ("tcp:[::]:5060", ("tcp", "::", 5060)),
        ("udp:127.0.0.1:0", ("udp", "127.0.0.1", 0)),
        ("tls:0.0.0.0:5061", ("tls", "0.0.0.0", 5061)),
        ("ws:127.0.0.1:80", ("ws", "127.0.0.1", 80)),
        ("wss:[::1]:443", ("wss", "::1", 443)),
    ],
)
def test_a_listen_string_is_transport_address_and_port(
    text: str, read: tuple[str, str, int]
) -> None:
    assert read_listen(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "udp", "udp:5060", "udp:host:5060", "udp:::5060", "udp:[127.0.0.1]:5060", "sctp:1.2.3.4:1",
     "udp:127.0.0.1:70000", "udp:127.0.0.1:"],
)  # fmt: skip
def test_any_other_string_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="cannot listen on"):
        read_listen(text)


@real
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_request_and_its_response_cross(transport: str, host: str) -> None:
    us = Side(f"udp:{host}:0", f"tcp:{host}:0")
    peer = Side(f"udp:{host}:0", f"tcp:{host}:0")
    await us.start()
    await peer.start()
    try:
        peer.user.react = answer_200
        for method in ("OPTIONS", "INVITE"):
            caller = Answer()
            hop = peer.hop(transport)
            us.driver.send_request(outgoing(method, hop.host), hop, caller)
            await caller.done
            assert caller.statuses == [200]
        [_, invite] = peer.user.requests
        assert invite.local == Local(transport, host.strip("[]"), peer.hop(transport).port)
        assert invite.source.host == host.strip("[]")
        assert us.connections.stream_count == (transport == "tcp")
    finally:
        await us.stop()
        await peer.stop()
    assert peer.connections.stream_count == 0


@real
async def test_both_families_listen_on_one_port() -> None:
    first = Connections(reactor, ["udp:0.0.0.0:0", "tcp:0.0.0.0:0"])
    await first.start(_ignore)
    udp, tcp = (one.port for one in first.listeners)
    second = Connections(reactor, [f"udp:[::]:{udp}", f"tcp:[::]:{tcp}"])
    await second.start(_ignore)
    await second.stop()
    await first.stop()


@real
async def test_a_port_that_is_taken_is_an_error_to_act_on_and_leaves_nothing_open() -> None:
    first = Connections(reactor, ["udp:127.0.0.1:0"])
    await first.start(_ignore)
    taken = first.listeners[0].port
    second = Connections(reactor, ["tcp:127.0.0.1:0", f"udp:127.0.0.1:{taken}"])
    with pytest.raises(ValueError, match=str(taken)):
        await second.start(_ignore)
    assert second.listeners == []
    await first.stop()


@real
async def test_a_wildcard_listener_is_called_by_the_address_of_the_route() -> None:
    connections = Connections(reactor, ["udp:0.0.0.0:0"])
    await connections.start(_ignore)
    port = connections.listeners[0].port
    assert connections.local_for(Hop("udp", "127.0.0.1", 9)) == Local("udp", "127.0.0.1", port)
    await connections.stop()


@real
async def test_an_answer_leaves_from_the_socket_on_which_the_request_came() -> None:
    """RFC 3581 section 4: otherwise it does not pass the peer's NAT."""
    side = Side("udp:127.0.0.1:0", "udp:127.0.0.1:0")
    await side.start()
    side.user.react = answer_200
    try:
        for listener in side.connections.listeners:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
                phone.bind(("127.0.0.1", 0))
                phone.setblocking(False)
                via = f"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{new_token()};rport"
                phone.sendto(request_text("OPTIONS", via=via), ("127.0.0.1", listener.port))
                await eventually(lambda phone=phone: readable(phone))
                data, sender = phone.recvfrom(65_535)
            assert data.startswith(b"SIP/2.0 200 ")
            assert sender[1] == listener.port
    finally:
        await side.stop()


@real
async def test_the_largest_datagram_is_read_whole() -> None:
    received: list[Message | Malformed] = []
    connections = Connections(reactor, ["udp:127.0.0.1:0"])
    await connections.start(lambda message, _source, _local: received.append(message))
    filler = [f"X-{n}: {'x' * 8000}" for n in range(7)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        to = ("127.0.0.1", connections.listeners[0].port)
        phone.sendto(request_text("OPTIONS", headers=filler), to)
        await eventually(lambda: bool(received))
    assert isinstance(received[0], Request)
    await connections.stop()


@real
@pytest.mark.parametrize(
    "hop", [Hop("udp", "127.0.0.1", 0), Hop("udp", "::1", 9), Hop("sctp", "127.0.0.1", 9)], ids=str
)
async def test_what_cannot_be_sent_fails_with_a_reason(hop: Hop) -> None:
    connections = Connections(reactor, ["udp:127.0.0.1:0"])
    await connections.start(_ignore)
    failures: list[str] = []
    connections.send(b"data", hop, failures.append)
    assert len(failures) == 1
    await connections.stop()


@real
async def test_a_refused_connection_fails_the_request() -> None:
    side = Side("tcp:127.0.0.1:0")
    await side.start()
    nobody = Connections(reactor, ["tcp:127.0.0.1:0"])
    await nobody.start(_ignore)
    hop = Hop("tcp", "127.0.0.1", nobody.listeners[0].port)
    await nobody.stop()
    caller = Answer()
    side.driver.send_request(outgoing("BYE", "127.0.0.1"), hop, caller)
    await caller.done
    assert len(caller.failures) == 1
    assert side.driver.timers == 0
    await side.stop()


@real
async def test_a_name_is_resolved_by_the_system() -> None:
    side = Side("udp:127.0.0.1:0")
    await side.start()
    side.user.react = answer_200
    caller = Answer()
    hop = Hop("udp", "localhost", side.hop("udp").port)
    side.driver.send_request(outgoing("OPTIONS", "localhost"), hop, caller)
    await caller.done
    assert caller.statuses == [200]
    await side.stop()


@real
async def test_the_response_finds_its_way_when_the_peer_has_closed_its_connection() -> None:
    """18.2.2: a new connection to the address it came from and the port of sent-by."""
    side = Side("tcp:127.0.0.1:0")
    heard: list[Message | Malformed] = []
    peer = Connections(reactor, ["tcp:127.0.0.1:0"])
    await side.start()
    await peer.start(lambda message, _source, _local: heard.append(message))
    via = f"SIP/2.0/TCP 127.0.0.1:{peer.listeners[0].port};branch=z9hG4bK{new_token()}"
    with socket.create_connection(("127.0.0.1", side.hop("tcp").port)) as phone:
        phone.sendall(request_text("OPTIONS", via=via))
        await eventually(lambda: bool(side.user.requests))
    await eventually(lambda: side.connections.stream_count == 0)
    answer_200(side.user.requests[0])
    await eventually(lambda: bool(heard))
    await side.stop()
    await peer.stop()


@real
async def test_more_connections_than_allowed_are_closed_at_once() -> None:
    side = Side("tcp:127.0.0.1:0", limits=StreamLimits(per_address=1))
    await side.start()
    to = ("127.0.0.1", side.hop("tcp").port)
    with socket.create_connection(to) as held, socket.create_connection(to) as refused:
        await eventually(lambda: side.connections.streams_refused == 1)
        refused.setblocking(False)
        await eventually(lambda: readable(refused))
        assert refused.recv(1) == b""
        held.sendall(request_text("OPTIONS"))
        await eventually(lambda: bool(side.user.requests))
    await side.stop()


def _ignore(_message: Message | Malformed, _source: Hop, _local: Local) -> None:
    pass


def readable(sock: socket.socket) -> bool:
    try:
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    return True
