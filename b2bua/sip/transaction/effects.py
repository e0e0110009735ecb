"""What a transaction asks the driver to do; there is nothing else that it can do.

A machine returns effects in the order in which they are to be performed.  What the user of the
transaction is told comes last, so that whatever it does in return finds the timers in place.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.machine import Symbol
from b2bua.sip.message import Message, Request
from b2bua.sip.transaction.timers import Timer


class Why(Symbol):
    """How a transaction ended, or what went wrong with it."""

    NORMAL = "normal"
    TIMEOUT = "timeout"
    TRANSPORT = "transport"


@dataclass(frozen=True, slots=True)
class Send:
    """Put `message` on the wire, on this transaction's way."""

    message: Message


@dataclass(frozen=True, slots=True)
class Arm:
    """Start `timer`; it expires after `seconds`.  Zero: as soon as these effects are performed."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class Disarm:
    """Stop `timer`, if it runs."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Deliver:
    """Pass `message` to the transaction's user."""

    message: Message


@dataclass(frozen=True, slots=True)
class Begin:
    """Start a client transaction for `request`, a CANCEL, on this transaction's way (9.1)."""

    request: Request


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the user that a response could not be sent; the transaction lives on (17.2.4)."""

    why: Why


@dataclass(frozen=True, slots=True)
class Ended:
    """The transaction is over: disarm every timer and forget it.

    Unless it ended normally, the user is told `why`.
    """

    why: Why


Effect = Send | Arm | Disarm | Deliver | Begin | Report | Ended
Effects = tuple[Effect, ...]
