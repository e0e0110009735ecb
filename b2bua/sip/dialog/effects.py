"""What a session asks of whoever drives it; there is nothing else that it can do.

A session returns effects in the order in which they are to be performed.  Events come last, so that
whatever the user commands in return finds the messages on their way and the timers in place; and of
the events, `Ended` comes last.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.machine import Symbol
from b2bua.sip.dialog.events import Event
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop


class Timer(Symbol):
    """A timer of one session; no letter of RFC 3261 names any of them."""

    RESEND = "resend"  # our 2xx goes out again (13.3.1.4)
    ACK = "ack"  # the ACK for our 2xx never came (13.3.1.4)
    ANSWER = "answer"  # our user owes the answer that an ACK must carry (13.2.2.4)
    REOFFER = "reoffer"  # a re-INVITE, the peer's or ours, has had no final response
    PATIENCE = "patience"  # of several phones, those that say nothing are waited for no more
    GLARE = "glare"  # our re-INVITE met the peer's and is sent again (14.1)
    RELIABLE = "reliable"  # our reliable 18x goes out again (RFC 3262 section 3)
    PRACK = "PRACK"  # the PRACK for it never came
    REFRESH = "refresh"  # the session is to be refreshed by us (RFC 4028 section 10)
    EXPIRY = "expiry"  # nobody has refreshed it


@dataclass(frozen=True, slots=True)
class Begin:
    """Start a client transaction for `request`, which has no Via yet, to `hop`.

    Its responses come back by `Session.response`, or its failure by `Session.failed`.
    """

    request: Request
    hop: Hop


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Send `request`, the ACK for a 2xx, to `hop`; it has no Via yet, and no transaction."""

    request: Request
    hop: Hop


@dataclass(frozen=True, slots=True)
class CancelInvite:
    """Cancel `request`, an INVITE given with `Begin`; `headers` are added to the CANCEL.

    The transaction holds the CANCEL until a provisional response has come (RFC 3261 section 9.1),
    and reports a timeout if no final response follows.
    """

    request: Request
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """Give `response` to the server transaction of `request`; for a 2xx it may come repeatedly."""

    request: Request
    response: Response


@dataclass(frozen=True, slots=True)
class Arm:
    """Start `timer`, or start it anew; it expires after `seconds`."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class Disarm:
    """Stop `timer`."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the session's user."""

    event: Event


Effect = Begin | Acknowledge | CancelInvite | Reply | Arm | Disarm | Report
Effects = tuple[Effect, ...]
