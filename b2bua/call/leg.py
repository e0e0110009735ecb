"""One leg: words on one side, a SIP session on the other.

Here a session's events become words, its bytes become descriptions, and everything that a leg may
say at its end becomes exactly one terminal word.
"""

from __future__ import annotations

from collections.abc import Callable

from b2bua.call.vocabulary import (
    Answered,
    Confirmed,
    Digit,
    HungUp,
    Referred,
    Refused,
    ReofferAnswered,
    ReofferConfirmed,
    Reoffered,
    ReofferRefused,
    ReofferWithdrawn,
    Ringing,
    Word,
)
from b2bua.sdp.description import Description, SdpFault
from b2bua.sip.dialog import events
from b2bua.sip.dialog.events import Cause, Event

ReadDescription = Callable[[bytes], "Description | SdpFault"]

KEYS = frozenset("0123456789*#ABCD")
_EVENT_CODES = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_LOST = frozenset(
    {
        Cause.ACK_LOST,
        Cause.PRACK_LOST,
        Cause.SESSION_EXPIRED,
        Cause.TIMEOUT,
        Cause.TRANSPORT,
        Cause.DIALOG_GONE,
    }
)
LEG_LOST = 31_003
"""The leg ended without a BYE: its peer no longer answers."""


class Leg:
    """What one leg says, in words.  `read` judges a description by the site's media policy."""

    __slots__ = ("_has_ended", "_read")

    def __init__(self, read: ReadDescription) -> None:
        self._read = read
        self._has_ended = False

    def words(self, event: Event) -> list[Word]:
        """Return what `event` says to the rest of the call; often nothing."""
        if self._has_ended:
            return []
        word = self._word(event)
        self._has_ended = isinstance(word, Refused | HungUp)
        return [] if word is None else [word]

    def _word(self, event: Event) -> Word | None:
        match event:
            case events.Progressed(status, sdp):
                return Ringing(status, self._usable(sdp)) if 180 <= status <= 189 else None
            case events.Established():
                return self._answered(event)
            case events.Rejected():
                return Refused(event.status, event.reason, event.local, contacts=event.contacts)
            case events.Cancelled(reason):
                return HungUp(reason or "cancelled", said=reason)
            case events.Confirmed(sdp):
                return Confirmed(self._usable(sdp))
            case events.EarlyAnswered(sdp):
                return Confirmed(self._usable(sdp))
            case events.Ended(cause, reason):
                lost = (LEG_LOST, cause.name.lower().replace("_", " ")) if cause in _LOST else None
                said = reason if cause is Cause.REMOTE_BYE else ""
                return HungUp(reason or cause.name, lost, said)
            case events.Referred(target):
                return Referred(target)
            case events.Informed(content_type, body):
                key = key_in(content_type, body)
                return None if key is None else Digit(key, by_info=True)
        return self._reoffer_word(event)

    def _reoffer_word(self, event: Event) -> Word | None:
        match event:
            case events.Reoffered(sdp):
                if sdp is None:
                    return Reoffered(None)
                read = self._read(sdp)
                return (
                    Reoffered(None, read.reason) if isinstance(read, SdpFault) else Reoffered(read)
                )
            case events.ReofferWithdrawn():
                return ReofferWithdrawn()
            case events.ReofferAnswered(sdp, is_offer):
                return ReofferAnswered(self._usable(sdp), is_offer)
            case events.ReofferRefused(status, reason):
                return ReofferRefused(status, reason)
            case events.ReofferConfirmed(sdp):
                return ReofferConfirmed(self._usable(sdp))
        return None

    def _answered(self, event: events.Established) -> Answered:
        if event.sdp is None:
            return Answered(None, fault="no description", headers=event.headers)
        read = self._read(event.sdp)
        if isinstance(read, SdpFault):
            return Answered(None, event.is_offer, read.reason, event.headers)
        return Answered(read, event.is_offer, None, event.headers)

    def _usable(self, sdp: bytes | None) -> Description | None:
        if sdp is None:
            return None
        read = self._read(sdp)
        return None if isinstance(read, SdpFault) else read


def key_in(content_type: str, body: bytes) -> str | None:
    """Return the key in an INFO body: `application/dtmf-relay` (Signal=5) or `application/dtmf`."""
    text = body[:200].decode("ascii", "replace")
    if content_type == "application/dtmf-relay":
        fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        signal = {name.strip().lower(): value.strip() for name, value in fields.items()}.get(
            "signal"
        )
    elif content_type == "application/dtmf":
        signal = text.strip()
    else:
        return None
    key = _EVENT_CODES.get(signal or "", (signal or "").upper())
    return key if key in KEYS else None
