"""The record of one INVITE usage, and the few messages that every part of a session sends.

The tables of `outgoing`, `incoming` and `established` move its `state`; `offer_answer` borrows it
to send re-INVITEs.  What belongs to the dialog itself is in `dialog`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from b2bua.machine import Symbol
from b2bua.sip.dialog import capabilities
from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.dialog.effects import Acknowledge, Arm, Begin, Disarm, Effects, Reply, Report, Timer
from b2bua.sip.dialog.events import Cause, Ended
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.timers import Timers

Fields = Iterable[tuple[str, str]]


class State(Symbol):
    IDLE = "idle"  # UAC: not started
    CALLING = "calling"  # UAC: INVITE sent, no final response
    CANCELLING = "cancelling"  # UAC: the same, and no longer wanted
    ACK_HELD = "ACK held"  # UAC: 2xx with an offer, our answer must go into the ACK
    INVITED = "invited"  # UAS: INVITE received, not answered
    ACCEPTED = "accepted"  # UAS: 2xx sent, no ACK yet
    BYE_HELD = "BYE held"  # UAS: the same, and no longer wanted
    CONFIRMED = "confirmed"
    ENDED = "ended"


class Input(Symbol):
    START = "start"
    ACKNOWLEDGE = "acknowledge"
    RING = "ring"
    ACCEPT = "accept"
    REFUSE = "refuse"
    HANG_UP = "hang up"
    RESPONSE_1XX = "1xx"
    RESPONSE_2XX = "2xx"
    RESPONSE_2XX_WITH_OFFER = "2xx with an offer"
    CHALLENGED = "401 or 407 that we can answer"
    RESPONSE_300_699 = "300-699"
    INVITE_FAILED = "INVITE failed"
    CANCEL_RECEIVED = "CANCEL"
    ACK_RECEIVED = "ACK"
    BYE_RECEIVED = "BYE"
    DIALOG_GONE = "dialog gone"
    TIMER_RESEND = "timer resend"
    TIMER_ACK = "timer ACK"
    TIMER_ANSWER = "timer answer"


FROM_WIRE = (
    Input.RESPONSE_1XX,
    Input.RESPONSE_2XX,
    Input.RESPONSE_2XX_WITH_OFFER,
    Input.RESPONSE_300_699,
    Input.INVITE_FAILED,
    Input.CANCEL_RECEIVED,
    Input.ACK_RECEIVED,
    Input.BYE_RECEIVED,
    Input.DIALOG_GONE,
)
"""What the peer can send in any state: in none may one of these be without a row."""


@dataclass(slots=True)
class Answer:
    """A 2xx of ours whose ACK has not come.  `interval` is in seconds."""

    request: Request
    response: Response
    makes_offer: bool
    interval: float

    def in_ack(self, ack: Request) -> bytes | None:
        """Return the session description that counts in `ack`: an answer, if we made an offer."""
        return ack.sdp if self.makes_offer else None


@dataclass(slots=True)
class Usage:
    """What a session remembers.

    `invite` is the first INVITE: ours, or the peer's when `is_uas`.  `hop` is where ours goes.
    `reason` is the Reason field (RFC 3326) that goes with the CANCEL or BYE to come, `stray_reason`
    that for a branch of a fork that comes too late.
    """

    state: State
    invite: Request
    local_tag: str
    contact: str
    timers: Timers
    jitter: Callable[[], float]
    hop: Hop
    is_uas: bool = False
    authentication: Authentication | None = None
    reason: str | None = None
    stray_reason: str | None = None
    answer: Answer | None = None
    early: dict[str | None, bytes | None] = field(default_factory=dict)
    strays: dict[str | None, Dialog] = field(default_factory=dict)
    _dialog: Dialog | None = None

    @property
    def has_dialog(self) -> bool:
        """Whether there is a dialog: for a UAC since its first 2xx, for a UAS always."""
        return self._dialog is not None

    @property
    def dialog(self) -> Dialog:
        """The dialog of this usage; there must be one."""
        assert self._dialog is not None, "no dialog yet"
        return self._dialog

    @dialog.setter
    def dialog(self, dialog: Dialog) -> None:
        self._dialog = dialog

    def dialog_of(self, request: Request) -> Dialog | None:
        """Return the dialog that `request` of ours is in: this usage's, or a stray branch's."""
        tag = request.to.tag
        if self._dialog is not None and self._dialog.remote.tag == tag:
            return self._dialog
        return self.strays.get(tag)

    def session_fields(self) -> list[tuple[str, str]]:
        """Return what goes with every INVITE and its 101-299: our Contact and what we can do."""
        return [("Contact", f"<{self.contact}>"), *capabilities.in_invite()]

    def begin(
        self, method: str, headers: Fields = (), body: bytes = b"", content_type: str = ""
    ) -> Begin:
        """Return the effect that sends a new request in the dialog."""
        return Begin(*self.dialog.request(method, headers, body, content_type))

    def bye(self) -> Begin:
        """Return the BYE, with the reason that we were given."""
        return self.begin("BYE", reason_fields(self.reason))

    def acknowledge(self, invite: Request, sdp: bytes | None = None) -> Acknowledge:
        """Return the ACK for a 2xx to `invite` in the dialog."""
        return Acknowledge(*self.dialog.ack(invite, sdp))

    def reply(
        self,
        request: Request,
        status: int,
        reason: str = "",
        headers: Fields = (),
        sdp: bytes | None = None,
    ) -> Reply:
        """Return a response of ours to `request`."""
        kind = None if sdp is None else "application/sdp"
        response = request.reply(status, reason, self.local_tag, headers, sdp or b"", kind)
        return Reply(request, response)

    def reply_later(self, request: Request) -> Reply:
        """Return the 500 that asks to come again, within ten seconds (14.2)."""
        seconds = round(self.jitter() * 10)
        return self.reply(request, 500, headers=[("Retry-After", str(seconds))])

    def answered(self, request: Request, sdp: bytes, headers: Fields = ()) -> Effects:
        """Send our 2xx to an INVITE, and await its ACK (13.3.1.4)."""
        reply = self.reply(request, 200, "", (*self.session_fields(), *headers), sdp)
        makes_offer = request.sdp is None
        self.answer = Answer(request, reply.response, makes_offer, self.timers.t1)
        wait = Arm(Timer.ACK, self.timers.timeout)
        return (reply, Arm(Timer.RESEND, self.timers.t1), wait)

    def resend(self) -> Effects:
        """Send our 2xx again: the interval doubles until it reaches T2 (13.3.1.4)."""
        answer = self.answer
        assert answer is not None, "no 2xx awaits its ACK"
        answer.interval = min(2 * answer.interval, self.timers.t2)
        return (Reply(answer.request, answer.response), Arm(Timer.RESEND, answer.interval))

    def stop_resending(self) -> Effects:
        """Await no ACK any more."""
        self.answer = None
        return (Disarm(Timer.RESEND), Disarm(Timer.ACK))


def reason_fields(reason: str | None) -> tuple[tuple[str, str], ...]:
    """Return the Reason field with the value `reason`, or nothing (RFC 3326)."""
    return (("Reason", reason),) if reason else ()


def ended(cause: Cause, reason: str = "") -> Report:
    """Return the last event of a session."""
    return Report(Ended(cause, reason))


def over_by_bye(u: Usage, bye: Request) -> Effects:
    """End at the peer's BYE (15.1.2)."""
    why = bye.headers.get("Reason") or ""
    return (u.reply(bye, 200), ended(Cause.REMOTE_BYE, why))
