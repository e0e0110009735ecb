"""UPDATE: a re-offer that needs no ACK and may come before the 2xx (RFC 3311).

A PRACK that makes an offer is an UPDATE here (RFC 3262 section 5).  Who has an offer of its own
without an answer says 491 to one, and who owes the peer an answer says 500 (section 5.2).
"""

from __future__ import annotations

from b2bua.machine import Table, ignore
from b2bua.sip.dialog import session_timer
from b2bua.sip.dialog.effects import Arm, Begin, Disarm, Effect, Effects, Report, Timer
from b2bua.sip.dialog.events import ReofferAnswered, Reoffered, ReofferRefused
from b2bua.sip.dialog.exchange import (
    BUSY,
    PENDING,
    Exchange,
    Input,
    Reply,
    State,
    close_offered,
    glare,
    later,
    overdue,
    pending,
    refuse,
    the_request,
)
from b2bua.sip.message import Request

PART_OF_TIMEOUT = 0.5
"""How much of 64*T1 our user has to answer an UPDATE, whose sender waits no longer than that."""


def _update(x: Exchange, sdp: bytes | None) -> Effects:
    if sdp is None:
        return (PENDING,)  # only a re-INVITE can ask for an offer
    x.offer = sdp
    fields = (*x.usage.session_fields(), *session_timer.in_request(x.usage))
    begin = x.usage.begin("UPDATE", fields, sdp, "application/sdp")
    x.request = begin.request
    return (begin,)


def _update_again(x: Exchange, begin: Begin) -> Effects:
    x.request = begin.request
    return (begin,)


def _updated(x: Exchange, reply: Reply) -> Effects:
    x.usage.current.refresh(reply.response)
    x.usage.told = x.offer
    x.usage.heard(reply.response.sdp)
    return (Report(ReofferAnswered(reply.response.sdp)),)


def _update_refused(_x: Exchange, reply: Reply) -> Effects:
    return (Report(ReofferRefused(reply.response.status, reply.response.reason)),)


def _update_lost(_x: Exchange, _: object) -> Effects:
    return (Report(ReofferRefused(503, "Service Unavailable")),)


def _update_offered(x: Exchange, update: Request) -> Effects:
    x.request = update
    limit = Arm(Timer.REOFFER, PART_OF_TIMEOUT * x.usage.timers.timeout)
    return (limit, Report(Reoffered(update.sdp)))


def _yield_to_update(x: Exchange, update: Request) -> Effects:
    limit, offered = _update_offered(x, update)
    return (Disarm(Timer.GLARE), limit, PENDING, offered)


def _answer_update(x: Exchange, sdp: bytes) -> Effects:
    update = the_request(x)
    x.usage.current.refresh(update)
    x.usage.told = sdp
    x.usage.heard(update.sdp)
    return (Disarm(Timer.REOFFER), *x.usage.updated(update, sdp))


ROWS: Table[State, Input, Effect] = {
    **{(s, Input.UPDATE): (s, pending) for s in BUSY},
    **{(s, Input.UPDATE_RECEIVED): (s, glare) for s in BUSY},
    (State.CLOSED, Input.UPDATE): (State.CLOSED, ignore),
    (State.CLOSED, Input.UPDATE_RECEIVED): (State.CLOSED, glare),
    (State.STABLE, Input.UPDATE): (State.UPDATING, _update),
    (State.STABLE, Input.UPDATE_RECEIVED): (State.UPDATE_OFFERED, _update_offered),
    (State.GLARED, Input.UPDATE_RECEIVED): (State.UPDATE_OFFERED, _yield_to_update),
    (State.ACK_HELD, Input.UPDATE_RECEIVED): (State.ACK_HELD, later),
    (State.OFFERED, Input.UPDATE_RECEIVED): (State.OFFERED, later),
    (State.UPDATING, Input.RESPONSE_2XX): (State.STABLE, _updated),
    (State.UPDATING, Input.RESPONSE_300_699): (State.STABLE, _update_refused),
    (State.UPDATING, Input.CHALLENGED): (State.UPDATING, _update_again),
    (State.UPDATING, Input.UNREACHABLE): (State.STABLE, _update_lost),
    (State.UPDATE_OFFERED, Input.ANSWER): (State.STABLE, _answer_update),
    (State.UPDATE_OFFERED, Input.REFUSE): (State.STABLE, refuse),
    (State.UPDATE_OFFERED, Input.INVITE_RECEIVED): (State.UPDATE_OFFERED, later),
    (State.UPDATE_OFFERED, Input.UPDATE_RECEIVED): (State.UPDATE_OFFERED, later),
    (State.UPDATE_OFFERED, Input.TIMER_REOFFER): (State.STABLE, overdue),
    (State.UPDATE_OFFERED, Input.CLOSE): (State.CLOSED, close_offered),
}
"""What the table of `offer_answer` has for UPDATE."""
