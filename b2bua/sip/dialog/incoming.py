"""The called side of a session: provisional responses, the 2xx and its ACK (13.3.1).

Until the ACK comes the 2xx is sent again and again; a BYE of ours has to wait for it (section 15).
"""

from __future__ import annotations

from itertools import product

from b2bua.machine import Table, ignore
from b2bua.sip.dialog.effects import Effect, Effects, Report
from b2bua.sip.dialog.events import Cancelled, Cause, Confirmed
from b2bua.sip.dialog.usage import (
    FROM_WIRE,
    Input,
    State,
    Usage,
    Words,
    ended,
    over_by_bye,
    reason_fields,
)
from b2bua.sip.message import Request


def _ring(u: Usage, words: Words) -> Effects:
    fields = (*u.session_fields(), *words.headers)
    return (u.reply(u.invite, words.status, words.reason, fields, words.sdp),)


def _accept(u: Usage, words: Words) -> Effects:
    assert words.sdp is not None, "a 2xx to an INVITE has a session description"
    u.owes(words.sdp)
    return u.answered(u.invite, None if u.is_agreed else words.sdp, words.headers)


def _refuse(u: Usage, words: Words) -> Effects:
    refusal = u.reply(u.invite, words.status, words.reason, words.headers)
    return (refusal, ended(Cause.REFUSED, refusal.response.reason))


def _decline(u: Usage, _: object) -> Effects:
    return _refuse(u, Words(480, headers=reason_fields(u.reason)))


def _cancelled(u: Usage, cancel: Request) -> Effects:
    """End at the caller's CANCEL, or at its BYE, which means the same here (9.2, 15.1.2)."""
    why = cancel.headers.get("Reason") or ""
    terminated = u.reply(u.invite, 487)
    return (terminated, Report(Cancelled(why)), ended(Cause.CANCELLED, why))


def _prack_lost(u: Usage, _: object) -> Effects:
    """Refuse the INVITE: nobody acknowledges our reliable responses (RFC 3262 section 3)."""
    refusal = u.reply(u.invite, 504)
    return (refusal, ended(Cause.PRACK_LOST, refusal.response.reason))


def _bye_early(u: Usage, bye: Request) -> Effects:
    return (u.reply(bye, 200), *_cancelled(u, bye))


def _resend(u: Usage, _: object) -> Effects:
    return u.resend()


def _confirm(u: Usage, ack: Request) -> Effects:
    answer = u.answer
    assert answer is not None, "a 2xx awaits its ACK"
    return (*u.stop_resending(), Report(Confirmed(answer.in_ack(ack))))


def _ack_lost(u: Usage, _: object) -> Effects:
    """Give the session up: a BYE, although nobody may be there to hear it (13.3.1.4)."""
    return (u.bye(), ended(Cause.ACK_LOST))


def _bye(u: Usage, bye: Request) -> Effects:
    return over_by_bye(u, bye)


def _bye_at_last(u: Usage, _: object) -> Effects:
    return (u.bye(), ended(Cause.LOCAL_BYE))


_STATES = (State.INVITED, State.ACCEPTED, State.BYE_HELD)

TABLE: Table[State, Input, Effect] = {
    # What the peer sends out of turn is dropped; 9.2: so is a CANCEL after the final response.
    **{(state, input_): (state, ignore) for state, input_ in product(_STATES, FROM_WIRE)},
    (State.INVITED, Input.RING): (State.INVITED, _ring),
    (State.INVITED, Input.ACCEPT): (State.ACCEPTED, _accept),
    (State.INVITED, Input.REFUSE): (State.ENDED, _refuse),
    (State.INVITED, Input.HANG_UP): (State.ENDED, _decline),
    (State.INVITED, Input.CANCEL_RECEIVED): (State.ENDED, _cancelled),
    (State.INVITED, Input.BYE_RECEIVED): (State.ENDED, _bye_early),
    (State.INVITED, Input.TIMER_PRACK): (State.ENDED, _prack_lost),
    (State.ACCEPTED, Input.RING): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.ACCEPT): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.REFUSE): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.HANG_UP): (State.BYE_HELD, ignore),
    (State.ACCEPTED, Input.TIMER_RESEND): (State.ACCEPTED, _resend),
    (State.ACCEPTED, Input.TIMER_EXPIRY): (State.ACCEPTED, ignore),
    (State.BYE_HELD, Input.TIMER_EXPIRY): (State.BYE_HELD, ignore),
    (State.ACCEPTED, Input.TIMER_ACK): (State.ENDED, _ack_lost),
    (State.ACCEPTED, Input.ACK_RECEIVED): (State.CONFIRMED, _confirm),
    (State.ACCEPTED, Input.BYE_RECEIVED): (State.ENDED, _bye),
    (State.BYE_HELD, Input.RING): (State.BYE_HELD, ignore),
    (State.BYE_HELD, Input.ACCEPT): (State.BYE_HELD, ignore),
    (State.BYE_HELD, Input.REFUSE): (State.BYE_HELD, ignore),
    (State.BYE_HELD, Input.HANG_UP): (State.BYE_HELD, ignore),
    (State.BYE_HELD, Input.TIMER_RESEND): (State.BYE_HELD, _resend),
    (State.BYE_HELD, Input.TIMER_ACK): (State.ENDED, _bye_at_last),
    (State.BYE_HELD, Input.ACK_RECEIVED): (State.ENDED, _bye_at_last),
    (State.BYE_HELD, Input.BYE_RECEIVED): (State.ENDED, _bye),
}
