"""The INVITE client transaction: RFC 3261 figure 5, changed by RFC 6026 section 7.2.

After a 2xx the transaction stays in ACCEPTED for timer M and passes on what else is accepted by
other branches of a fork.  The ACK for a 2xx is the user's; the ACK for a refusal is sent here.
A cancellation waits here for the first provisional response (section 9.1).
"""

from __future__ import annotations

from collections.abc import Sequence

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import (
    Arm,
    Begin,
    Deliver,
    Disarm,
    Effect,
    Effects,
    Ended,
    Send,
    Why,
)
from b2bua.sip.transaction.timers import Timer, Timers


class State(Symbol):
    CALLING = "calling"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class Input(Symbol):
    RESPONSE_1XX = "1xx"
    RESPONSE_2XX = "2xx"
    RESPONSE_300_699 = "300-699"
    CANCEL = "cancel"
    TIMER_A = "timer A"
    TIMER_B = "timer B"
    TIMER_D = "timer D"
    TIMER_M = "timer M"
    TIMER_CANCELLED = "timer of section 9.1"
    TRANSPORT_ERROR = "transport error"


class InviteClient:
    """One INVITE that we sent; `invite` carries its Via when `begin` is called."""

    __slots__ = ("cancelling", "interval", "invite", "reliable", "state", "timers")

    def __init__(self, invite: Request, timers: Timers, *, reliable: bool) -> None:
        self.state = State.CALLING
        self.invite = invite
        self.timers = timers
        self.reliable = reliable
        self.interval = timers.t1
        self.cancelling: Sequence[tuple[str, str]] | None = None

    def begin(self) -> Effects:
        """Send the INVITE; an unreliable transport also needs timer A (17.1.1.2)."""
        sent = (Send(self.invite), Arm(Timer.B, self.timers.timeout))
        return sent if self.reliable else (*sent, Arm(Timer.A, self.interval))

    def receive(self, response: Response) -> Effects:
        return step(TABLE, self, _input_of(response.status), response)

    def cancel(self, headers: Sequence[tuple[str, str]] = ()) -> Effects:
        """Cancel the INVITE once there is a provisional response; too late after a final one.

        `headers` are added to the CANCEL: a Reason, for example.
        """
        return step(TABLE, self, Input.CANCEL, headers)

    def expire(self, timer: Timer) -> Effects:
        return step(TABLE, self, _EXPIRY[timer])

    def fail(self) -> Effects:
        """Take note that the transport could not send."""
        return step(TABLE, self, Input.TRANSPORT_ERROR)


def _input_of(status: int) -> Input:
    if status < 200:
        return Input.RESPONSE_1XX
    return Input.RESPONSE_2XX if status < 300 else Input.RESPONSE_300_699


def hop_by_hop(invite: Request, method: str, to: str) -> Request:
    """Build the CANCEL (9.1), or the ACK for a refusal (17.1.1.3), that accompanies `invite`.

    It takes the same way: same Request-URI, same top Via, same route.
    """
    copied = invite.headers
    fields = [
        ("Via", copied.get("Via") or ""),
        ("Max-Forwards", "70"),
        *(("Route", route) for route in copied.get_all("Route")),
        ("From", copied.get("From") or ""),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq.number} {method}"),
    ]
    return Request(method, invite.uri, Headers(fields), b"")


_STOP_WAITING = (Disarm(Timer.A), Disarm(Timer.B), Disarm(Timer.CANCELLED))


def _resend(t: InviteClient, _: object) -> Effects:
    t.interval *= 2
    return (Send(t.invite), Arm(Timer.A, t.interval))


def _ring(t: InviteClient, response: Response) -> Effects:
    return (*_STOP_WAITING, *_cancellation(t), Deliver(response))


def _deliver(_t: InviteClient, response: Response) -> Effects:
    return (Deliver(response),)


def _accept(t: InviteClient, response: Response) -> Effects:
    return (*_STOP_WAITING, Arm(Timer.M, t.timers.timeout), Deliver(response))


def _refuse(t: InviteClient, response: Response) -> Effects:
    linger = 0.0 if t.reliable else t.timers.timeout
    return (*_STOP_WAITING, *_ack(t, response), Arm(Timer.D, linger), Deliver(response))


def _ack(t: InviteClient, response: Response) -> Effects:
    return (Send(hop_by_hop(t.invite, "ACK", response.headers.get("To") or "")),)


def _cancel_later(t: InviteClient, headers: Sequence[tuple[str, str]]) -> Effects:
    t.cancelling = headers
    return ()


def _cancel(t: InviteClient, headers: Sequence[tuple[str, str]]) -> Effects:
    if t.cancelling is not None:
        return ()
    t.cancelling = headers
    return _cancellation(t)


def _cancellation(t: InviteClient) -> Effects:
    if t.cancelling is None:
        return ()
    cancel = hop_by_hop(t.invite, "CANCEL", t.invite.headers.get("To") or "")
    for name, value in t.cancelling:
        cancel.headers.add(name, value)
    return (Begin(cancel), Arm(Timer.CANCELLED, t.timers.timeout))


def _give_up(_t: InviteClient, _: object) -> Effects:
    return (Ended(Why.TIMEOUT),)


def _lost(_t: InviteClient, _: object) -> Effects:
    return (Ended(Why.TRANSPORT),)


def _end(_t: InviteClient, _: object) -> Effects:
    return (Ended(Why.NORMAL),)


_EXPIRY = {
    Timer.A: Input.TIMER_A,
    Timer.B: Input.TIMER_B,
    Timer.D: Input.TIMER_D,
    Timer.M: Input.TIMER_M,
    Timer.CANCELLED: Input.TIMER_CANCELLED,
}

TABLE: Table[State, Input, Effect] = {
    (State.CALLING, Input.TIMER_A): (State.CALLING, _resend),
    (State.CALLING, Input.TIMER_B): (State.TERMINATED, _give_up),
    (State.CALLING, Input.RESPONSE_1XX): (State.PROCEEDING, _ring),
    (State.CALLING, Input.RESPONSE_2XX): (State.ACCEPTED, _accept),
    (State.CALLING, Input.RESPONSE_300_699): (State.COMPLETED, _refuse),
    (State.CALLING, Input.CANCEL): (State.CALLING, _cancel_later),
    (State.CALLING, Input.TRANSPORT_ERROR): (State.TERMINATED, _lost),
    (State.PROCEEDING, Input.RESPONSE_1XX): (State.PROCEEDING, _deliver),
    (State.PROCEEDING, Input.RESPONSE_2XX): (State.ACCEPTED, _accept),
    (State.PROCEEDING, Input.RESPONSE_300_699): (State.COMPLETED, _refuse),
    (State.PROCEEDING, Input.CANCEL): (State.PROCEEDING, _cancel),
    (State.PROCEEDING, Input.TIMER_CANCELLED): (State.TERMINATED, _give_up),
    (State.PROCEEDING, Input.TRANSPORT_ERROR): (State.TERMINATED, _lost),
    (State.ACCEPTED, Input.RESPONSE_1XX): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.RESPONSE_2XX): (State.ACCEPTED, _deliver),
    (State.ACCEPTED, Input.RESPONSE_300_699): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.CANCEL): (State.ACCEPTED, ignore),
    (State.ACCEPTED, Input.TIMER_M): (State.TERMINATED, _end),
    (State.ACCEPTED, Input.TRANSPORT_ERROR): (State.ACCEPTED, ignore),
    (State.COMPLETED, Input.RESPONSE_1XX): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.RESPONSE_2XX): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.RESPONSE_300_699): (State.COMPLETED, _ack),
    (State.COMPLETED, Input.CANCEL): (State.COMPLETED, ignore),
    (State.COMPLETED, Input.TIMER_D): (State.TERMINATED, _end),
    # The user has had its final response, so a lost ACK is no news to it.
    (State.COMPLETED, Input.TRANSPORT_ERROR): (State.TERMINATED, _end),
}
