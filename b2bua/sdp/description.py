"""A session description as a value (RFC 8866): read from any bytes, written back, nothing lost.

What we act on has a name (`connection`, `attributes`, `formats`, ...); every other line is kept in
`others`, in order.  Values are immutable; a changed description is a new one.  Text is UTF-8 where
it is UTF-8, and other octets survive the round trip.

Reading is strict where we act on a line (`v=`, `m=`, `c=`) and lenient where peers are known to be
careless: lines that end in LF alone, no `o=`, `s=` or `t=`, lines out of order.  Its work is linear
in the size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_letters

from b2bua.sdp.media import (
    PCMA,
    PCMU,
    STATIC,
    TELEPHONE_EVENT,
    Attributes,
    Codec,
    Lines,
    Media,
    MediaDirection,
    codec_named,
    connection_value,
    direction_from,
    is_unspecified,
    number,
    written_direction,
)

__all__ = [
    "PCMA",
    "PCMU",
    "STATIC",
    "TELEPHONE_EVENT",
    "Attributes",
    "Codec",
    "Description",
    "Limits",
    "Media",
    "MediaDirection",
    "SdpFault",
    "codec_named",
    "connection_value",
    "is_unspecified",
    "read_description",
]


_NOBODY = "- 0 0 IN IP4 0.0.0.0"


@dataclass(frozen=True, slots=True)
class SdpFault:
    """Why bytes are not a session description we can use."""

    reason: str


@dataclass(frozen=True, slots=True)
class Description:
    """A whole description.  `origin` and `name` are the values of `o=` and `s=` as they came.

    `connection` is the session's address, None where each line has its own.  `others` are all
    remaining session lines as (letter, value), in order.
    """

    origin: str = _NOBODY
    connection: str | None = None
    attributes: Attributes = ()
    media: tuple[Media, ...] = ()
    name: str = "-"
    others: Lines = (("t", "0 0"),)

    def connection_of(self, line: int) -> str | None:
        """Return the address that holds for media line `line`: its own or the session's."""
        return self.media[line].connection or self.connection

    def direction_of(self, line: int) -> MediaDirection:
        """Return the direction that holds for media line `line`: own, the session's, or sendrecv.

        The old way of hold, an unspecified address, means "do not send to me" (RFC 3264
        section 8.4) and is told as such here.
        """
        written = (
            self.media[line].direction
            or written_direction(self.attributes)
            or MediaDirection.SENDRECV
        )
        if is_unspecified(self.connection_of(line)):
            return direction_from(sends=written.sends, receives=False)
        return written

    def write(self) -> bytes:
        """Return the description in the order of RFC 8866 section 5, lines ending in CRLF.

        Raises:
            ValueError: a value has a CR, LF or NUL in it.
        """
        others = self.others if any(k == "t" for k, _ in self.others) else (*self.others, _TIME)
        lines = [("v", "0"), ("o", self.origin), ("s", self.name)]
        lines += _in_order(_SESSION_ORDER, others, self.connection, self.attributes)
        for media in self.media:
            lines.append(("m", _media_value(media)))
            lines += _in_order(_MEDIA_ORDER, media.others, media.connection, media.attributes)
        text = "".join([f"{letter}={value}\r\n" for letter, value in lines])
        if (text.count("\r"), text.count("\n"), "\0" in text) != (len(lines), len(lines), False):
            raise ValueError("a control character in a session description")
        return text.encode("utf-8", "surrogateescape")


_TIME = ("t", "0 0")
# t=, r= and z= belong together and keep their order (RFC 8866 sections 5.9-5.11); a letter that
# nobody knows stands before the attributes.
_SESSION_ORDER = {letter: rank for rank, letter in enumerate("vosiuepcbt")} | {"r": 9, "z": 9}
_SESSION_ORDER |= {"k": 10}
_MEDIA_ORDER = {letter: rank for rank, letter in enumerate("micbk")}
_LAST = 99


def _in_order(
    order: dict[str, int], others: Lines, connection: str | None, attributes: Attributes
) -> Iterable[tuple[str, str]]:
    lines = [*others]
    if connection is not None:
        lines.append(("c", connection_value(connection)))
    lines += [("a", n if v is None else f"{n}:{v}") for n, v in attributes]
    return sorted(lines, key=lambda line: order.get(line[0], _LAST))


def _media_value(media: Media) -> str:
    count = f"/{media.port_count}" if media.port_count > 1 else ""
    return " ".join((media.kind, f"{media.port}{count}", media.protocol, *media.formats))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one description may hold."""

    description_bytes: int = 65_536
    lines: int = 1_000
    media: int = 50
    formats: int = 256


class _FaultError(Exception):
    """Leaves the reader; becomes an `SdpFault` at its door."""


def read_description(data: bytes, limits: Limits = Limits()) -> Description | SdpFault:
    """Read `data`, whatever it is; never raises."""
    try:
        return _read(data, limits)
    except _FaultError as fault:
        return SdpFault(str(fault))


def _read(data: bytes, limits: Limits) -> Description:
    if len(data) > limits.description_bytes:
        raise _FaultError(f"longer than {limits.description_bytes} bytes")
    lines = _lines(data, limits)
    if not lines or lines[0] != ("v", "0"):
        raise _FaultError("does not begin with v=0")
    starts = [at for at, (letter, _) in enumerate(lines) if letter == "m"]
    if len(starts) > limits.media:
        raise _FaultError(f"more than {limits.media} media lines")
    ends = [*starts[1:], len(lines)]
    media = tuple(
        [_media(lines[start:end], limits) for start, end in zip(starts, ends, strict=False)]
    )
    description = _session(lines[1 : starts[0] if starts else None], media)
    _check_connections(description)
    return description


# Values cross to the other side as they are: what could end a line anywhere, or an escape sequence
# of some terminal, does not.  CR stands at the end of a line alone.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]|\r(?!\n|\Z)")


def _lines(data: bytes, limits: Limits) -> list[tuple[str, str]]:
    text = data.decode("utf-8", "surrogateescape")
    raw = [line.removesuffix("\r") for line in text.split("\n")]
    full = [line for line in raw if line]
    if len(full) > limits.lines:
        raise _FaultError(f"more than {limits.lines} lines")
    for line in full:
        if line[1:2] != "=" or line[0] not in ascii_letters:
            raise _FaultError("a line that is not <letter>=<value>")
    if _CONTROL.search(text):
        raise _FaultError("a control character")
    return [(line[0], line[2:]) for line in full]


class _Parts:
    """The lines of one level (session or media), sorted by what we do with them."""

    __slots__ = ("attributes", "connection", "others")

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        self.connection: str | None = None
        self.attributes: list[tuple[str, str | None]] = []
        self.others: list[tuple[str, str]] = []
        for letter, value in lines:
            if letter == "a":
                name, colon, rest = value.partition(":")
                self.attributes.append((name, rest if colon else None))
            elif letter == "c":
                # RFC 8866 section 5.7: further ones are for multicast, which we refuse anyway
                self.connection = self.connection or _address(value)
            else:
                self.others.append((letter, value))

    def ordered(self, order: dict[str, int]) -> Lines:
        return tuple(sorted(self.others, key=lambda line: order.get(line[0], _LAST)))


def _session(lines: list[tuple[str, str]], media: tuple[Media, ...]) -> Description:
    single: dict[str, str] = {}
    for letter, value in lines:
        if letter in ("v", "o", "s"):
            if letter == "v" or letter in single:
                raise _FaultError(f"a second {letter}= line")
            single[letter] = value
    parts = _Parts(line for line in lines if line[0] not in ("o", "s"))
    if not any(letter == "t" for letter, _ in parts.others):
        parts.others.append(_TIME)
    return Description(
        origin=single.get("o", _NOBODY),
        connection=parts.connection,
        attributes=tuple(parts.attributes),
        media=media,
        name=single.get("s") or "-",
        others=parts.ordered(_SESSION_ORDER),
    )


def _media(lines: list[tuple[str, str]], limits: Limits) -> Media:
    first, *below = lines
    words = [word for word in first[1].split(" ") if word]
    if len(words) < 3 or len(words) > 3 + limits.formats:
        raise _FaultError("an m= line without port, protocol or formats, or with too many")
    kind, ports, protocol, *formats = words
    port_text, slash, count_text = ports.partition("/")
    port = number(port_text, most=65535)
    count = number(count_text, most=65535) if slash else 1
    if port is None or not count:
        raise _FaultError(f"no port: {ports[:20]!a}")
    if not formats and port:
        raise _FaultError("an m= line without formats")
    parts = _Parts(below)
    return Media(
        kind=kind,
        port=port,
        protocol=protocol,
        formats=tuple(formats) or ("0",),  # careless peers refuse a line with nothing behind it
        connection=parts.connection,
        attributes=tuple(parts.attributes),
        others=parts.ordered(_MEDIA_ORDER),
        port_count=count,
    )


def _address(value: str) -> str:
    words = [word for word in value.split(" ") if word]
    if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
        raise _FaultError("a c= line that is not IN IP4 or IN IP6 and an address")
    return words[2].partition("/")[0] or "0.0.0.0"  # noqa: S104 - an address in SDP, not bound


def _check_connections(description: Description) -> None:
    for line, media in enumerate(description.media):
        if not media.rejected and description.connection_of(line) is None:
            raise _FaultError(f"no c= line holds for m={media.kind[:20]!a}")
