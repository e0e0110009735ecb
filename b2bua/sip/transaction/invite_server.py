"""The INVITE server transaction: RFC 3261 figure 7, changed by RFC 6026 section 7.1.

It answers 100 at once, repeats a refusal until its ACK comes, and after a 2xx stays in ACCEPTED
for timer L to absorb repeated INVITEs.  A 2xx is repeated by the user, through the transaction.
A transport error ends nothing (RFC 6026 section 7.1): the timers do, and until then a repeated
INVITE is not mistaken for a new one.
"""

from __future__ import annotations

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import (
    Arm,
    Deliver,
    Disarm,
    Effect,
    Effects,
    Ended,
    Report,
    Send,
    Why,
)
from b2bua.sip.transaction.timers import Timer, Timers


class State(Symbol):
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Input(Symbol):
    INVITE = "INVITE"
    ACK = "ACK"
    SEND_1XX = "1xx from the user"
    SEND_2XX = "2xx from the user"
    SEND_300_699 = "300-699 from the user"
    TIMER_G = "timer G"
    TIMER_H = "timer H"
    TIMER_I = "timer I"
    TIMER_L = "timer L"
    TRANSPORT_ERROR = "transport error"


class InviteServer:
    """One INVITE that we received; `last` is the latest response to it."""

    __slots__ = ("interval", "last", "reliable", "state", "timers")

    def __init__(self, invite: Request, timers: Timers, *, reliable: bool) -> None:
        self.state = State.PROCEEDING
        self.last: Response | None = invite.reply(100)
        self.timers = timers
        self.reliable = reliable
        self.interval = timers.t1

    def begin(self, invite: Request) -> Effects:
        """Answer 100 and pass the INVITE to the user (17.2.1)."""
        return (*_send_again(self, None), Deliver(invite))

    def receive(self, request: Request) -> Effects:
        """Take a repeated INVITE, or an ACK."""
        return step(TABLE, self, Input.ACK if request.method == "ACK" else Input.INVITE, request)

    def respond(self, response: Response) -> Effects:
        """Send the user's response; one that comes after a refusal is discarded (17.2.1)."""
        return step(TABLE, self, _input_of(response.status), response)

    def expire(self, timer: Timer) -> Effects:
        return step(TABLE, self, _EXPIRY[timer])

    def fail(self) -> Effects:
        """Take note that the transport could not send."""
        return step(TABLE, self, Input.TRANSPORT_ERROR)


def _input_of(status: int) -> Input:
    if status < 200:
        return Input.SEND_1XX
    return Input.SEND_2XX if status < 300 else Input.SEND_300_699


def _send(t: InviteServer, response: Response) -> Effects:
    t.last = response
    return (Send(response),)


def _send_again(t: InviteServer, _: object) -> Effects:
    return (Send(t.last),) if t.last is not None else ()


def _accept(t: InviteServer, response: Response) -> Effects:
    t.last = response
    return (Send(response), Arm(Timer.L, t.timers.timeout))


def _refuse(t: InviteServer, response: Response) -> Effects:
    t.last = response
    sent = (Send(response), Arm(Timer.H, t.timers.timeout))
    return sent if t.reliable else (*sent, Arm(Timer.G, t.interval))


def _resend(t: InviteServer, _: object) -> Effects:
    t.interval = min(2 * t.interval, t.timers.t2)
    return (*_send_again(t, None), Arm(Timer.G, t.interval))


def _confirm(t: InviteServer, _ack: Request) -> Effects:
    linger = 0.0 if t.reliable else t.timers.t4
    return (Disarm(Timer.G), Disarm(Timer.H), Arm(Timer.I, linger))


def _deliver(_t: InviteServer, ack: Request) -> Effects:
    return (Deliver(ack),)


def _report(_t: InviteServer, _: object) -> Effects:
    return (Report(Why.TRANSPORT),)


def _give_up(_t: InviteServer, _: object) -> Effects:
    return (Ended(Why.TIMEOUT),)


def _end(_t: InviteServer, _: object) -> Effects:
    return (Ended(Why.NORMAL),)


_EXPIRY = {
    Timer.G: Input.TIMER_G,
    Timer.H: Input.TIMER_H,
    Timer.I: Input.TIMER_I,
    Timer.L: Input.TIMER_L,
}

TABLE: Table[State, Input, Effect] = {
    (State.PROCEEDING, Input.INVITE): (State.PROCEEDING, _send_again),
    (State.PROCEEDING, Input.ACK): (State.PROCEEDING, ignore),
    (State.PROCEEDING, Input.SEND_1XX): (State.PROCEEDING, _send),
    (State.PROCEEDING, Input.SEND_2XX): (State.ACCEPTED, _accept),
    (State.PROCEEDING, Input.SEND_300_699): (State.COMPLETED, _refuse),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.PROCEEDING, _report),
    (State.ACCEPTED, Input.INVITE): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.ACK): (State.ACCEPTED, _deliver),
    (State.ACCEPTED, Input.SEND_1XX): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.SEND_2XX): (State.ACCEPTED, _send),
    (State.ACCEPTED, Input.SEND_300_699): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.TIMER_L): (State.TERMINATED, _end),
    (State.ACCEPTED, Input.TRANSPORT_ERROR): (State.ACCEPTED, _report),
    (State.COMPLETED, Input.INVITE): (State.COMPLETED, _send_again),
    (State.COMPLETED, Input.ACK): (State.CONFIRMED, _confirm),
    (State.COMPLETED, Input.SEND_1XX): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.SEND_2XX): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.SEND_300_699): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.TIMER_G): (State.COMPLETED, _resend),
    (State.COMPLETED, Input.TIMER_H): (State.TERMINATED, _give_up),
    (State.COMPLETED, Input.TRANSPORT_ERROR): (State.COMPLETED, _report),
    (State.CONFIRMED, Input.INVITE): (State.CONFIRMED, ignore),
    (State.CONFIRMED, Input.ACK): (State.CONFIRMED, ignore),
    (State.CONFIRMED, Input.SEND_1XX): (State.CONFIRMED, ignore),
    (State.CONFIRMED, Input.SEND_2XX): (State.CONFIRMED, ignore),
    (State.CONFIRMED, Input.SEND_300_699): (State.CONFIRMED, ignore),
    (State.CONFIRMED, Input.TIMER_I): (State.TERMINATED, _end),
    (State.CONFIRMED, Input.TRANSPORT_ERROR): (State.CONFIRMED, ignore),
}
