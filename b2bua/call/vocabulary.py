"""The words between legs: what one side of a call can say, whatever it speaks on the wire.

A B2BUA is two user agents that do not know each other.  Between them pass these words, never SIP
messages.  Descriptions are the *peer's* own: anchoring them at the relay is done when they are
told to the other leg.  Of the two terminal words, `Refused` and `HungUp`, each leg says exactly
one, once.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.sdp.description import Description


@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional response, 180-189 (RFC 3261 section 21.1); with a description: early media."""

    status: int = 180
    early: Description | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The first 2xx.

    `sdp` is the answer, or the offer when `is_offer`.  `fault` says why the description cannot be
    used; `sdp` is None then.  `headers` are the `X-` headers of the 200.
    """

    sdp: Description | None
    is_offer: bool = False
    fault: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A final refusal.  `status` is a SIP status code, 300-699; `local`: nobody sent it.

    `is_ours`: the status speaks of us, who lacked what the leg needs, and not of the peer.
    `contacts` are the URIs that a 3xx offers instead.
    """

    status: int
    reason: str = ""
    local: bool = False
    is_ours: bool = False
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HungUp:
    """The leg is over: a BYE either way, a caller's CANCEL, or a peer that was lost.

    `error` names what went wrong, if something did (rcml.md 6.7, last row).  `said` is the peer's
    own Reason, as its BYE or CANCEL had it (RFC 3326).
    """

    reason: str = ""
    error: tuple[int, str] | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ACK for our 200, or the PRACK for our 18x, with the answer if that carried the offer."""

    sdp: Description | None = None


@dataclass(frozen=True, slots=True)
class Reoffered:
    """A re-INVITE or an UPDATE: a new offer, or None when the peer asks us for one.

    `fault` says why an offer that was there cannot be used; `sdp` is None then.
    """

    sdp: Description | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class ReofferWithdrawn:
    """The peer cancelled its re-INVITE, or has waited too long for the answer to it."""


@dataclass(frozen=True, slots=True)
class ReofferAnswered:
    """2xx to our re-INVITE, with the answer, or with an offer when ours carried none."""

    sdp: Description | None
    is_offer: bool = False


@dataclass(frozen=True, slots=True)
class ReofferRefused:
    """The peer refused our re-INVITE; everything stays as it was (RFC 3261 section 14.1)."""

    status: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReofferConfirmed:
    """The ACK for our 200 to a re-INVITE, with the answer when that 200 carried the offer."""

    sdp: Description | None = None


@dataclass(frozen=True, slots=True)
class Referred:
    """A REFER: this leg wants whom it talks to connected with `target`, a SIP URI."""

    target: str


@dataclass(frozen=True, slots=True)
class Digit:
    """One DTMF key: by RFC 4733, or by INFO (then it has not reached the other side by itself)."""

    key: str
    by_info: bool = False


Word = (
    Ringing
    | Answered
    | Refused
    | HungUp
    | Confirmed
    | Reoffered
    | ReofferWithdrawn
    | ReofferAnswered
    | ReofferRefused
    | ReofferConfirmed
    | Referred
    | Digit
)
