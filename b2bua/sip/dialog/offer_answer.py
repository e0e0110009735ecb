"""Whose turn it is: re-INVITEs and UPDATEs, one at a time (section 14, RFC 3264, RFC 3311).

Who wants to change the session makes an offer; until that exchange is over nobody may make another.
Two that cross are both refused with 491, and each end tries again after a time of its own (14.1).
Whatever comes of a re-offer, only `Usage` ends the session: a refused offer leaves it as it was.

    STABLE --reoffer--> OFFERING --2xx--> STABLE            ours, with an offer
                        OFFERING --2xx--> ACK_HELD --acknowledge--> STABLE     ours, without
                        OFFERING --491--> GLARED --timer--> OFFERING
    STABLE --INVITE--> OFFERED --answer--> ACK_AWAITED --ACK--> STABLE         the peer's
    STABLE --UPDATE--> UPDATE_OFFERED --answer--> STABLE                       the peer's
    STABLE --update--> UPDATING --2xx--> STABLE                                ours

A PRACK that makes an offer is an UPDATE here (RFC 3262 section 5).  Before the INVITE has its 2xx
there are only these two, and only once its own offer has been answered.
"""

from __future__ import annotations

from itertools import product

from b2bua.machine import Table, ignore
from b2bua.sip.dialog import refresh, session_timer, update
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
from b2bua.sip.dialog.events import (
    ReofferAnswered,
    ReofferConfirmed,
    Reoffered,
    ReofferRefused,
    ReofferWithdrawn,
)
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

__all__ = ["PENDING", "TABLE", "Exchange", "Input", "Reply", "State"]


def _limit(x: Exchange, factor: int = 1) -> Arm:
    return Arm(Timer.REOFFER, factor * x.usage.timers.timeout)


def _send(x: Exchange) -> Effects:
    kind = "" if x.offer is None else "application/sdp"
    fields = (*x.usage.session_fields(), *session_timer.in_request(x.usage))
    begin = x.usage.begin("INVITE", fields, x.offer or b"", kind)
    x.request = begin.request
    return (begin, _limit(x))


def _offer(x: Exchange, sdp: bytes | None) -> Effects:
    x.offer = sdp
    x.glares = 0
    return _send(x)


def _offer_again(x: Exchange, _: object) -> Effects:
    return _send(x)


def _retry(x: Exchange, begin: Begin) -> Effects:
    x.request = begin.request
    return (begin, _limit(x))


def _accepted(x: Exchange, reply: Reply) -> Effects:
    x.usage.dialog.refresh(reply.response)
    x.usage.told = x.offer
    ack = x.usage.acknowledge(reply.request)
    refreshed = session_timer.agree_as_uac(x.usage, reply.response)
    answered = ReofferAnswered(reply.response.sdp)
    return (Disarm(Timer.REOFFER), ack, *refreshed, Report(answered))


def _hold_ack(x: Exchange, reply: Reply) -> Effects:
    x.usage.dialog.refresh(reply.response)
    wait = Arm(Timer.ANSWER, x.usage.timers.timeout)
    answered = ReofferAnswered(reply.response.sdp, is_offer=True)
    refreshed = session_timer.agree_as_uac(x.usage, reply.response)
    return (Disarm(Timer.REOFFER), wait, *refreshed, Report(answered))


def _acknowledge(x: Exchange, sdp: bytes | None) -> Effects:
    x.usage.told = sdp
    return (Disarm(Timer.ANSWER), x.usage.acknowledge(the_request(x), sdp))


def _acknowledge_again(x: Exchange, reply: Reply) -> Effects:
    """Answer a 2xx that we have had, or one to an offer that we have given up (13.2.2.4)."""
    sent = x.usage.dialog.acked(reply.request)
    if sent:
        return tuple(Acknowledge(*ack) for ack in sent)
    return (x.usage.acknowledge(reply.request),)


def _wait_out_glare(x: Exchange, _: object) -> Effects:
    """Try again after 2.1-4 s if the Call-ID is ours, after 0-2 s if it is theirs (14.1)."""
    x.glares += 1
    part = x.usage.jitter()
    seconds = 2.0 * part if x.usage.is_uas else 2.1 + 1.9 * part
    return (Disarm(Timer.REOFFER), Arm(Timer.GLARE, round(seconds, 2)))


def _refused(_x: Exchange, reply: Reply) -> Effects:
    refused = ReofferRefused(reply.response.status, reply.response.reason)
    return (Disarm(Timer.REOFFER), Report(refused))


def _unreachable(_x: Exchange, _: object) -> Effects:
    refused = ReofferRefused(503, "Service Unavailable")  # 8.1.3.1
    return (Disarm(Timer.REOFFER), Report(refused))


def _withdraw(x: Exchange, _: object) -> Effects:
    """Cancel a re-INVITE that got a 100 and no more; its transaction bounds what follows."""
    return (CancelInvite(the_request(x)),)


def _offered(x: Exchange, invite: Request) -> Effects:
    x.request = invite
    # Our user may be asking another peer, which has twice 64*T1; so this is only a safety net.
    return (_limit(x, 3), Report(Reoffered(invite.sdp)))


def _yield(x: Exchange, invite: Request) -> Effects:
    """Let the peer's offer go first; ours was made of a session that is about to change."""
    limit, offered = _offered(x, invite)
    return (Disarm(Timer.GLARE), limit, PENDING, offered)


def _answer(x: Exchange, sdp: bytes) -> Effects:
    invite = the_request(x)
    x.usage.dialog.refresh(invite)
    return (Disarm(Timer.REOFFER), *x.usage.answered(invite, sdp))


def _withdrawn(x: Exchange, _: object) -> Effects:
    terminated = x.usage.reply(the_request(x), 487)
    return (Disarm(Timer.REOFFER), terminated, Report(ReofferWithdrawn()))


def _resend(x: Exchange, _: object) -> Effects:
    return x.usage.resend()


def _confirmed(x: Exchange, ack: Request) -> Effects:
    answer = x.usage.answer
    assert answer is not None, "a 2xx awaits its ACK"
    return (*x.usage.stop_resending(), Report(ReofferConfirmed(answer.in_ack(ack))))


def _close_held(x: Exchange, _: object) -> Effects:
    return (x.usage.acknowledge(the_request(x)),)


_FROM_USER = (Input.REOFFER, Input.ANSWER, Input.REFUSE, Input.ACKNOWLEDGE)
_FROM_WIRE = (
    Input.ACK_RECEIVED,
    Input.RESPONSE_2XX_AGAIN,
    Input.RESPONSE_STALE,
)
_OPEN = (State.STABLE, *BUSY)

TABLE: Table[State, Input, Effect] = {
    # What comes too late, for this exchange or for an earlier one, changes nothing.
    **{(s, i): (s, ignore) for s, i in product(State, (*_FROM_USER, *_FROM_WIRE))},
    **{(s, Input.RESPONSE_2XX_AGAIN): (s, _acknowledge_again) for s in State},
    **{(s, Input.REOFFER): (s, pending) for s in BUSY},
    **{(s, Input.INVITE_RECEIVED): (s, glare) for s in (State.UPDATING, State.CLOSED)},
    **{(s, Input.CLOSE): (State.CLOSED, ignore) for s in _OPEN},
    (State.STABLE, Input.REOFFER): (State.OFFERING, _offer),
    (State.STABLE, Input.INVITE_RECEIVED): (State.OFFERED, _offered),
    (State.OFFERING, Input.RESPONSE_2XX): (State.STABLE, _accepted),
    (State.OFFERING, Input.RESPONSE_2XX_WITH_OFFER): (State.ACK_HELD, _hold_ack),
    (State.OFFERING, Input.RESPONSE_491): (State.GLARED, _wait_out_glare),
    (State.OFFERING, Input.RESPONSE_300_699): (State.STABLE, _refused),
    (State.OFFERING, Input.CHALLENGED): (State.OFFERING, _retry),
    (State.OFFERING, Input.UNREACHABLE): (State.STABLE, _unreachable),
    (State.OFFERING, Input.TIMER_REOFFER): (State.OFFERING, _withdraw),
    (State.OFFERING, Input.INVITE_RECEIVED): (State.OFFERING, glare),
    (State.GLARED, Input.TIMER_GLARE): (State.OFFERING, _offer_again),
    (State.GLARED, Input.INVITE_RECEIVED): (State.OFFERED, _yield),
    (State.ACK_HELD, Input.ACKNOWLEDGE): (State.STABLE, _acknowledge),
    (State.ACK_HELD, Input.INVITE_RECEIVED): (State.ACK_HELD, glare),
    (State.ACK_HELD, Input.RESPONSE_2XX_AGAIN): (State.ACK_HELD, ignore),
    (State.ACK_HELD, Input.CLOSE): (State.CLOSED, _close_held),
    (State.OFFERED, Input.ANSWER): (State.ACK_AWAITED, _answer),
    (State.OFFERED, Input.REFUSE): (State.STABLE, refuse),
    (State.OFFERED, Input.CANCEL_RECEIVED): (State.STABLE, _withdrawn),
    (State.OFFERED, Input.INVITE_RECEIVED): (State.OFFERED, later),
    (State.OFFERED, Input.TIMER_REOFFER): (State.STABLE, overdue),
    (State.OFFERED, Input.CLOSE): (State.CLOSED, close_offered),
    (State.ACK_AWAITED, Input.ACK_RECEIVED): (State.STABLE, _confirmed),
    (State.ACK_AWAITED, Input.TIMER_RESEND): (State.ACK_AWAITED, _resend),
    (State.ACK_AWAITED, Input.INVITE_RECEIVED): (State.ACK_AWAITED, glare),
    **update.ROWS,
    **refresh.ROWS,
}
