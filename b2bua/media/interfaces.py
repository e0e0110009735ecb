"""What the rest of the program knows of media: streams by handle, and notices.

A *stream* is one media line of one leg: an even/odd pair of local UDP ports (RTP and RTCP), a
remote address it sends to, and counters.  Two streams may be *linked*: what one receives the other
sends.  A backend may live in a thread of this process or in another process; nothing here blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Kind(Enum):
    """RTP is checked and has RTCP beside it; RAW (T.38 `udptl`, anything) is passed as it comes."""

    RTP = "rtp"
    RAW = "raw"


class NoPortsError(Exception):
    """No free pair of ports is left in `media.ports`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new stream: its handle, and the local address and port to be written in SDP."""

    stream: int
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a stream sends to, and what it speaks.

    `address` is numeric; `rtcp_port` 0 means none.  `nat` lets the source move away from the
    signalled address after 4 packets in order (limits.md).  `payload_type` and `event_type` are
    the RTP payload types of the codec that prompts are played in, and of telephone-event (-1:
    none).  `block_digits` names the telephone-event digits that are *not* relayed onwards.
    """

    address: str
    port: int
    rtcp_port: int = 0
    nat: bool = False
    payload_type: int = 0
    event_type: int = -1
    block_digits: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one stream has done.  Times are in milliseconds; -1 means never."""

    received_packets: int = 0
    received_bytes: int = 0
    sent_packets: int = 0
    sent_bytes: int = 0
    dropped_packets: int = 0
    rtcp_packets: int = 0
    last_received_ms_ago: int = -1


@dataclass(frozen=True, slots=True)
class FirstPacket:
    """The first packet of a stream came from its locked source."""

    stream: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """One telephone-event (RFC 4733), told once, when the key is released or times out."""

    stream: int
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Played:
    """What `play` or `press` began under this token has been sent to its end (or was stopped)."""

    stream: int
    token: int


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing has come for as long as `watch` said.  Told once for each `watch`."""

    stream: int


Notice = FirstPacket | Pressed | Played | Silent


class Backend(Protocol):
    """Relays media.  An unknown or closed handle raises `LookupError` in every method."""

    def start(self, notify: Callable[[Notice], None]) -> None:
        """Begin; `notify` is called in the reactor's thread."""

    def stop(self) -> None:
        """Close every stream and end every thread."""

    def open(self, kind: Kind, v6: bool = False) -> Opened:
        """Open a stream.

        Raises:
            NoPortsError: no pair of ports is free.
        """

    def aim(self, stream: int, aim: Aim) -> None:
        """Say where `stream` sends to.  A lock on another source is forgotten."""

    def link(self, a: int, b: int) -> None:
        """Pass what `a` receives out of `b` and the other way round; ends earlier links of both."""

    def unlink(self, stream: int) -> None:
        """End the link of `stream`, if any, on both sides."""

    def play(self, stream: int, token: int, payload: bytes, loop: bool = False) -> None:
        """Send `payload`, G.711 octets, 160 for each 20 ms, steadily; replaces what plays."""

    def press(self, stream: int, token: int, digits: str) -> None:
        """Send DTMF (RFC 4733): `0-9A-D*#`, `w` waits 0.5 s and `W` 1 s; replaces what plays.

        Without an `event_type` the digits are sent as tones in the audio.
        """

    def quiet(self, stream: int) -> None:
        """Stop what plays, if anything; its `Played` follows."""

    def watch(self, stream: int, seconds: float) -> None:
        """Tell `Silent` when nothing has come for `seconds`; 0 stops watching."""

    def open_tap(self) -> int:
        """Open a bounded queue of copies, where streams put what they receive.

        It outlives the streams, so that their last packets can be taken; `close_tap` ends it.

        Raises:
            OSError: there are as many as streams already.
        """

    def tap(self, stream: int, tap: int, channel: int) -> None:
        """Copy what `stream` receives to `tap`, 0 for nowhere; keys (RFC 4733) are left out.

        `channel`, 0-255, tells its packets from others.
        """

    def take(self, tap: int) -> bytes:
        """Take what has come since: see `b2bua.media.tapped`."""

    def close_tap(self, tap: int) -> None:
        """Forget `tap`, if it is known, and what is in it."""

    def counts(self, stream: int) -> Counts:
        """Return what the stream has done so far."""

    def close(self, stream: int) -> Counts:
        """Close the stream and give its ports back; return its last counts."""

    @property
    def ports_in_use(self) -> int:
        """How many UDP ports are bound now."""
