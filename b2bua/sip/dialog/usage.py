"""The record of one INVITE usage, and the few messages that every part of a session sends.

The tables of `outgoing`, `incoming` and `established` move its `state`; `offer_answer` borrows it
to send re-INVITEs.  What belongs to the dialog itself is in `dialog`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from b2bua.machine import Symbol
from b2bua.sip.dialog import capabilities, session_timer
from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.dialog.early import Early, takes_update
from b2bua.sip.dialog.effects import Acknowledge, Arm, Begin, Disarm, Effects, Reply, Report, Timer
from b2bua.sip.dialog.events import Cause, Ended
from b2bua.sip.dialog.session_timer import SessionTimer, TimerPolicy
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
    CHALLENGED = "401, 407 or 422 that we can answer"
    RESPONSE_300_699 = "300-699"
    INVITE_FAILED = "INVITE failed"
    CANCEL_RECEIVED = "CANCEL"
    ACK_RECEIVED = "ACK"
    BYE_RECEIVED = "BYE"
    DIALOG_GONE = "dialog gone"
    TIMER_RESEND = "timer resend"
    TIMER_ACK = "timer ACK"
    TIMER_ANSWER = "timer answer"
    TIMER_PRACK = "timer PRACK"
    TIMER_EXPIRY = "timer expiry"


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


@dataclass(frozen=True, slots=True)
class Words:
    """What our user puts into a response to the INVITE."""

    status: int
    reason: str = ""
    headers: Sequence[tuple[str, str]] = ()
    sdp: bytes | None = None


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


_NO_TIMER = TimerPolicy()


@dataclass(slots=True)
class Usage:
    """What a session remembers.

    `invite` is the first INVITE: ours, or the peer's when `is_uas`.  `hop` is where ours goes.
    `reason` is the Reason field (RFC 3326) that goes with the CANCEL or BYE to come, `stray_reason`
    that for a branch of a fork that comes too late.

    `told` is our description that the peer goes by, or will when it has answered.  `is_agreed`: the
    first offer has its answer although the INVITE has no 2xx; the tag of the early dialog that it
    is in is `agreed_tag` (RFC 3262 section 5).  `owed` is what our user has said since then, which
    only a re-INVITE can tell the peer.

    `timer` is what has been agreed (RFC 4028), `min_se` the least that both sides take,
    `tries` how often a 422 has raised it, `refreshing` our UPDATE that refreshes the session.
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
    policy: TimerPolicy = _NO_TIMER
    timer: SessionTimer | None = None
    min_se: int = session_timer.LEAST
    tries: int = 0
    refreshing: Request | None = None
    told: bytes | None = None
    owed: bytes | None = None
    is_agreed: bool = False
    agreed_tag: str | None = None
    early: dict[str | None, Early] = field(default_factory=dict)
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
        early = self.early.get(tag)
        return self.strays.get(tag) or (None if early is None else early.dialog)

    def dialog_of_peer(self, request: Request) -> Dialog | None:
        """Return the dialog that `request` of the peer is in, None if it has no numbers yet."""
        if self._dialog is not None:
            return self._dialog
        early = self.early.get(request.from_.tag)
        return None if early is None else early.dialog

    @property
    def current(self) -> Dialog:
        """The dialog that may be changed now: the only one, or an early one that is agreed."""
        if self._dialog is not None:
            return self._dialog
        dialog = self.early[self.agreed_tag].dialog
        assert dialog is not None, "agreed in a reliable response"
        return dialog

    @property
    def may_update(self) -> bool:
        """Whether an UPDATE of ours may make an offer before the 2xx (RFC 3311 section 5.1)."""
        if not self.is_agreed:
            return False
        if self.is_uas:
            return takes_update(self.invite)
        return self.early[self.agreed_tag].takes_update

    def heard(self, sdp: bytes | None) -> None:
        """Note the peer's description when it changes before the 2xx, which may not repeat it."""
        if not self.is_uas and self._dialog is None and sdp is not None:
            self.early[self.agreed_tag].sdp = sdp

    def owes(self, sdp: bytes | None) -> None:
        """Note what our user says after the peer has been told something else."""
        if sdp is not None and self.told is not None:
            self.owed = None if _says(sdp) == _says(self.told) else sdp

    def session_fields(self) -> list[tuple[str, str]]:
        """Return what goes with every INVITE and its 101-299: our Contact and what we can do."""
        return [("Contact", f"<{self.contact}>"), *capabilities.in_invite()]

    def begin(
        self, method: str, headers: Fields = (), body: bytes = b"", content_type: str = ""
    ) -> Begin:
        """Return the effect that sends a new request in the dialog."""
        return Begin(*self.current.request(method, headers, body, content_type))

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

    def answered(self, request: Request, sdp: bytes | None, headers: Fields = ()) -> Effects:
        """Send our 2xx to an INVITE, and await its ACK (13.3.1.4).

        `sdp` None: offer and answer went before, in reliable responses.
        """
        agreed = session_timer.agree_as_uas(self, request)
        reply = self.reply(request, 200, "", (*self.session_fields(), *agreed, *headers), sdp)
        makes_offer = request.sdp is None and sdp is not None
        if sdp is not None:
            self.told = sdp
        self.answer = Answer(request, reply.response, makes_offer, self.timers.t1)
        wait = Arm(Timer.ACK, self.timers.timeout)
        timed = session_timer.restart(self) if agreed else ()
        return (reply, Arm(Timer.RESEND, self.timers.t1), wait, *timed)

    def updated(self, update: Request, sdp: bytes | None = None) -> Effects:
        """Send our 200 to an UPDATE."""
        agreed = session_timer.agree_as_uas(self, update)
        reply = self.reply(update, 200, "", (*self.session_fields(), *agreed), sdp)
        return (reply, *session_timer.restart(self)) if agreed else (reply,)

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


def _says(sdp: bytes) -> list[bytes]:
    """Return the lines of a description but o=, whose version a refused offer may have raised."""
    return [line for line in sdp.splitlines() if not line.startswith(b"o=")]


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
