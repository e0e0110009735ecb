"""The server transaction of any request but INVITE: RFC 3261 figure 8.

As in the INVITE server transaction (RFC 6026 section 7.1) a transport error ends nothing, so that
a repeated request is not mistaken for a new one.
"""

from __future__ import annotations

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import Arm, Deliver, Effect, Effects, Ended, Report, Send, Why
from b2bua.sip.transaction.timers import Timer, Timers


class State(Symbol):
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class Input(Symbol):
    REQUEST = "request"
    SEND_1XX = "1xx from the user"
    SEND_200_699 = "200-699 from the user"
    TIMER_J = "timer J"
    TRANSPORT_ERROR = "transport error"


class Server:
    """One request that we received; `last` is the latest response to it."""

    __slots__ = ("last", "reliable", "state", "timers")

    def __init__(self, timers: Timers, *, reliable: bool) -> None:
        self.state = State.TRYING
        self.last: Response | None = None
        self.timers = timers
        self.reliable = reliable

    def begin(self, request: Request) -> Effects:
        """Pass the request to the user."""
        return (Deliver(request),)

    def receive(self, request: Request) -> Effects:
        """Take the request once more."""
        return step(TABLE, self, Input.REQUEST, request)

    def respond(self, response: Response) -> Effects:
        """Send the user's response; one that comes after a final one is discarded (17.2.2)."""
        input_ = Input.SEND_1XX if response.status < 200 else Input.SEND_200_699
        return step(TABLE, self, input_, response)

    def expire(self, timer: Timer) -> Effects:
        return step(TABLE, self, _EXPIRY[timer])

    def fail(self) -> Effects:
        """Take note that the transport could not send."""
        return step(TABLE, self, Input.TRANSPORT_ERROR)


def _send(t: Server, response: Response) -> Effects:
    t.last = response
    return (Send(response),)


def _send_again(t: Server, _: object) -> Effects:
    return (Send(t.last),) if t.last is not None else ()


def _complete(t: Server, response: Response) -> Effects:
    linger = 0.0 if t.reliable else t.timers.timeout
    return (*_send(t, response), Arm(Timer.J, linger))


def _report(_t: Server, _: object) -> Effects:
    return (Report(Why.TRANSPORT),)


def _end(_t: Server, _: object) -> Effects:
    return (Ended(Why.NORMAL),)


_EXPIRY = {Timer.J: Input.TIMER_J}

TABLE: Table[State, Input, Effect] = {
    (State.TRYING, Input.REQUEST): (State.TRYING, ignore),
    (State.TRYING, Input.SEND_1XX): (State.PROCEEDING, _send),
    (State.TRYING, Input.SEND_200_699): (State.COMPLETED, _complete),
    (State.TRYING, Input.TRANSPORT_ERROR): (State.TRYING, ignore),
    (State.PROCEEDING, Input.REQUEST): (State.PROCEEDING, _send_again),
    (State.PROCEEDING, Input.SEND_1XX): (State.PROCEEDING, _send),
    (State.PROCEEDING, Input.SEND_200_699): (State.COMPLETED, _complete),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.PROCEEDING, _report),
    (State.COMPLETED, Input.REQUEST): (State.COMPLETED, _send_again),
    (State.COMPLETED, Input.SEND_1XX): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.SEND_200_699): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.TIMER_J): (State.TERMINATED, _end),
    (State.COMPLETED, Input.TRANSPORT_ERROR): (State.COMPLETED, _report),
}
