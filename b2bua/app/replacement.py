"""A phone that takes another's place in a call: an INVITE with Replaces (RFC 3891).

To the call it is a re-offer of the leg that is replaced.  While the other side of the bridge
answers that, the new phone waits; then it has the leg's name and media, and the old one its BYE.
"""

from __future__ import annotations

from b2bua.app.live_leg import LiveLeg
from b2bua.call.effects import LegId
from b2bua.call.vocabulary import Confirmed, HungUp, ReofferConfirmed, ReofferWithdrawn, Word

GONE = 481


class Replacements:
    """The legs of one call that wait to take another's place, or have taken it."""

    def __init__(self, legs: dict[LegId, LiveLeg]) -> None:
        self._legs = legs
        self._waiting: dict[LegId, LiveLeg] = {}
        self._taken: set[LiveLeg] = set()

    @property
    def are_waiting(self) -> bool:
        """Whether there is any phone without a place."""
        return bool(self._waiting)

    def wait(self, new: LiveLeg) -> bool:
        """Let `new` wait for the leg of the same name; False: another does."""
        if new.sid in self._waiting:
            return False
        self._waiting[new.sid] = new
        return True

    def take_over(self, leg: LegId) -> bool:
        """Put who waits in the leg's place, as its re-offer is answered; False: nobody does."""
        new = self._waiting.pop(leg, None)
        if new is None:
            return False
        old = self._legs[leg]
        self._legs[leg] = new
        self._taken.add(new)
        old.mute()
        old.lines.follow(new.lines)
        new.lines, old.lines = old.lines, new.lines
        old.take(old.session.hang_up)
        return True

    def refuse(self, leg: LegId, status: int, reason: str = "") -> bool:
        """Refuse who waits, as the re-offer is refused; False: nobody does."""
        new = self._waiting.pop(leg, None)
        if new is None:
            return False
        new.mute()
        new.take(lambda: new.session.refuse(status, reason))
        return True

    def heard(self, leg: LiveLeg, word: Word) -> Word | None:
        """Return what a word of `leg` is to the call, None if nothing."""
        if self._waiting.get(leg.sid) is leg:
            if not isinstance(word, HungUp):
                return None
            del self._waiting[leg.sid]
            return ReofferWithdrawn()
        if isinstance(word, Confirmed) and leg in self._taken:
            return ReofferConfirmed(word.sdp)
        return word

    def ended(self, leg: LiveLeg, *, had_place: bool) -> None:
        """Take that nothing of a leg is left: who waits for its place waits in vain."""
        self._taken.discard(leg)
        if had_place:
            self.refuse(leg.sid, GONE)
