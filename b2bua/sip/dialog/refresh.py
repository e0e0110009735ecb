"""Refreshing a session by a re-INVITE that changes nothing (RFC 4028 section 7.4).

Our last description goes again as it was, so the peer sees that nothing has changed (RFC 3264
section 8).  A peer that takes UPDATE gets one without an offer instead, which needs no turn.
"""

from __future__ import annotations

from b2bua.machine import Table, ignore
from b2bua.sip.dialog import session_timer
from b2bua.sip.dialog.effects import Arm, Begin, CancelInvite, Disarm, Effect, Effects, Timer
from b2bua.sip.dialog.exchange import (
    BUSY,
    Exchange,
    Input,
    Reply,
    State,
    glare,
    the_request,
)


def _refresh(x: Exchange, _: object) -> Effects:
    u = x.usage
    assert u.told is not None, "a session has a description"
    x.offer = u.told
    fields = (*u.session_fields(), *session_timer.in_request(u))
    begin = u.begin("INVITE", fields, u.told, "application/sdp")
    x.request = begin.request
    return (begin, Arm(Timer.REOFFER, u.timers.timeout))


def _refresh_later(x: Exchange, _: object) -> Effects:
    return session_timer.retry(x.usage)


def _refresh_again(x: Exchange, begin: Begin) -> Effects:
    x.request = begin.request
    return (begin,)


def _refreshed(x: Exchange, reply: Reply) -> Effects:
    u = x.usage
    u.dialog.refresh(reply.response)
    ack = u.acknowledge(reply.request)
    return (Disarm(Timer.REOFFER), ack, *session_timer.agree_as_uac(u, reply.response))


def _not_refreshed(x: Exchange, _: object) -> Effects:
    return (Disarm(Timer.REOFFER), *session_timer.retry(x.usage))


def _give_up(x: Exchange, _: object) -> Effects:
    return (CancelInvite(the_request(x)),)


ROWS: Table[State, Input, Effect] = {
    **{(s, Input.REFRESH): (s, _refresh_later) for s in BUSY},
    (State.CLOSED, Input.REFRESH): (State.CLOSED, ignore),
    (State.STABLE, Input.REFRESH): (State.REFRESHING, _refresh),
    (State.REFRESHING, Input.RESPONSE_2XX): (State.STABLE, _refreshed),
    (State.REFRESHING, Input.RESPONSE_422): (State.REFRESHING, _refresh),
    (State.REFRESHING, Input.RESPONSE_300_699): (State.STABLE, _not_refreshed),
    (State.REFRESHING, Input.CHALLENGED): (State.REFRESHING, _refresh_again),
    (State.REFRESHING, Input.UNREACHABLE): (State.STABLE, _not_refreshed),
    (State.REFRESHING, Input.TIMER_REOFFER): (State.REFRESHING, _give_up),
    (State.REFRESHING, Input.INVITE_RECEIVED): (State.REFRESHING, glare),
}
"""What the table of `offer_answer` has for a refresh."""
