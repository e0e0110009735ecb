"""The C relay seen from Twisted: streams by handle, and notices through an eventfd.

The worker's thread is born in `start`, after `twistd` has forked, and ends in `stop`.  What this
class adds to the C module is which ports are used, what is open, and the words of
`b2bua.media.interfaces`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from b2bua.media import _relay
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

# limits.md: 50 packets a second of 20 ms, and 200 beyond them.
PACKETS_PER_SECOND = 250
NOTICES_WAITING = 4096
EVENT_DIGITS = "0123456789*#ABCD"  # the place is the event code (RFC 4733 section 3.2)
# Streams that the worker has not yet let go of, while their ports are free again.
_CLOSING = 64


@dataclass(frozen=True, slots=True)
class Interface:
    """A local address that sockets are bound to, and what SDP says instead (empty: the same)."""

    bound: str
    advertised: str = ""


class Relay:
    """Relay media in a thread of this process; implements `interfaces.Backend`."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        pairs: PortPairs,
        v4: Interface | None,
        v6: Interface | None = None,
        *,
        packets_per_second: int = PACKETS_PER_SECOND,
        gather: float = 0.0,
    ) -> None:
        """Open nothing yet.

        `packets_per_second` is what one stream may receive, 0 for no limit; under load a packet
        may wait for `gather` seconds.
        """
        self._reactor, self._pairs = reactor, pairs
        self._interfaces = {False: v4, True: v6}
        self._relay = _relay.Relay(
            streams=pairs.size + _CLOSING,
            packets_per_second=packets_per_second,
            gather_us=round(gather * 1_000_000),
            notices=NOTICES_WAITING,
        )
        self._ports: dict[int, tuple[int, int]] = {}
        self._reader: _Reader | None = None

    def start(self, notify: Callable[[Notice], None]) -> None:
        self._relay.start()
        self._reader = _Reader(self._relay.fileno(), lambda: self._tell(notify))
        self._reactor.addReader(self._reader)

    def stop(self) -> None:
        if self._reader is not None:
            self._reactor.removeReader(self._reader)
            self._reader = None
        self._relay.stop()
        for port, _ in self._ports.values():
            self._pairs.give_back(port)
        self._ports.clear()

    def open(self, kind: Kind, v6: bool = False) -> Opened:
        if self._reader is None:
            raise RuntimeError("the relay is not started")
        interface = self._interfaces[v6]
        if interface is None:
            raise NoPortsError(f"there is no IPv{6 if v6 else 4} address for media")
        stream, port = self._bind(kind, interface.bound)
        self._ports[stream] = (port, 1 if kind is Kind.RAW else 2)
        return Opened(stream, interface.advertised or interface.bound, port)

    def aim(self, stream: int, aim: Aim) -> None:
        self._relay.aim(
            stream,
            aim.address,
            aim.port,
            aim.rtcp_port,
            aim.nat,
            aim.payload_type,
            aim.event_type,
            _event_bits(aim.block_digits),
        )

    def link(self, a: int, b: int) -> None:
        self._relay.link(a, b)

    def unlink(self, stream: int) -> None:
        self._relay.unlink(stream)

    def play(self, stream: int, token: int, payload: bytes, loop: bool = False) -> None:
        self._relay.play(stream, token, payload, loop)

    def press(self, stream: int, token: int, digits: str) -> None:
        self._relay.press(stream, token, digits)

    def quiet(self, stream: int) -> None:
        self._relay.quiet(stream)

    def watch(self, stream: int, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"cannot watch for {seconds} s")
        self._relay.watch(stream, round(seconds * 1_000_000_000))

    def open_tap(self) -> int:
        return self._relay.open_tap()

    def tap(self, stream: int, tap: int, channel: int) -> None:
        self._relay.tap(stream, tap, channel)

    def take(self, tap: int) -> bytes:
        return self._relay.take(tap)

    def close_tap(self, tap: int) -> None:
        self._relay.close_tap(tap)

    @property
    def copies_dropped(self) -> int:
        """How many copies of packets found no room in their taps."""
        return self._relay.tap_dropped()

    def counts(self, stream: int) -> Counts:
        return Counts(*self._relay.counts(stream))

    def close(self, stream: int) -> Counts:
        counts = Counts(*self._relay.close(stream))
        port, _ = self._ports.pop(stream)
        self._pairs.give_back(port)
        return counts

    @property
    def ports_in_use(self) -> int:
        return sum(count for _, count in self._ports.values())

    @property
    def notices_dropped(self) -> int:
        """How many notices were lost because nobody read them in time."""
        return self._relay.notices_dropped()

    def _bind(self, kind: Kind, address: str) -> tuple[int, int]:
        """Open a stream on the first pair of ports that no other program has."""
        for _ in range(self._pairs.size):
            port = self._pairs.take()
            try:
                return self._relay.open(kind is Kind.RAW, address, port), port
            except OSError as problem:
                self._pairs.give_back(port)
                if problem.errno != errno.EADDRINUSE:
                    raise NoPortsError(f"port {port} of {address}: {problem}") from problem
        raise NoPortsError("other programs have every pair of ports")

    def _tell(self, notify: Callable[[Notice], None]) -> None:
        for kind, stream, digit, duration, token in self._relay.notices():
            if stream not in self._ports:
                continue  # closed since: nobody waits for it
            try:
                notify(_NOTICES[kind](stream, digit, duration, token))
            except Exception:  # a fault in one call must not end the notices of all others
                self.log.failure("a media notice was not taken")


def _event_bits(digits: str) -> int:
    if unknown := set(digits) - set(EVENT_DIGITS):
        raise ValueError(f"not digits of a telephone-event: {''.join(sorted(unknown))}")
    return sum(1 << EVENT_DIGITS.index(digit) for digit in set(digits))


_NOTICES: tuple[Callable[[int, str, int, int], Notice], ...] = (
    lambda stream, _digit, _duration, _token: FirstPacket(stream),
    lambda stream, digit, duration, _token: Pressed(stream, digit, duration),
    lambda stream, _digit, _duration, token: Played(stream, token),
    lambda stream, _digit, _duration, _token: Silent(stream),
)


@implementer(IReadDescriptor)
class _Reader:
    """The eventfd, as a reactor wants to see it."""

    def __init__(self, descriptor: int, read: Callable[[], None]) -> None:
        self._descriptor, self._read = descriptor, read

    def fileno(self) -> int:
        return self._descriptor

    def doRead(self) -> None:
        self._read()

    def connectionLost(self, reason: Failure) -> None:
        """Do nothing: the descriptor belongs to the relay."""

    def logPrefix(self) -> str:
        return "media"
