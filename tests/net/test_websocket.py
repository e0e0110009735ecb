"""SIP over WebSocket, against a client of another make and against hostile ones (RFC 7118)."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    Pong,
    TextMessage,
)
from wsproto.events import Request as Opening

from b2bua.net.certificates import Certificates
from b2bua.net.connections import StreamLimits
from b2bua.net.websocket import WebSocket
from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits
from tests.support.authority import Authority, dns
from tests.support.messages import request_text
from tests.support.real import real
from tests.support.sides import Side, answer_200, eventually, outgoing

WS = "ws:127.0.0.1:0"


class Browser(Protocol):
    """A WebSocket client by wsproto; `events` is what it has heard."""

    def __init__(self, *subprotocols: str) -> None:
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._subprotocols = list(subprotocols)
        self.events: list[Event] = []
        self.gone = False

    def connectionMade(self) -> None:
        opening = Opening(host="127.0.0.1", target="/", subprotocols=self._subprotocols)
        self.say(opening)

    def say(self, *events: Event) -> None:
        assert self.transport is not None
        self.transport.write(b"".join(self._ws.send(event) for event in events))

    def dataReceived(self, data: bytes) -> None:
        self._ws.receive_data(data)
        self.events += self._ws.events()

    def connectionLost(self, reason: object = None) -> None:
        self.gone = True

    @property
    def texts(self) -> list[str]:
        return [event.data for event in self.events if isinstance(event, TextMessage)]


async def connected(side: Side, *subprotocols: str) -> Browser:
    hop = side.hop("ws")
    endpoint = TCP4ClientEndpoint(reactor, hop.host, hop.port)
    browser = Browser(*subprotocols)
    await connectProtocol(endpoint, browser)
    await eventually(lambda: bool(browser.events) or browser.gone)
    return browser


@real
async def test_the_subprotocol_is_answered_and_a_request_gets_its_response_in_a_frame() -> None:
    async with Side(WS) as side:
        side.user.react = answer_200
        browser = await connected(side, "chat", "sip")
        [accepted] = browser.events
        assert isinstance(accepted, AcceptConnection)
        assert accepted.subprotocol == "sip"
        via = "SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKws;rport"
        browser.say(TextMessage(request_text("OPTIONS", via=via).decode()))
        await eventually(lambda: bool(browser.texts))
        assert browser.texts[0].startswith("SIP/2.0 200 ")
        [request] = side.user.requests
        assert (request.source.transport, request.local.transport) == ("ws", "ws")


@real
async def test_requests_in_a_dialog_go_back_over_the_connection() -> None:
    """RFC 7118 section 5: a browser's Contact leads nowhere."""
    async with Side(WS) as side:
        side.user.react = answer_200
        browser = await connected(side, "sip")
        headers = ["Contact: <sip:bob@df7jal23ls0d.invalid;transport=ws>"]
        via = "SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKws"
        browser.say(TextMessage(request_text("INVITE", via=via, headers=headers).decode()))
        await eventually(lambda: bool(side.user.requests))
        [invite] = side.user.requests
        dialog = Dialog.of_uas(invite.request, "b", invite.source)
        bye, hop = dialog.request("BYE")
        side.driver.send_request(bye, hop, Nobody())
        await eventually(lambda: any(text.startswith("BYE ") for text in browser.texts))
        assert browser.texts[-1].split("\r\n")[1].startswith("Via: SIP/2.0/WS 127.0.0.1:")


def test_a_call_to_a_flow_stays_on_it() -> None:
    flow = Hop("ws", "192.0.2.9", 40_000, connection=7)
    invite = outgoing("INVITE")
    invite.headers.prepend("Via", "SIP/2.0/WS 192.0.2.1;branch=z9hG4bK1")
    contact = "<sip:bob@df7jal23ls0d.invalid;transport=ws>"
    answer = invite.reply(200, to_tag="b", headers=[("Contact", contact)])
    assert Dialog.of_uac(invite, answer, flow).request("BYE")[1] == flow


class Nobody:
    """A user who hears nothing."""

    def response_received(self, response: object) -> None: ...

    def request_failed(self, why: object) -> None: ...


@real
async def test_pings_of_either_kind_are_answered_and_a_close_is_returned() -> None:
    async with Side(WS) as side:
        browser = await connected(side, "sip")
        browser.say(Ping(b"alive"), TextMessage("\r\n\r\n"))
        await eventually(lambda: len(browser.events) >= 3)
        assert Pong(b"alive") in browser.events
        assert browser.texts == ["\r\n"]
        browser.say(CloseConnection(1000))
        await eventually(lambda: browser.gone)
        assert any(isinstance(event, CloseConnection) for event in browser.events)
        await eventually(lambda: side.connections.stream_count == 0)


@real
@pytest.mark.parametrize("subprotocols", [(), ("chat",)])
async def test_a_client_that_does_not_speak_sip_is_refused(subprotocols: tuple[str, ...]) -> None:
    async with Side(WS) as side:
        browser = await connected(side, *subprotocols)
        await eventually(lambda: browser.gone)
        assert not any(isinstance(event, AcceptConnection) for event in browser.events)


@real
async def test_a_client_that_does_not_finish_its_handshake_is_cut_off() -> None:
    async with Side(WS, limits=StreamLimits(message_timeout=0.1)) as side:
        hop = side.hop("ws")
        endpoint = TCP4ClientEndpoint(reactor, hop.host, hop.port)
        await connectProtocol(endpoint, Protocol())
        await eventually(lambda: side.connections.stream_count == 1)
        await eventually(lambda: side.connections.stream_count == 0)


@real
@pytest.mark.parametrize("transport", ["ws", "wss"])
async def test_we_are_a_client_too(transport: str, tmp_path: Path) -> None:
    authority = Authority()
    files = authority.issue(dns("ws.example.com")).write(tmp_path, trusting=authority.pem)
    async with Side(f"{transport}:127.0.0.1:0", certificates=Certificates(files)) as side:
        side.user.react = answer_200
        hop = side.hop(transport, "ws.example.com")
        for body in (b"", b"\xff" * 70, b"x" * 60_000):
            answer = await side.ask(outgoing("INVITE", body=body), hop)
            assert answer.statuses == [200]
            assert side.user.requests[-1].request.body == body
        assert side.connections.stream_count == 2


# Without a wire

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3
HANDSHAKE = {
    "Host": "a.example",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Protocol": "sip",
    "Sec-WebSocket-Version": "13",
}


def handshake(first: str = "GET / HTTP/1.1", **changed: str) -> bytes:
    fields = HANDSHAKE | {name.replace("_", "-"): value for name, value in changed.items()}
    lines = [first, *(f"{name}: {value}" for name, value in fields.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def opened(limits: Limits | None = None) -> WebSocket:
    end = WebSocket(limits or Limits())
    assert end.feed(handshake()) == []
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in end.replies()
    assert end.is_open
    return end


def frame(payload: bytes, first: int = 0x81, *, masked: bool = True) -> bytes:
    size = len(payload)
    flag = 0x80 * masked
    head = (
        bytes([first, flag | size])
        if size < 126
        else bytes([first, flag | 126]) + struct.pack("!H", size)
        if size < 65_536
        else bytes([first, flag | 127]) + struct.pack("!Q", size)
    )
    if not masked:
        return head + payload
    mask = b"\x01\x02\x03\x04"
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (handshake("POST / HTTP/1.1"), b"400"),
        (handshake("GET / HTTP/1.0"), b"400"),
        (handshake(Host=""), b"400"),
        (handshake(Upgrade="h2c"), b"400"),
        (handshake(Connection="close"), b"400"),
        (handshake(Sec_WebSocket_Key="short"), b"400"),
        (handshake(Sec_WebSocket_Protocol="chat"), b"400"),
        (handshake(Sec_WebSocket_Version="8"), b"426"),
        (b"\xff\xfe\r\n\r\n", b"400"),
        (request_text("OPTIONS"), b"400"),
    ],
)
def test_another_handshake_is_refused(data: bytes, status: bytes) -> None:
    end = WebSocket(Limits())
    assert end.feed(data) == []
    assert end.replies().startswith(b"HTTP/1.1 " + status)
    assert end.is_broken
    assert not end.is_open


def test_a_handshake_without_end_is_bounded() -> None:
    end = WebSocket(Limits(stream_header_bytes=100))
    end.feed(b"GET / HTTP/1.1\r\nX: " + b"x" * 100)
    assert end.is_broken


def test_a_message_may_come_in_fragments_with_a_ping_between() -> None:
    end, data = opened(), request_text("OPTIONS")
    assert end.feed(frame(data[:50], 0x01)) == []
    assert not end.is_idle
    assert end.feed(frame(b"?", 0x89)) == []
    assert end.replies() == b"\x8a\x01?"
    assert end.feed(frame(data[50:60], 0x00)) == []
    [request] = end.feed(frame(data[60:], 0x80))
    assert isinstance(request, Request)
    assert end.is_idle


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"x", masked=False), 1002),
        (frame(b"x", 0xC1), 1002),
        (frame(b"x", 0x83), 1002),
        (frame(b"x", 0x80), 1002),
        (frame(b"a", 0x01) + frame(b"b", 0x81), 1002),
        (frame(b"x", 0x09), 1002),
        (frame(b"x" * 126, 0x89), 1002),
        (frame(b"x" * 101), 1009),
        (frame(b"x" * 60, 0x01) + frame(b"x" * 41, 0x80), 1009),
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        (frame(b"", 0x88), 1000),
    ],
)
def test_what_breaks_the_protocol_is_told_why_and_closes(data: bytes, code: int | None) -> None:
    end = opened(Limits(message_bytes=100))
    end.feed(data + b"\0" * 4)
    assert end.is_broken
    assert end.replies() == b"\x88\x02" + struct.pack("!H", code or 1009)
    assert end.feed(frame(request_text("OPTIONS"))) == []
    assert end.farewell() == b""


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_any_bytes_in_any_split_are_survived(data: bytes, cuts: list[int]) -> None:
    whole = handshake() + data
    for start in (0, len(handshake())):
        end = WebSocket(Limits())
        if start:
            end = opened()
        for a, b in pairwise(sorted({start, len(whole), *(c for c in cuts if c > start)})):
            end.feed(whole[a:b])
            end.replies()


@given(st.lists(st.integers(1, 400), max_size=6))
def test_a_message_is_the_same_in_any_split(cuts: list[int]) -> None:
    whole = handshake() + frame(request_text("OPTIONS"))
    end = WebSocket(Limits())
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    found = [message for a, b in pairwise(edges) for message in end.feed(whole[a:b])]
    assert [type(message) for message in found] == [Request]
