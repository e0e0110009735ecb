"""One media line of a session description, its codecs and its direction (RFC 8866, RFC 3551)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

Attributes = tuple[tuple[str, str | None], ...]
Lines = tuple[tuple[str, str], ...]


class MediaDirection(Enum):
    """Who sends, seen from the side that wrote it (RFC 8866 section 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the side that wrote it sends."""
        return self in (MediaDirection.SENDRECV, MediaDirection.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the side that wrote it wants to receive."""
        return self in (MediaDirection.SENDRECV, MediaDirection.RECVONLY)

    @property
    def mirrored(self) -> MediaDirection:
        """The same agreement, seen from the other side (RFC 3264 section 6.1)."""
        return direction_from(sends=self.receives, receives=self.sends)


def direction_from(*, sends: bool, receives: bool) -> MediaDirection:
    """Return the direction of a side that `sends` and `receives`, or does not."""
    if sends:
        return MediaDirection.SENDRECV if receives else MediaDirection.SENDONLY
    return MediaDirection.RECVONLY if receives else MediaDirection.INACTIVE


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoding name and its clock rate in Hz.  `codec_named` gives names their usual case."""

    name: str
    rate: int = 8000
    channels: int = 1

    def __str__(self) -> str:
        channels = f"/{self.channels}" if self.channels > 1 else ""
        return f"{self.name}/{self.rate}{channels}"


PCMU = Codec("PCMU")
PCMA = Codec("PCMA")
TELEPHONE_EVENT = Codec("telephone-event")

STATIC: dict[str, Codec] = {  # RFC 3551 section 6, tables 4 and 5
    "0": PCMU,
    "3": Codec("GSM"),
    "4": Codec("G723"),
    "5": Codec("DVI4"),
    "6": Codec("DVI4", 16000),
    "7": Codec("LPC"),
    "8": PCMA,
    "9": Codec("G722"),
    "10": Codec("L16", 44100, 2),
    "11": Codec("L16", 44100),
    "12": Codec("QCELP"),
    "13": Codec("CN"),
    "14": Codec("MPA", 90000),
    "15": Codec("G728"),
    "16": Codec("DVI4", 11025),
    "17": Codec("DVI4", 22050),
    "18": Codec("G729"),
    "25": Codec("CelB", 90000),
    "26": Codec("JPEG", 90000),
    "28": Codec("nv", 90000),
    "31": Codec("H261", 90000),
    "32": Codec("MPV", 90000),
    "33": Codec("MP2T", 90000),
    "34": Codec("H263", 90000),
}
_USUAL = {codec.name.lower(): codec.name for codec in (*STATIC.values(), TELEPHONE_EVENT)}


def codec_named(name: str, rate: int = 8000, channels: int = 1) -> Codec:
    """Return a codec equal to all of its name, whatever the case (RFC 8866 section 6.6)."""
    return Codec(_USUAL.get(name.lower(), name.upper()), rate, channels)


@dataclass(frozen=True, slots=True)
class Media:
    """One media line (`m=`) and what stands below it.

    `connection` is the line's own address, None where the session's holds.  `others` are the lines
    we do not act on (`i=`, `b=`, `k=`, ...) as (letter, value).
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    connection: str | None = None
    attributes: Attributes = ()
    others: Lines = ()
    port_count: int = 1

    @property
    def rejected(self) -> bool:
        """Whether the line is refused or ended: port 0 (RFC 3264 sections 6 and 8.2)."""
        return self.port == 0

    @property
    def is_rtp(self) -> bool:
        """Whether RTP is spoken, in whatever profile."""
        return "RTP" in _words(self.protocol)

    @property
    def is_secure(self) -> bool:
        """Whether the packets are SRTP (RFC 3711), which is passed but neither read nor made."""
        return self.is_rtp and "SAVP" in self.protocol.upper()

    @property
    def is_datagram(self) -> bool:
        """Whether it runs over UDP: RTP, T.38 (`udptl`), or `UDP/...`."""
        words = _words(self.protocol)
        return "TCP" not in words and ("RTP" in words or words[0] in ("UDP", "UDPTL"))

    @property
    def direction(self) -> MediaDirection | None:
        """The line's own direction attribute, if it has one."""
        return written_direction(self.attributes)

    @property
    def rtcp_port(self) -> int:
        """Where RTCP goes: `a=rtcp` (RFC 3605), else the next port; 0 where there is none."""
        if self.rejected or not self.is_rtp:
            return 0
        written = (self.attribute("rtcp") or "").split(" ")[0]
        port = number(written, most=65535)
        if port:
            return port
        return self.port + 1 if self.port < 65535 else 0

    @property
    def ptime(self) -> int | None:
        """How long the media in a packet should be, in milliseconds."""
        return number(self.attribute("ptime") or "", most=1000) or None

    def attribute(self, name: str) -> str | None:
        """Return the first value of attribute `name`; "" for a flag, None if it is absent."""
        return first_value(self.attributes, name)

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """What each format stands for, by its `rtpmap` or RFC 3551.

        Unknown ones are left out, and those that are no payload types, 0 to 127.
        """
        rtpmaps = [value for name, value in self.attributes if name == "rtpmap" and value]
        return _codecs(self.formats, tuple(rtpmaps))

    def codec(self, payload_format: str) -> Codec | None:
        """Return what `payload_format` stands for; None if that is not said."""
        return self.codecs.get(payload_format)

    def find(self, name: str, rate: int = 8000) -> str | None:
        """Return the first format that stands for codec `name` at `rate` Hz, one channel."""
        wanted = codec_named(name, rate)
        return next((f for f, codec in self.codecs.items() if codec == wanted), None)


def is_unspecified(address: str | None) -> bool:
    """Whether `address` says "nowhere" (RFC 3264 section 8.4; RFC 6337 section 5.3 for IPv6)."""
    return address is not None and (
        address in ("0.0.0.0", "::", "0:0:0:0:0:0:0:0") or address.lower().endswith(".invalid")  # noqa: S104
    )


def number(text: str, most: int) -> int | None:
    """Read an unsigned decimal of at most `most`; None if `text` is anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    value = int(text)
    return value if value <= most else None


def connection_value(address: str) -> str:
    """Write a `c=` value for `address`."""
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


def first_value(attributes: Attributes, name: str) -> str | None:
    """Return the first value of `name`; "" for a flag, None if it is absent."""
    for written, value in attributes:
        if written == name:
            return value or ""
    return None


def written_direction(attributes: Attributes) -> MediaDirection | None:
    """Return the first direction attribute among `attributes`, if any."""
    for name, value in attributes:
        if value is None and name in MediaDirection._value2member_map_:
            return MediaDirection(name)
    return None


@lru_cache(maxsize=64)
def _words(protocol: str) -> Sequence[str]:
    return protocol.upper().split("/")


# Telephones of a kind name their codecs in the same words in every call: 1 us instead of 10.
@lru_cache(maxsize=512)
def _codecs(formats: tuple[str, ...], rtpmaps: tuple[str, ...]) -> Mapping[str, Codec]:
    known = {f: STATIC[f] for f in formats if f in STATIC}
    for rtpmap in rtpmaps:
        mapped, _, encoding = rtpmap.partition(" ")
        codec = _codec(encoding.strip(" "))
        if codec is not None and number(mapped, most=127) is not None:
            known[mapped] = codec
    return MappingProxyType({f: known[f] for f in formats if f in known})


def _codec(encoding: str) -> Codec | None:
    """Read `name/rate[/channels]`."""
    name, _, rest = encoding.partition("/")
    rate_text, _, channels_text = rest.partition("/")
    rate = number(rate_text.strip(" "), most=1_000_000)
    channels = number(channels_text.strip(" "), most=255) if channels_text else 1
    return codec_named(name, rate, channels or 1) if name and rate else None
