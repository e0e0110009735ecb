"""The client transaction of any request but INVITE: RFC 3261 figure 6."""

from __future__ import annotations

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import Arm, Deliver, Disarm, Effect, Effects, Ended, Send, Why
from b2bua.sip.transaction.timers import Timer, Timers


class State(Symbol):
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class Input(Symbol):
    RESPONSE_1XX = "1xx"
    RESPONSE_200_699 = "200-699"
    TIMER_E = "timer E"
    TIMER_F = "timer F"
    TIMER_K = "timer K"
    TRANSPORT_ERROR = "transport error"


class Client:
    """One request that we sent; `request` carries its Via when `begin` is called."""

    __slots__ = ("interval", "reliable", "request", "state", "timers")

    def __init__(self, request: Request, timers: Timers, *, reliable: bool) -> None:
        self.state = State.TRYING
        self.request = request
        self.timers = timers
        self.reliable = reliable
        self.interval = timers.t1

    def begin(self) -> Effects:
        """Send the request; an unreliable transport also needs timer E (17.1.2.2)."""
        sent = (Send(self.request), Arm(Timer.F, self.timers.timeout))
        return sent if self.reliable else (*sent, Arm(Timer.E, self.interval))

    def receive(self, response: Response) -> Effects:
        input_ = Input.RESPONSE_1XX if response.status < 200 else Input.RESPONSE_200_699
        return step(TABLE, self, input_, response)

    def expire(self, timer: Timer) -> Effects:
        return step(TABLE, self, _EXPIRY[timer])

    def fail(self) -> Effects:
        """Take note that the transport could not send."""
        return step(TABLE, self, Input.TRANSPORT_ERROR)


def _resend(t: Client, _: object) -> Effects:
    t.interval = min(2 * t.interval, t.timers.t2)
    return (Send(t.request), Arm(Timer.E, t.interval))


def _resend_slowly(t: Client, _: object) -> Effects:
    return (Send(t.request), Arm(Timer.E, t.timers.t2))


def _deliver(_t: Client, response: Response) -> Effects:
    return (Deliver(response),)


def _complete(t: Client, response: Response) -> Effects:
    linger = 0.0 if t.reliable else t.timers.t4
    return (Disarm(Timer.E), Disarm(Timer.F), Arm(Timer.K, linger), Deliver(response))


def _give_up(_t: Client, _: object) -> Effects:
    return (Ended(Why.TIMEOUT),)


def _lost(_t: Client, _: object) -> Effects:
    return (Ended(Why.TRANSPORT),)


def _end(_t: Client, _: object) -> Effects:
    return (Ended(Why.NORMAL),)


_EXPIRY = {Timer.E: Input.TIMER_E, Timer.F: Input.TIMER_F, Timer.K: Input.TIMER_K}

TABLE: Table[State, Input, Effect] = {
    (State.TRYING, Input.TIMER_E): (State.TRYING, _resend),
    (State.TRYING, Input.TIMER_F): (State.TERMINATED, _give_up),
    (State.TRYING, Input.RESPONSE_1XX): (State.PROCEEDING, _deliver),
    (State.TRYING, Input.RESPONSE_200_699): (State.COMPLETED, _complete),
    (State.TRYING, Input.TRANSPORT_ERROR): (State.TERMINATED, _lost),
    (State.PROCEEDING, Input.TIMER_E): (State.PROCEEDING, _resend_slowly),
    (State.PROCEEDING, Input.TIMER_F): (State.TERMINATED, _give_up),
    (State.PROCEEDING, Input.RESPONSE_1XX): (State.PROCEEDING, _deliver),
    (State.PROCEEDING, Input.RESPONSE_200_699): (State.COMPLETED, _complete),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.TERMINATED, _lost),
    (State.COMPLETED, Input.RESPONSE_1XX): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.RESPONSE_200_699): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.TIMER_K): (State.TERMINATED, _end),
    (State.COMPLETED, Input.TRANSPORT_ERROR): (State.COMPLETED, ignore),
}
