"""The calling side of a session: INVITE, early dialogs, cancelling, and the first 2xx (13.2).

A fork on the far side answers with several To tags.  The first 2xx is the session; whatever else
says 2xx gets its ACK and a BYE (13.2.2.4).
"""

from __future__ import annotations

import re
from itertools import product

from b2bua.machine import Table, ignore
from b2bua.sip.dialog import early, session_timer
from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.dialog.early import Early
from b2bua.sip.dialog.effects import (
    Acknowledge,
    Arm,
    Begin,
    CancelInvite,
    Disarm,
    Effect,
    Effects,
    Report,
    Timer,
)
from b2bua.sip.dialog.events import Cause, Established, Progressed, Rejected
from b2bua.sip.dialog.usage import (
    FROM_WIRE,
    Input,
    State,
    Usage,
    ended,
    over_by_bye,
    reason_fields,
)
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import Why
from b2bua.sip.values import NameAddr

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""The Reason for those who were too late (RFC 3326)."""

MOST_FORKS = 32
"""How many branches of a far fork one session keeps in mind; more are not answered."""

_FAILURES = {
    Why.TIMEOUT: (408, "Request Timeout", Cause.TIMEOUT),
    Why.TRANSPORT: (503, "Service Unavailable", Cause.TRANSPORT),
}


def _start(u: Usage, _: object) -> Effects:
    return (Begin(u.invite, u.hop),)


def _abandon(u: Usage, _: object) -> Effects:
    return (Report(Rejected(487, "Request Terminated", local=True)), ended(Cause.CANCELLED))


def _progress(u: Usage, response: Response) -> Effects:
    if response.status == 100:
        return ()
    branch = _branch_of(u, response)
    prack: Effects = ()
    if branch is not None and (rseq := early.rseq_of(response)) and u.invite.sdp is not None:
        sent = early.take(branch, u.invite, response, rseq, u.hop)
        if sent is None:
            return ()
        prack = (Begin(*sent),)
        if branch.is_agreed:
            u.is_agreed, u.agreed_tag = True, response.to.tag
    if branch is not None:
        branch.sdp = response.sdp or branch.sdp
    return (*prack, Report(Progressed(response.status, response.sdp)))


def _branch_of(u: Usage, response: Response) -> Early | None:
    """Return the early dialog that a provisional response belongs to, None if they are too many."""
    tag = response.to.tag
    branch = u.early.get(tag)
    if branch is None and len(u.early) < MOST_FORKS:
        branch = u.early[tag] = Early()
    return branch


def _retry(u: Usage, invite: Request) -> Effects:
    u.invite = invite
    u.early.clear()
    u.is_agreed = False
    return (Begin(invite, u.hop),)


def _reject(_u: Usage, response: Response) -> Effects:
    return (Report(rejected(response)), ended(Cause.REJECTED, response.reason))


def _reject_cancelled(_u: Usage, response: Response) -> Effects:
    return (Report(rejected(response)), ended(Cause.CANCELLED))


def _fail(_u: Usage, why: Why) -> Effects:
    status, reason, cause = _FAILURES[why]
    return (Report(Rejected(status, reason, local=True)), ended(cause, reason))


def _cancel(u: Usage, _: object) -> Effects:
    u.stray_reason = u.reason  # a caller who gave up was not answered elsewhere
    return (CancelInvite(u.invite, reason_fields(u.reason)),)


def _take_dialog(u: Usage, response: Response) -> None:
    u.dialog = _dialog_of(u, response)
    u.stray_reason = ELSEWHERE


def _dialog_of(u: Usage, response: Response) -> Dialog:
    return early.confirmed(u.early.get(response.to.tag), u.invite, response, u.hop)


def _establish(u: Usage, response: Response) -> Effects:
    _take_dialog(u, response)
    # An answer may have come in a 18x alone, from peers that do not repeat it.
    branch = u.early.get(response.to.tag)
    sdp = response.sdp or (None if branch is None else branch.sdp)
    timed = session_timer.agree_as_uac(u, response)
    return (u.acknowledge(u.invite), *timed, Report(_established(response, sdp, is_offer=False)))


def _hold_ack(u: Usage, response: Response) -> Effects:
    _take_dialog(u, response)
    wait = Arm(Timer.ANSWER, u.timers.timeout)
    timed = session_timer.agree_as_uac(u, response)
    return (wait, *timed, Report(_established(response, response.sdp, is_offer=True)))


def _established(response: Response, sdp: bytes | None, *, is_offer: bool) -> Established:
    extra = tuple(field for field in response.headers if field[0][:2].upper() == "X-")
    contact = "" if response.contact is None else str(response.contact.uri)
    return Established(sdp, is_offer, extra, contact)


def _too_late(u: Usage, response: Response) -> Effects:
    """Take a 2xx that crossed our CANCEL: it makes a session, so a BYE must end it (15)."""
    u.dialog = _dialog_of(u, response)
    return (u.acknowledge(u.invite), u.bye(), *_abandon(u, None))


def _acknowledge(u: Usage, sdp: bytes | None) -> Effects:
    u.told = sdp
    return (Disarm(Timer.ANSWER), u.acknowledge(u.invite, sdp))


def _hang_up(u: Usage, _: object) -> Effects:
    return (u.acknowledge(u.invite), u.bye(), ended(Cause.LOCAL_BYE))


def _answer_overdue(u: Usage, _: object) -> Effects:
    return (u.acknowledge(u.invite), u.bye(), ended(Cause.TIMEOUT, "no answer to the offer"))


def _bye(u: Usage, bye: Request) -> Effects:
    return (u.acknowledge(u.invite), *over_by_bye(u, bye))


def _bye_early(u: Usage, bye: Request) -> Effects:
    """Answer a BYE in an early dialog; the INVITE still has its final response to come (15)."""
    return (u.reply(bye, 200),)


def another_2xx(u: Usage, response: Response) -> Effects:
    """Take a 2xx to the first INVITE when there has been one, or when nobody wants it any more.

    The session's own is acknowledged again, unless the ACK is held; another branch's is
    acknowledged each time, and gets a BYE the first time.
    """
    tag = response.to.tag
    if u.has_dialog and tag == u.dialog.remote.tag:
        return tuple(Acknowledge(*sent) for sent in u.dialog.acked(u.invite))
    if tag in u.strays:
        return tuple(Acknowledge(*sent) for sent in u.strays[tag].acked(u.invite))
    if len(u.strays) >= MOST_FORKS:
        return ()
    stray = u.strays[tag] = _dialog_of(u, response)
    ack = Acknowledge(*stray.ack(u.invite))
    return (ack, Begin(*stray.request("BYE", reason_fields(u.stray_reason))))


def rejected(response: Response) -> Rejected:
    """Return the event for a final refusal of our INVITE."""
    liked = sorted(response.contacts, key=_preference, reverse=True)
    contacts = tuple(str(contact.uri) for contact in liked)
    retry_after = _seconds(response.headers.get("Retry-After") or "")
    return Rejected(response.status, response.reason, contacts, retry_after)


def _preference(contact: NameAddr) -> float:
    """Return the q of a Contact (20.10), 1 without a readable one."""
    q = contact.param("q") or "1"
    return float(q) if re.fullmatch(r"[01](\.[0-9]{0,3})?", q) else 1.0


def _seconds(retry_after: str) -> int | None:
    """Read Retry-After (20.33); a day is as good as for ever."""
    digits = retry_after.partition(";")[0].partition("(")[0].strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    return 86_400 if len(digits) > 5 else min(int(digits), 86_400)


_STATES = (State.IDLE, State.CALLING, State.CANCELLING, State.ACK_HELD)

TABLE: Table[State, Input, Effect] = {
    # What the peer sends out of turn is dropped: a 18x after CANCEL, an ACK for nothing.
    **{(state, input_): (state, ignore) for state, input_ in product(_STATES, FROM_WIRE)},
    (State.IDLE, Input.START): (State.CALLING, _start),
    (State.IDLE, Input.HANG_UP): (State.ENDED, _abandon),
    (State.CALLING, Input.HANG_UP): (State.CANCELLING, _cancel),
    (State.CALLING, Input.RESPONSE_1XX): (State.CALLING, _progress),
    (State.CALLING, Input.RESPONSE_2XX): (State.CONFIRMED, _establish),
    (State.CALLING, Input.RESPONSE_2XX_WITH_OFFER): (State.ACK_HELD, _hold_ack),
    (State.CALLING, Input.RESPONSE_300_699): (State.ENDED, _reject),
    (State.CALLING, Input.CHALLENGED): (State.CALLING, _retry),
    (State.CALLING, Input.INVITE_FAILED): (State.ENDED, _fail),
    (State.CALLING, Input.BYE_RECEIVED): (State.CALLING, _bye_early),
    (State.CANCELLING, Input.HANG_UP): (State.CANCELLING, ignore),
    (State.CANCELLING, Input.RESPONSE_2XX): (State.ENDED, _too_late),
    (State.CANCELLING, Input.RESPONSE_2XX_WITH_OFFER): (State.ENDED, _too_late),
    (State.CANCELLING, Input.RESPONSE_300_699): (State.ENDED, _reject_cancelled),
    (State.CANCELLING, Input.INVITE_FAILED): (State.ENDED, _abandon),
    (State.CANCELLING, Input.BYE_RECEIVED): (State.CANCELLING, _bye_early),
    (State.ACK_HELD, Input.ACKNOWLEDGE): (State.CONFIRMED, _acknowledge),
    (State.ACK_HELD, Input.HANG_UP): (State.ENDED, _hang_up),
    (State.ACK_HELD, Input.TIMER_EXPIRY): (State.ACK_HELD, ignore),
    (State.ACK_HELD, Input.TIMER_ANSWER): (State.ENDED, _answer_overdue),
    (State.ACK_HELD, Input.RESPONSE_2XX): (State.ACK_HELD, another_2xx),
    (State.ACK_HELD, Input.RESPONSE_2XX_WITH_OFFER): (State.ACK_HELD, another_2xx),
    (State.ACK_HELD, Input.BYE_RECEIVED): (State.ENDED, _bye),
}
