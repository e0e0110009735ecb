"""All live legs: by dialog, for what arrives; by media stream, for what the relay notices."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.app.equipment import Equipment
from b2bua.app.lines import Lines
from b2bua.app.live_leg import DialogKey, LiveLeg
from b2bua.app.media_policy import MediaPolicy
from b2bua.call.leg import Leg
from b2bua.call.vocabulary import Word
from b2bua.sip.dialog.replaces import Replaces
from b2bua.sip.dialog.session import Session, State
from b2bua.sip.message import Request


class Legs:
    """Makes legs and finds them again; a leg that ends is forgotten here."""

    def __init__(self, equipment: Equipment, policy: MediaPolicy) -> None:
        self._equipment = equipment
        self._policy = policy
        self._by_dialog: dict[DialogKey, LiveLeg] = {}
        self._streams: dict[int, str] = {}
        self._by_sid: dict[str, LiveLeg] = {}
        self._heirs: dict[str, LiveLeg] = {}

    def __len__(self) -> int:
        return len(self._by_dialog)

    @property
    def streams(self) -> int:
        """How many media streams are open."""
        return len(self._streams)

    @property
    def timers(self) -> int:
        """How many session timers run."""
        return sum(leg.timers for leg in self._by_dialog.values())

    def lines(self, sid: str, *, v6: bool, nat: bool) -> Lines:
        """Make the media lines of a leg that is about to be."""
        return Lines(
            self._equipment.backend,
            v6=v6,
            nat=nat,
            session_id=self._equipment.entropy.session_id(),
            opened=lambda stream: self._streams.__setitem__(stream, sid),
            closed=self._streams.__delitem__,
        )

    def add(
        self,
        sid: str,
        call_sid: str,
        key: DialogKey,
        session: Session,
        lines: Lines,
        *,
        say: Callable[[LiveLeg, Word], None],
        ended: Callable[[LiveLeg], None],
    ) -> LiveLeg:
        """Make a leg of call `call_sid` around `session` and keep it until it ends."""

        def over(leg: LiveLeg) -> None:
            del self._by_dialog[leg.key]
            self._forget_name(leg)
            ended(leg)

        leg = LiveLeg(
            sid,
            call_sid,
            key,
            session,
            Leg(self._policy.read),
            lines,
            self._equipment,
            say=say,
            ended=over,
        )
        self._by_dialog[key] = leg
        if self._by_sid.setdefault(sid, leg) is not leg:
            self._heirs.setdefault(sid, leg)
        return leg

    def _forget_name(self, leg: LiveLeg) -> None:
        """Forget whose name this was, or leave it to who has taken its place (RFC 3891)."""
        heir = self._heirs.get(leg.sid)
        if heir is leg:
            del self._heirs[leg.sid]
        elif self._by_sid.get(leg.sid) is leg:
            del self._by_sid[leg.sid]
            if heir is not None:
                self._by_sid[leg.sid] = self._heirs.pop(leg.sid)

    def replaced(self, replaces: Replaces) -> LiveLeg | int:
        """Return the leg that `replaces` means, or the status that refuses it (RFC 3891 3)."""
        leg = self._by_dialog.get((replaces.call_id, replaces.local_tag))
        if leg is None or leg.session.remote_tag != replaces.remote_tag:
            return 481
        if leg.session.state is not State.CONFIRMED:
            return 603 if leg.session.state is State.ENDED else 481
        return 486 if replaces.early_only else leg

    def of(self, request: Request) -> LiveLeg | None:
        """Return the leg whose dialog `request` is in (RFC 3261 section 12.2.2)."""
        tag = request.to.tag
        return None if tag is None else self._by_dialog.get((request.call_id, tag))

    def named(self, sid: str) -> LiveLeg | None:
        """Return the leg of this CallSid."""
        return self._by_sid.get(sid)

    def at(self, stream: int) -> LiveLeg | None:
        """Return the leg that a media stream belongs to."""
        sid = self._streams.get(stream)
        return None if sid is None else self._by_sid.get(sid)
