"""Put our relay between two sides: its addresses and ports in, all ways around it out.

The other side's description crosses as it is (codecs, `fmtp`, T.38, crypto, whatever a new RFC
brings), but nothing in it may lead past the relay: ICE candidates, RTCP on a port of its own, one
port for several lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from b2bua.sdp.description import (
    Attributes,
    Description,
    Media,
    MediaDirection,
    connection_value,
    is_unspecified,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Our relay's numeric address and port for one media line."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wrote a description: our session's numbers and address (RFC 8866 section 5.2).

    `version` goes up by one whenever what we send in this session differs from what we sent before.
    """

    session_id: int
    version: int
    address: str

    def __str__(self) -> str:
        return f"- {self.session_id} {self.version} {connection_value(self.address)}"


# RFC 8839 section 5; RFC 8840 section 4.2 (end-of-candidates); RFC 5761; RFC 8858; RFC 3605;
# RFC 9143 section 5 (BUNDLE sends several lines to one port)
PAST_THE_RELAY = frozenset(
    {
        "candidate",
        "remote-candidates",
        "end-of-candidates",
        "ice-ufrag",
        "ice-pwd",
        "ice-options",
        "ice-lite",
        "ice-mismatch",
        "ice-pacing",
        "rtcp",
        "rtcp-mux",
        "rtcp-mux-only",
        "bundle-only",
    }
)
DIRECTIONS = frozenset(direction.value for direction in MediaDirection)
# what the other side says of itself (sections 5.4-5.6) is not ours to say
_PERSONAL = frozenset("iuep")


def anchor(description: Description, places: Sequence[Place | None], origin: Origin) -> Description:
    """Return `description` as ours to send, with our relay at each line's `places`.

    A line without a place, and one that was rejected, has port 0.

    Raises:
        ValueError: not one place for each media line.
    """
    if len(places) != len(description.media):
        raise ValueError(f"{len(places)} places for {len(description.media)} media lines")
    media = tuple([_anchored(description, line, at, origin) for line, at in enumerate(places)])
    return Description(
        origin=str(origin),
        connection=origin.address,
        attributes=_relayed(description.attributes),
        media=media,
        others=tuple(line for line in description.others if line[0] not in _PERSONAL),
    )


def _anchored(description: Description, line: int, place: Place | None, origin: Origin) -> Media:
    media = description.media[line]
    if place is None or media.rejected:
        return reject(media)
    attributes = _relayed(media.attributes)
    if is_unspecified(description.connection_of(line)):
        # Our address stands where 0.0.0.0 said "hold": say it in an attribute instead.
        held = description.direction_of(line).value
        attributes = (*(a for a in attributes if a[0] not in DIRECTIONS), (held, None))
    return replace(
        media,
        port=place.port,
        port_count=1,
        connection=None if place.address == origin.address else place.address,
        attributes=attributes,
    )


def reject(media: Media) -> Media:
    """Return `media` refused: port 0, and nothing below it (RFC 3264 section 6)."""
    return Media(media.kind, 0, media.protocol, media.formats)


def _relayed(attributes: Attributes) -> Attributes:
    return tuple([a for a in attributes if a[0] not in PAST_THE_RELAY and not _bundles(*a)])


def _bundles(name: str, value: str | None) -> bool:
    return name == "group" and value is not None and value.split(" ")[0].upper() == "BUNDLE"
