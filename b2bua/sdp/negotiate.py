"""Offer and answer (RFC 3264) where we take part: what to offer, what to answer, what was agreed.

A description made here has no address of ours in it yet: `anchor` puts that in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from b2bua.sdp.anchor import reject
from b2bua.sdp.description import (
    PCMA,
    PCMU,
    STATIC,
    TELEPHONE_EVENT,
    Attributes,
    Codec,
    Description,
    Media,
    is_unspecified,
)

DISCARD_PORT = 9  # stands for "a port to come" until `anchor` has been there
FIRST_DYNAMIC = 96  # RFC 3551 section 6
EVENT_TYPE = "101"
KEYS = "0-15"  # 0-9 * # A-D (RFC 4733 section 3.2)
G711 = (PCMU, PCMA)
PLAIN_PROFILES = ("RTP/AVP", "RTP/AVPF")
OF_A_FORMAT = frozenset({"rtpmap", "fmtp", "rtcp-fb"})


@dataclass(frozen=True, slots=True)
class Playable:
    """The line and payload types that prompts are sent in.

    `codec` is "PCMU" or "PCMA"; `event_type` is the payload type of telephone-event, -1 if none.
    """

    line: int
    codec: str
    payload_type: int
    event_type: int = -1


@dataclass(frozen=True, slots=True)
class MediaTarget:
    """Where one media line asks us to send.  `rtcp_port` 0 means that no RTCP is wanted."""

    address: str
    port: int
    rtcp_port: int


def offer(codecs: Sequence[Codec] = G711) -> Description:
    """Return an offer of our own: one audio line with `codecs` and telephone-event."""
    dynamic = FIRST_DYNAMIC
    named: list[tuple[str, Codec]] = []
    for codec in codecs:
        static = next((f for f, known in STATIC.items() if known == codec), None)
        named.append((static or str(dynamic), codec))
        dynamic += static is None
    return Description(media=(_audio(named, EVENT_TYPE, ()),))


def answer_for_prompts(offer: Description) -> Description | None:
    """Answer `offer` so that we can play prompts: one G.711 codec, the offerer's first.

    The first usable audio line is taken, with telephone-event if it was offered, in the mirrored
    direction; every other line is refused.  None: no line has G.711 in plain RTP (488).
    """
    found = playable(offer)
    if found is None:
        return None
    taken = offer.media[found.line]
    direction = offer.direction_of(found.line).mirrored.value
    event = str(found.event_type) if found.event_type >= 0 else None
    audio = _audio([(str(found.payload_type), Codec(found.codec))], event, ((direction, None),))
    audio = replace(audio, protocol=taken.protocol)
    media = tuple(
        audio if line == found.line else reject(other) for line, other in enumerate(offer.media)
    )
    return Description(media=media)


def playable(remote: Description, ours: Description | None = None) -> Playable | None:
    """Return how to send audio to the side that wrote `remote`, or None if it can't be G.711.

    `ours` is the description it was negotiated with: a format counts only if both sides have it.
    """
    for line, media in enumerate(remote.media):
        own = ours.media[line] if ours is not None and line < len(ours.media) else media
        if not _is_plain_audio(media) or own.rejected:
            continue
        shared = frozenset(own.codecs.values())
        usable = {f: c for f, c in media.codecs.items() if c in shared}
        for payload_format, codec in usable.items():
            if codec in G711:
                events = (int(f) for f, c in usable.items() if c == TELEPHONE_EVENT)
                return Playable(line, codec.name, int(payload_format), next(events, -1))
    return None


def reduce_to(offer: Description, answered: Description) -> Description:
    """Return `offer` limited to what its writer has been answered with, for the next callee.

    The number of media lines stays; a line or format that was not accepted is not offered on.
    """
    media = tuple(
        _reduced(line, answered.media[at] if at < len(answered.media) else reject(line))
        for at, line in enumerate(offer.media)
    )
    return replace(offer, media=media)


def is_answer_to(offer: Description, answer: Description) -> str | None:
    """Return what is wrong with `answer` to `offer` by RFC 3264 section 6, or None.

    Directions are not judged: peers that answer "sendonly" with "sendrecv" are common and harmless.
    """
    if len(answer.media) != len(offer.media):
        return f"{len(answer.media)} media lines answer {len(offer.media)}"
    for line, (asked, given) in enumerate(zip(offer.media, answer.media, strict=True)):
        problem = _mismatch(asked, given)
        if problem is not None:
            return f"media line {line + 1}: {problem}"
    return None


def media_targets(description: Description) -> list[MediaTarget | None]:
    """Return where each line of the other side's `description` wants its packets.

    None: nowhere, because the line is rejected, is on hold with an unspecified address, or does
    not run over UDP.
    """
    return [_target(description, line) for line in range(len(description.media))]


def _target(description: Description, line: int) -> MediaTarget | None:
    media = description.media[line]
    address = description.connection_of(line)
    if media.rejected or not media.is_datagram or address is None or is_unspecified(address):
        return None
    return MediaTarget(address, media.port, media.rtcp_port)


def _audio(named: Sequence[tuple[str, Codec]], event: str | None, direction: Attributes) -> Media:
    attributes = [("rtpmap", f"{payload_format} {codec}") for payload_format, codec in named]
    formats = [payload_format for payload_format, _ in named]
    if event is not None:
        formats.append(event)
        attributes += [("rtpmap", f"{event} {TELEPHONE_EVENT}"), ("fmtp", f"{event} {KEYS}")]
    attributes.append(("ptime", "20"))
    return Media(
        "audio", DISCARD_PORT, "RTP/AVP", tuple(formats), attributes=(*attributes, *direction)
    )


def _is_plain_audio(media: Media) -> bool:
    return media.kind == "audio" and not media.rejected and media.protocol.upper() in PLAIN_PROFILES


def _reduced(offered: Media, answered: Media) -> Media:
    if offered.rejected or answered.rejected:
        return reject(offered)
    kept = _accepted(offered, answered)
    if not kept:
        return reject(offered)
    gone = frozenset(offered.formats) - frozenset(kept)
    attributes = tuple(
        (name, value)
        for name, value in offered.attributes
        if name not in OF_A_FORMAT or (value or "").split(" ")[0] not in gone
    )
    return replace(offered, formats=kept, attributes=attributes)


def _accepted(offered: Media, answered: Media) -> tuple[str, ...]:
    """Return the offered formats that were accepted: the same codec, whatever its number there.

    Where one side does not name the codec, or it is not RTP, the same format counts.
    """
    named, given = offered.codecs, answered.codecs
    codecs = frozenset(given.values())
    unnamed = frozenset(answered.formats) - given.keys()
    return tuple(f for f in offered.formats if f in unnamed or named.get(f) in codecs)


def _mismatch(offered: Media, answered: Media) -> str | None:
    if answered.kind != offered.kind:
        return f"{answered.kind[:20]!a} answers {offered.kind[:20]!a}"
    if answered.rejected:
        return None
    if offered.rejected:
        return "accepted, but it was not offered"
    if answered.protocol.upper() != offered.protocol.upper():
        return f"{answered.protocol[:20]!a} answers {offered.protocol[:20]!a}"
    if offered.is_rtp and not _accepted(offered, answered):
        return "no format in common"
    return None
