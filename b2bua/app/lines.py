"""The media of one leg: a relay stream for each line of its description.

A leg is *told* a description, which is anchored at the leg's own streams, and *heard* one, which
says where to send.  Streams are opened when a line is first told, so either may come first.
"""

from __future__ import annotations

from collections.abc import Callable

from b2bua.media.interfaces import Aim, Backend, Kind, Opened
from b2bua.sdp.anchor import Origin, Place, anchor
from b2bua.sdp.description import Description
from b2bua.sdp.media import Media
from b2bua.sdp.negotiate import Playable, media_targets, playable


class Lines:
    """Streams by line number; `opened` is told of each new stream, `closed` of each that went.

    `v6` is the family of the signalling; a peer whose description comes first is met in its own.
    Whoever makes it calls `close`.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        v6: bool,
        nat: bool,
        session_id: int,
        opened: Callable[[int], None],
        closed: Callable[[int], None],
    ) -> None:
        self._backend = backend
        self._v6, self._nat = v6, nat
        self._session_id, self._version = session_id, 0
        self._opened, self._closed = opened, closed
        self._streams: list[Opened | None] = []
        self._told: Description | None = None
        self._written: bytes | None = None
        self._heard: Description | None = None
        self._block_digits = ""
        self._playable: Playable | None = None
        self._aims: dict[int, Aim] = {}
        self._tap, self._side = 0, 0
        self._tapped: int | None = None
        self._deaf: Callable[[str], None] = _hear_all

    def follow(self, other: Lines) -> None:
        """Meet the peer that `other` was made for from now on, behind a NAT or not."""
        self._nat = other._nat

    @property
    def is_aimed(self) -> bool:
        """Whether the peer's description is known: there is somewhere to send to."""
        return self._heard is not None

    @property
    def playable(self) -> Playable | None:
        """How to play to this leg, or None when it takes no G.711."""
        return self._playable

    @property
    def playing_stream(self) -> int | None:
        """The stream of the line that prompts are played on."""
        found = self.playable
        if found is None or found.line >= len(self._streams):
            return None
        opened = self._streams[found.line]
        return None if opened is None else opened.stream

    @property
    def has_keys(self) -> bool:
        """Whether keys can be sent as telephone-events (RFC 4733)."""
        found = self.playable
        return found is not None and found.event_type >= 0

    @property
    def streams(self) -> list[int]:
        """The handles of all open streams."""
        return [opened.stream for opened in self._streams if opened is not None]

    def tell(self, description: Description) -> bytes:
        """Return `description` anchored at this leg's streams, as it goes on the wire.

        Telling the same description again gives the same bytes: its version has not changed
        (RFC 3264 section 8).

        Raises:
            NoPortsError: a new line found no free ports.
        """
        if description == self._told and self._written is not None:
            return self._written
        places = [self._place(line, media) for line, media in enumerate(description.media)]
        self._version += 1
        address = next((place.address for place in places if place), self._any_address())
        origin = Origin(self._session_id, self._version, address)
        self._told = description
        self._written = anchor(description, places, origin).write()
        self._aim_all()
        self._tap_voice()
        return self._written

    def hear(self, description: Description, block_digits: str = "") -> None:
        """Send where `description`, the peer's own, says.

        One that comes anew, whatever it says, lets the peer's packets come from elsewhere than the
        last ones; the very one that was heard before says nothing new.
        """
        if description is self._heard and block_digits == self._block_digits:
            return
        self._heard, self._block_digits = description, block_digits
        self._aims.clear()
        if not self.streams:
            self._v6 = _is_v6(description, self._v6)
        self._aim_all()
        self._tap_voice()

    def link(self, other: Lines) -> None:
        """Pass media between this leg and `other`, line by line."""
        for mine, theirs in zip(self._streams, other._streams, strict=False):
            if mine is not None and theirs is not None:
                self._backend.link(mine.stream, theirs.stream)

    def unlink(self) -> None:
        """Stop passing this leg's media."""
        for stream in self.streams:
            self._backend.unlink(stream)

    def watch(self, seconds: float) -> None:
        """Have the first RTP line tell when it has been silent for `seconds`; 0: never."""
        described = self._heard or self._told
        for line, opened in enumerate(self._streams):
            is_rtp = described is not None and line < len(described.media)
            if opened is not None and is_rtp and described.media[line].is_rtp:  # type: ignore[union-attr]
                self._backend.watch(opened.stream, seconds)
                return

    def record(self, tap: int, side: int = 0, deaf: Callable[[str], None] | None = None) -> None:
        """Have what this leg says copied to a tap, 0: to none; `deaf` is told why it cannot be."""
        if self._tapped is not None:
            self._backend.tap(self._tapped, 0, 0)
        self._tap, self._side, self._deaf = tap, side, deaf or _hear_all
        self._tapped = None
        self._tap_voice()

    def close(self) -> None:
        """Give all ports back."""
        for opened in self._streams:
            if opened is not None:
                self._backend.close(opened.stream)
                self._closed(opened.stream)
        self._streams = []
        self._tapped = None
        self._aims.clear()
        self._told = self._written = self._heard = self._playable = None

    def _any_address(self) -> str:
        for opened in self._streams:
            if opened is not None:
                return opened.address
        return "::" if self._v6 else "0.0.0.0"  # noqa: S104 - in a description without media

    def _place(self, line: int, media: Media) -> Place | None:
        if line >= len(self._streams):
            self._streams += [None] * (line + 1 - len(self._streams))
        if media.rejected:
            self._drop(line)
            return None
        opened = self._streams[line]
        if opened is None:
            opened = self._backend.open(Kind.RTP if media.is_rtp else Kind.RAW, self._v6)
            self._streams[line] = opened
            self._opened(opened.stream)
        return Place(opened.address, opened.port)

    def _drop(self, line: int) -> None:
        opened = self._streams[line]
        if opened is not None:
            self._streams[line] = None
            self._aims.pop(opened.stream, None)
            if opened.stream == self._tapped:
                self._tapped = None
            self._backend.close(opened.stream)
            self._closed(opened.stream)

    def _aim_all(self) -> None:
        if self._heard is None:
            return
        found = self._playable = playable(self._heard, self._told)
        targets = media_targets(self._heard)
        for line, (opened, target) in enumerate(zip(self._streams, targets, strict=False)):
            if opened is None or target is None:
                continue
            if (":" in target.address) != (":" in opened.address):
                continue  # nothing of ours can reach it: the peer answered in another family
            plays = found is not None and found.line == line
            aim = Aim(
                target.address,
                target.port,
                target.rtcp_port,
                nat=self._nat,
                payload_type=found.payload_type if found is not None and plays else 0,
                event_type=self._event_type(line),
                block_digits=self._block_digits,
            )
            if self._aims.get(opened.stream) != aim:
                self._aims[opened.stream] = aim
                self._backend.aim(opened.stream, aim)

    def _tap_voice(self) -> None:
        """Tap the first line that speaks; it may be another one, or have another stream, by now."""
        described = self._heard or self._told
        if not self._tap or described is None:
            return
        for opened, media in zip(self._streams, described.media, strict=False):
            if opened is None or not media.is_rtp or media.kind != "audio":
                continue
            if media.is_secure:
                self._deaf("is encrypted")
            elif opened.stream != self._tapped:
                self._tapped = opened.stream
                self._backend.tap(opened.stream, self._tap, self._side)
            return

    def _event_type(self, line: int) -> int:
        assert self._heard is not None
        if self._heard.media[line].is_secure:
            return -1  # encrypted octets are nobody's keys
        event = self._heard.media[line].find("telephone-event")
        return int(event) if event is not None else -1


def _hear_all(_why: str) -> None:
    """Do nothing: nobody records."""


def _is_v6(description: Description, otherwise: bool) -> bool:
    """Whether the first line that is not rejected wants IPv6; `otherwise` where none says so."""
    for line, media in enumerate(description.media):
        address = description.connection_of(line)
        if not media.rejected and address:
            return ":" in address
    return otherwise
