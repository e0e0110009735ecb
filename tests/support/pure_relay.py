"""The relay once more, slow and in Python: the oracle of the contract suite in `tests/media`.

It has the constructor and the interface of `b2bua.media.relay.Relay`, and shares no rule with it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from b2bua.media.interfaces import (
    Aim,
    Counts,
    FirstPacket,
    Kind,
    NoPortsError,
    Notice,
    Opened,
    Played,
    Pressed,
    Silent,
)
from b2bua.media.ports import PortPairs
from b2bua.media.relay import Interface
from b2bua.media.tapped import Tapped, write_tapped
from tests.support.pure_rtp import GAP, KEYS, MOST_BYTES, Address, Header, Keys, Source, is_rtcp
from tests.support.pure_rtp import read_rtp as read
from tests.support.pure_voice import Voice

FRAME = 0.02


@implementer(IReadDescriptor)
class _Socket:
    """A bound socket that gives each datagram to `received`."""

    def __init__(
        self, reactor: Any, host: str, port: int, received: Callable[[bytes, Address], None]
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._reactor, self._received = reactor, received
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        reactor.addReader(self)

    def send(self, packet: bytes, to: Address) -> bool:
        try:
            return self._socket.sendto(packet, to) == len(packet)
        except OSError:
            return False

    def close(self) -> None:
        self._reactor.removeReader(self)
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def doRead(self) -> None:
        while self._socket.fileno() >= 0:
            try:
                packet, sender = self._socket.recvfrom(MOST_BYTES + 36)
            except OSError:
                return
            self._received(packet, sender[:2])

    def connectionLost(self, reason: Failure) -> None:
        pass

    def logPrefix(self) -> str:
        return "pure media"


@dataclass(eq=False)
class _Stream:
    handle: int
    kind: Kind
    version: int  # of IP
    level: float  # of the bucket, packets
    filled: float
    aim: Aim = Aim("0.0.0.0", 0)  # noqa: RUF009
    source: Source = field(default_factory=lambda: Source(Aim("0.0.0.0", 0)))
    keys: Keys = field(default_factory=Keys)
    voice: Voice = field(default_factory=Voice)
    counts: Counts = field(default_factory=Counts)
    peer: _Stream | None = None
    sockets: list[_Socket] = field(default_factory=list)
    last_received: float | None = None
    token: int | None = None
    utterance: Callable[[], Iterator[bytes | None]] | None = None
    frames: Iterator[bytes | None] | None = None
    frame_due: float | None = None
    timers: dict[str, IDelayedCall] = field(default_factory=dict)
    tap: int = 0
    channel: int = 0

    def count(self, **more: int) -> None:
        now = {name: getattr(self.counts, name) + amount for name, amount in more.items()}
        self.counts = replace(self.counts, **now)


class PureRelay:
    """Relay media in the reactor's own thread; implements `interfaces.Backend`."""

    def __init__(
        self,
        reactor: Any,
        pairs: PortPairs,
        v4: Interface | None,
        v6: Interface | None = None,
        *,
        packets_per_second: int = 250,
    ) -> None:
        self._reactor, self._pairs = reactor, pairs
        self._interfaces = {False: v4, True: v6}
        self._limit = packets_per_second
        self._streams: dict[int, tuple[_Stream, int]] = {}
        self._last = 0
        self._taps: dict[int, bytes] = {}
        self._notify: Callable[[Notice], None] = lambda _notice: None

    def start(self, notify: Callable[[Notice], None]) -> None:
        self._notify = notify

    def stop(self) -> None:
        for handle in [*self._streams]:
            self.close(handle)

    def open(self, kind: Kind, v6: bool = False) -> Opened:
        interface = self._interfaces[v6]
        if interface is None:
            raise NoPortsError("no such address")
        self._last += 1
        stream = _Stream(self._last, kind, 6 if v6 else 4, self._limit, self._reactor.seconds())
        for _ in range(self._pairs.size):
            port = self._pairs.take()
            if self._bind(stream, interface.bound, port):
                self._streams[stream.handle] = stream, port
                return Opened(stream.handle, interface.advertised or interface.bound, port)
            self._pairs.give_back(port)
        raise NoPortsError("none can be bound")

    def aim(self, stream: int, aim: Aim) -> None:
        known = self._find(stream)
        far = ip_address(aim.address)
        if set(aim.block_digits) - set(KEYS) or not -1 <= aim.event_type <= 127:
            raise ValueError(f"not events: {aim}")
        if not far.is_unspecified and known.version != far.version:
            raise ValueError(f"of another IP version: {aim}")
        known.source, known.aim = Source(aim), aim
        self._begin(known)

    def link(self, a: int, b: int) -> None:
        one, other = self._find(a), self._find(b)
        if one.peer is other:
            return
        self.unlink(a)
        self.unlink(b)
        one.keys.keep()
        other.keys.keep()
        one.peer, other.peer = other, one

    def unlink(self, stream: int) -> None:
        known = self._find(stream)
        if known.peer is not None:
            known.peer.peer = None
            known.peer = None

    def play(self, stream: int, token: int, payload: bytes, loop: bool = False) -> None:
        known = self._find(stream)
        self._say(known, token, lambda: known.voice.prompt(known.aim, payload, loop))

    def press(self, stream: int, token: int, digits: str) -> None:
        if len(digits) > 64 or set(digits) - set(KEYS + "wW"):
            raise ValueError(f"only 0-9A-D*#wW, 64 at most: {digits}")
        known = self._find(stream)
        self._say(known, token, lambda: known.voice.digits(known.aim, digits))

    def quiet(self, stream: int) -> None:
        self._hush(self._find(stream))

    def watch(self, stream: int, seconds: float) -> None:
        known = self._find(stream)
        since = self._reactor.seconds()
        self._arm(known, "watch", seconds or None, lambda: self._look(known, seconds, since))

    def open_tap(self) -> int:
        self._last += 1
        self._taps[self._last] = b""
        return self._last

    def tap(self, stream: int, tap: int, channel: int) -> None:
        known = self._find(stream)
        if known.kind is Kind.RAW:
            raise ValueError("only RTP is tapped")
        if tap and tap not in self._taps:
            raise LookupError(tap)
        known.tap, known.channel = tap, channel

    def take(self, tap: int) -> bytes:
        taken, self._taps[tap] = self._taps[tap], b""
        return taken

    def close_tap(self, tap: int) -> None:
        self._taps.pop(tap, None)

    def counts(self, stream: int) -> Counts:
        known = self._find(stream)
        if known.last_received is None:
            return known.counts
        ago = self._reactor.seconds() - known.last_received
        return replace(known.counts, last_received_ms_ago=int(ago * 1000))

    def close(self, stream: int) -> Counts:
        counts = self.counts(stream)
        self.unlink(stream)
        known, port = self._streams.pop(stream)
        for name in [*known.timers]:
            self._arm(known, name, None, lambda: None)
        for bound in known.sockets:
            bound.close()
        self._pairs.give_back(port)
        return counts

    @property
    def ports_in_use(self) -> int:
        return sum(len(stream.sockets) for stream, _ in self._streams.values())

    def _find(self, handle: int) -> _Stream:
        return self._streams[handle][0]

    def _bind(self, stream: _Stream, host: str, port: int) -> bool:
        receivers = [self._receive] if stream.kind is Kind.RAW else [self._receive, self._report]
        try:
            for above, receive in enumerate(receivers):

                def received(
                    packet: bytes,
                    sender: Address,
                    receive: Callable[[_Stream, bytes, Address], None] = receive,
                ) -> None:
                    receive(stream, packet, sender)

                stream.sockets.append(_Socket(self._reactor, host, port + above, received))
        except OSError:
            for bound in stream.sockets:
                bound.close()
            stream.sockets.clear()
            return False
        return True

    def _arm(
        self, stream: _Stream, name: str, seconds: float | None, then: Callable[[], None]
    ) -> None:
        timer = stream.timers.pop(name, None)
        if timer is not None and timer.active():
            timer.cancel()
        if seconds is not None:
            stream.timers[name] = self._reactor.callLater(max(seconds, 0), then)

    def _has_room(self, stream: _Stream) -> bool:
        now = self._reactor.seconds()
        stream.level = min(self._limit, stream.level + (now - stream.filled) * self._limit)
        stream.filled = now
        if self._limit and stream.level < 1:
            return False
        stream.level -= 1
        return True

    def _receive(self, stream: _Stream, packet: bytes, sender: Address) -> None:
        header = read(packet) if stream.kind is Kind.RTP else None
        is_good = len(packet) <= MOST_BYTES if stream.kind is Kind.RAW else header is not None
        if not (is_good and stream.source.accepts(sender, header) and self._has_room(stream)):
            stream.count(dropped_packets=1)
            return
        stream.count(received_packets=1, received_bytes=len(packet))
        if stream.last_received is None:
            self._tell(FirstPacket(stream.handle))
        stream.last_received = self._reactor.seconds()
        if header is not None and header.payload_type == stream.aim.event_type:
            packet = self._hear_key(stream, header, packet)
        elif header is not None and stream.tap in self._taps:
            self._taps[stream.tap] += _copy(stream, header)
        if packet or stream.kind is Kind.RAW:
            self._pass(stream.peer, packet)

    def _hear_key(self, stream: _Stream, header: Header, packet: bytes) -> bytes:
        if len(header.payload) >= 4:
            self._tell_keys(stream, stream.keys.hear(header, self._reactor.seconds()))
            self._arm(stream, "key", GAP, lambda: self._expire(stream))
            if header.payload[0] < 16 and KEYS[header.payload[0]] in stream.aim.block_digits:
                return b""
            if stream.keys.is_kept(header):
                return b""
        peer_type = stream.peer.aim.event_type if stream.peer else -1
        if peer_type < 0:
            return packet
        return bytes([packet[0], packet[1] & 0x80 | peer_type]) + packet[2:]

    def _expire(self, stream: _Stream) -> None:
        self._tell_keys(stream, stream.keys.expire(self._reactor.seconds()))

    def _tell_keys(self, stream: _Stream, presses: list[tuple[str, int]]) -> None:
        for digit, duration in presses:
            self._tell(Pressed(stream.handle, digit, duration))

    def _report(self, stream: _Stream, packet: bytes, sender: Address) -> None:
        is_heard = is_rtcp(packet) and stream.source.accepts_rtcp(sender)
        if not (is_heard and self._has_room(stream)):
            stream.count(dropped_packets=1)
            return
        stream.count(rtcp_packets=1)
        if stream.peer and stream.peer.source.rtcp_remote:
            stream.peer.sockets[1].send(packet, stream.peer.source.rtcp_remote)

    def _pass(self, peer: _Stream | None, packet: bytes) -> None:
        if peer is not None and peer.token is None:
            self._send(peer, packet)

    def _send(self, stream: _Stream, packet: bytes) -> None:
        if stream.source.remote is None:
            return
        if stream.sockets[0].send(packet, stream.source.remote):
            stream.count(sent_packets=1, sent_bytes=len(packet))
        else:
            stream.count(dropped_packets=1)

    def _say(
        self, stream: _Stream, token: int, utterance: Callable[[], Iterator[bytes | None]]
    ) -> None:
        if stream.kind is Kind.RAW:
            raise ValueError("only an RTP stream can speak")
        self._hush(stream)
        stream.token, stream.utterance = token, utterance
        self._begin(stream)

    def _begin(self, stream: _Stream) -> None:
        if stream.utterance is None or stream.source.remote is None:
            return
        stream.frames, stream.utterance = stream.utterance(), None
        now = self._reactor.seconds()
        if stream.frame_due is None or stream.frame_due < now - FRAME:
            stream.frame_due = now
        self._arm(stream, "frame", stream.frame_due - now, lambda: self._frame(stream))

    def _frame(self, stream: _Stream) -> None:
        if stream.frames is None or stream.frame_due is None:
            return
        packet = next(stream.frames, b"")
        if packet == b"":
            self._hush(stream)
            return
        now = self._reactor.seconds()
        stream.frame_due += FRAME
        while stream.frame_due <= now:
            stream.voice.wait(1)
            stream.frame_due += FRAME
        self._arm(stream, "frame", stream.frame_due - now, lambda: self._frame(stream))
        if packet is not None:
            self._send(stream, packet)

    def _hush(self, stream: _Stream) -> None:
        self._arm(stream, "frame", None, lambda: None)
        token, stream.token = stream.token, None
        stream.frames = stream.utterance = None
        if token is not None:
            self._tell(Played(stream.handle, token))

    def _tell(self, notice: Notice) -> None:
        """Tell it later: what hears it may call us, and must not do so in the midst of a packet."""

        def tell() -> None:
            if notice.stream in self._streams:
                self._notify(notice)

        self._reactor.callLater(0, tell)

    def _look(self, stream: _Stream, seconds: float, since: float) -> None:
        last = max(since, stream.last_received or since)
        left = last + seconds - self._reactor.seconds()
        if left <= 0:
            self._tell(Silent(stream.handle))
        else:
            self._arm(stream, "watch", left, lambda: self._look(stream, seconds, since))


def _copy(stream: _Stream, header: Header) -> bytes:
    numbers = header.payload_type, header.sequence, header.timestamp, header.ssrc
    return write_tapped(Tapped(stream.channel, time.monotonic_ns(), *numbers, header.payload))
