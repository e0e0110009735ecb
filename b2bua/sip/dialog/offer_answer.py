"""Whose turn it is: re-INVITEs in a confirmed dialog, one at a time (section 14, RFC 3264).

Who wants to change the session makes an offer; until that exchange is over nobody may make another.
Two that cross are both refused with 491, and each end tries again after a time of its own (14.1).
Whatever comes of a re-offer, only `Usage` ends the session: a refused offer leaves it as it was.

    STABLE --reoffer--> OFFERING --2xx--> STABLE            ours, with an offer
                        OFFERING --2xx--> ACK_HELD --acknowledge--> STABLE     ours, without
                        OFFERING --491--> GLARED --timer--> OFFERING
    STABLE --INVITE--> OFFERED --answer--> ACK_AWAITED --ACK--> STABLE         the peer's
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from b2bua.machine import Symbol, Table, ignore
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
from b2bua.sip.dialog.usage import Usage
from b2bua.sip.message import Request, Response

PENDING = Report(ReofferRefused(491, "Request Pending"))
"""The refusal of a re-offer that cannot be made now."""

MOST_GLARES = 3
"""How often one offer of ours may meet the peer's before we let go of it."""


class State(Symbol):
    STABLE = "stable"
    OFFERING = "offering"  # our re-INVITE has no final response
    GLARED = "glared"  # our re-INVITE was refused with 491 and will be sent again
    ACK_HELD = "ACK held"  # the 2xx to our re-INVITE made an offer that we must answer
    OFFERED = "offered"  # the peer's re-INVITE waits for our user
    ACK_AWAITED = "ACK awaited"  # the peer's re-INVITE has our 2xx
    CLOSED = "closed"


class Input(Symbol):
    REOFFER = "reoffer"
    ANSWER = "answer"
    REFUSE = "refuse"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    INVITE_RECEIVED = "INVITE"
    CANCEL_RECEIVED = "CANCEL"
    ACK_RECEIVED = "ACK"
    RESPONSE_2XX = "2xx"
    RESPONSE_2XX_WITH_OFFER = "2xx with an offer"
    RESPONSE_2XX_AGAIN = "2xx again"
    RESPONSE_STALE = "refusal of an earlier re-INVITE"
    RESPONSE_491 = "491"
    RESPONSE_300_699 = "300-699"
    CHALLENGED = "401 or 407 that we can answer"
    UNREACHABLE = "transport error"
    TIMER_RESEND = "timer resend"
    TIMER_REOFFER = "timer reoffer"
    TIMER_GLARE = "timer glare"


class Exchange:
    """The re-offers of one session.  `invite` is the re-INVITE in progress, ours or the peer's."""

    __slots__ = ("glares", "invite", "offer", "state", "usage")

    def __init__(self, usage: Usage) -> None:
        self.state = State.STABLE
        self.usage = usage
        self.invite: Request | None = None
        self.offer: bytes | None = None
        self.glares = 0

    def holds(self, cancel: Request) -> bool:
        """Whether `cancel` is for the re-INVITE that waits for our user (9.2)."""
        invite = self.invite
        if invite is None or self.state is not State.OFFERED:
            return False
        return invite.cseq.number == cancel.cseq.number

    def awaits(self, request: Request) -> bool:
        """Whether `request` is a re-INVITE of ours that has no final response yet."""
        ours = self.invite is not None and self.invite.cseq == request.cseq
        return ours and self.state is State.OFFERING

    def input_of(self, request: Request, response: Response) -> Input:
        """Return what a final response to `request`, a re-INVITE of ours, means here."""
        if not self.awaits(request):
            return Input.RESPONSE_2XX_AGAIN if response.is_success else Input.RESPONSE_STALE
        if response.is_success:
            asked = self.offer is None and response.sdp is not None
            return Input.RESPONSE_2XX_WITH_OFFER if asked else Input.RESPONSE_2XX
        if response.status == 491 and self.glares < MOST_GLARES:
            return Input.RESPONSE_491
        return Input.RESPONSE_300_699


@dataclass(frozen=True, slots=True)
class Reply:
    """The final response to a re-INVITE."""

    request: Request
    response: Response


def _the_invite(x: Exchange) -> Request:
    assert x.invite is not None, "no re-INVITE in progress"
    return x.invite


def _limit(x: Exchange, factor: int = 1) -> Arm:
    return Arm(Timer.REOFFER, factor * x.usage.timers.timeout)


def _send(x: Exchange) -> Effects:
    kind = "" if x.offer is None else "application/sdp"
    begin = x.usage.begin("INVITE", x.usage.session_fields(), x.offer or b"", kind)
    x.invite = begin.request
    return (begin, _limit(x))


def _offer(x: Exchange, sdp: bytes | None) -> Effects:
    x.offer = sdp
    x.glares = 0
    return _send(x)


def _offer_again(x: Exchange, _: object) -> Effects:
    return _send(x)


def _retry(x: Exchange, begin: Begin) -> Effects:
    x.invite = begin.request
    return (begin, _limit(x))


def _pending(_x: Exchange, _: object) -> Effects:
    return (PENDING,)


def _accepted(x: Exchange, reply: Reply) -> Effects:
    x.usage.dialog.refresh(reply.response)
    ack = x.usage.acknowledge(reply.request)
    answered = ReofferAnswered(reply.response.sdp)
    return (Disarm(Timer.REOFFER), ack, Report(answered))


def _hold_ack(x: Exchange, reply: Reply) -> Effects:
    x.usage.dialog.refresh(reply.response)
    wait = Arm(Timer.ANSWER, x.usage.timers.timeout)
    answered = ReofferAnswered(reply.response.sdp, is_offer=True)
    return (Disarm(Timer.REOFFER), wait, Report(answered))


def _acknowledge(x: Exchange, sdp: bytes | None) -> Effects:
    return (Disarm(Timer.ANSWER), x.usage.acknowledge(_the_invite(x), sdp))


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
    return (CancelInvite(_the_invite(x)),)


def _offered(x: Exchange, invite: Request) -> Effects:
    x.invite = invite
    # Our user may be asking another peer, which has twice 64*T1; so this is only a safety net.
    return (_limit(x, 3), Report(Reoffered(invite.sdp)))


def _yield(x: Exchange, invite: Request) -> Effects:
    """Let the peer's offer go first; ours was made of a session that is about to change."""
    limit, offered = _offered(x, invite)
    return (Disarm(Timer.GLARE), limit, PENDING, offered)


def _answer(x: Exchange, sdp: bytes) -> Effects:
    invite = _the_invite(x)
    x.usage.dialog.refresh(invite)
    return (Disarm(Timer.REOFFER), *x.usage.answered(invite, sdp))


def _refuse(x: Exchange, words: tuple[int, str]) -> Effects:
    status, reason = words
    return (Disarm(Timer.REOFFER), x.usage.reply(_the_invite(x), status, reason))


def _overdue(x: Exchange, _: object) -> Effects:
    return (x.usage.reply_later(_the_invite(x)), Report(ReofferWithdrawn()))


def _withdrawn(x: Exchange, _: object) -> Effects:
    terminated = x.usage.reply(_the_invite(x), 487)
    return (Disarm(Timer.REOFFER), terminated, Report(ReofferWithdrawn()))


def _resend(x: Exchange, _: object) -> Effects:
    return x.usage.resend()


def _confirmed(x: Exchange, ack: Request) -> Effects:
    answer = x.usage.answer
    assert answer is not None, "a 2xx awaits its ACK"
    return (*x.usage.stop_resending(), Report(ReofferConfirmed(answer.in_ack(ack))))


def _glare(x: Exchange, invite: Request) -> Effects:
    return (x.usage.reply(invite, 491),)


def _later(x: Exchange, invite: Request) -> Effects:
    """Refuse a second INVITE while the first has no final response (14.2)."""
    return (x.usage.reply_later(invite),)


def _close_offered(x: Exchange, _: object) -> Effects:
    """Answer what is pending when the session ends (15.1.2)."""
    return (x.usage.reply(_the_invite(x), 487),)


def _close_held(x: Exchange, _: object) -> Effects:
    return (x.usage.acknowledge(_the_invite(x)),)


_FROM_USER = (Input.REOFFER, Input.ANSWER, Input.REFUSE, Input.ACKNOWLEDGE)
_FROM_WIRE = (
    Input.ACK_RECEIVED,
    Input.RESPONSE_2XX_AGAIN,
    Input.RESPONSE_STALE,
)
_BUSY = (State.OFFERING, State.GLARED, State.ACK_HELD, State.OFFERED, State.ACK_AWAITED)
_OPEN = (State.STABLE, *_BUSY)

TABLE: Table[State, Input, Effect] = {
    # What comes too late, for this exchange or for an earlier one, changes nothing.
    **{(s, i): (s, ignore) for s, i in product(State, (*_FROM_USER, *_FROM_WIRE))},
    **{(s, Input.RESPONSE_2XX_AGAIN): (s, _acknowledge_again) for s in State},
    **{(s, Input.REOFFER): (s, _pending) for s in _BUSY},
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
    (State.OFFERING, Input.INVITE_RECEIVED): (State.OFFERING, _glare),
    (State.GLARED, Input.TIMER_GLARE): (State.OFFERING, _offer_again),
    (State.GLARED, Input.INVITE_RECEIVED): (State.OFFERED, _yield),
    (State.ACK_HELD, Input.ACKNOWLEDGE): (State.STABLE, _acknowledge),
    (State.ACK_HELD, Input.INVITE_RECEIVED): (State.ACK_HELD, _glare),
    (State.ACK_HELD, Input.RESPONSE_2XX_AGAIN): (State.ACK_HELD, ignore),
    (State.ACK_HELD, Input.CLOSE): (State.CLOSED, _close_held),
    (State.OFFERED, Input.ANSWER): (State.ACK_AWAITED, _answer),
    (State.OFFERED, Input.REFUSE): (State.STABLE, _refuse),
    (State.OFFERED, Input.CANCEL_RECEIVED): (State.STABLE, _withdrawn),
    (State.OFFERED, Input.INVITE_RECEIVED): (State.OFFERED, _later),
    (State.OFFERED, Input.TIMER_REOFFER): (State.STABLE, _overdue),
    (State.OFFERED, Input.CLOSE): (State.CLOSED, _close_offered),
    (State.ACK_AWAITED, Input.ACK_RECEIVED): (State.STABLE, _confirmed),
    (State.ACK_AWAITED, Input.TIMER_RESEND): (State.ACK_AWAITED, _resend),
    (State.ACK_AWAITED, Input.INVITE_RECEIVED): (State.ACK_AWAITED, _glare),
}
