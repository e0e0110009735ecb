"""REFER in a dialog, and the subscription that it implies (RFC 3515).

    IDLE --REFER--> ASKED --accept--> ACTIVE --done--> IDLE
                    ASKED --refuse--> IDLE

One at a time: another REFER meanwhile gets 491.  We tell the peer by NOTIFY what becomes of it, at
once and at the end; what it answers to these, or whether, changes nothing.
"""

from __future__ import annotations

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.dialog.effects import Begin, Effect, Effects, Report
from b2bua.sip.dialog.events import Referred
from b2bua.sip.dialog.usage import Usage
from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.message import Request, Response, reason_for
from b2bua.sip.uri import AnyUri, Uri
from b2bua.sip.values import read_name_addr

_LASTS = 60
"""How long the peer is told that a subscription may last, in seconds."""


class State(Symbol):
    IDLE = "idle"
    ASKED = "asked"  # the peer's REFER waits for our user
    ACTIVE = "active"  # it has our 202, and waits to hear what came of it
    CLOSED = "closed"


class Input(Symbol):
    REFER_RECEIVED = "REFER"
    ACCEPT = "accept"
    REFUSE = "refuse"
    DONE = "done"
    CLOSE = "close"


class Transfer:
    """The peer's wish that somebody be called.  `refer` is its request."""

    __slots__ = ("refer", "state", "usage")

    def __init__(self, usage: Usage) -> None:
        self.state = State.IDLE
        self.usage = usage
        self.refer: Request | None = None

    def take(self, input_: Input, payload: object = None) -> Effects:
        """Move along the table."""
        return step(TABLE, self, input_, payload)


def target_of(refer: Request) -> AnyUri | None:
    """Return the URI of Refer-To, None if it is not exactly one that can be read (2.4.2)."""
    values = refer.headers.lines("Refer-To")
    if len(values) != 1:
        return None
    try:
        return read_name_addr(values[0]).uri
    except SyntaxFault:
        return None


def refuse_target(refer: Request) -> Response | None:
    """Return 400 without a usable Refer-To, 416 for one that is no SIP URI, else None."""
    target = target_of(refer)
    if target is None:
        return refer.reply(400, "Refer-To missing or malformed")
    return None if isinstance(target, Uri) else refer.reply(416)


def _asked(t: Transfer, refer: Request) -> Effects:
    t.refer = refer
    return (Report(Referred(str(target_of(refer)))),)


def _pending(t: Transfer, refer: Request) -> Effects:
    return (t.usage.reply(refer, 491),)


def _accept(t: Transfer, _: object) -> Effects:
    assert t.refer is not None, "asked"
    u = t.usage
    accepted = u.reply(t.refer, 202, headers=[("Contact", f"<{u.contact}>")])
    return (accepted, _notify(t, 100, f"active;expires={_LASTS}"))


def _refuse(t: Transfer, status: int) -> Effects:
    assert t.refer is not None, "asked"
    return (t.usage.reply(t.refer, status),)


def _done(t: Transfer, status: int) -> Effects:
    return (_notify(t, status, "terminated;reason=noresource"),)


def _notify(t: Transfer, status: int, state: str) -> Begin:
    """Tell the peer how far its transfer has come, as the start line of a response (2.4.5)."""
    assert t.refer is not None, "asked"
    u = t.usage
    fields = [
        ("Contact", f"<{u.contact}>"),
        ("Event", f"refer;id={t.refer.cseq.number}"),
        ("Subscription-State", state),
    ]
    told = f"SIP/2.0 {status} {reason_for(status)}\r\n".encode("ascii")
    return u.begin("NOTIFY", fields, told, "message/sipfrag;version=2.0")


def _close_asked(t: Transfer, _: object) -> Effects:
    assert t.refer is not None, "asked"
    return (t.usage.reply(t.refer, 481),)


TABLE: Table[State, Input, Effect] = {
    # What our user says when nothing was asked, or too late, changes nothing.
    **{(s, i): (s, ignore) for s in State for i in (Input.ACCEPT, Input.REFUSE, Input.DONE)},
    (State.IDLE, Input.REFER_RECEIVED): (State.ASKED, _asked),
    (State.IDLE, Input.CLOSE): (State.CLOSED, ignore),
    (State.ASKED, Input.REFER_RECEIVED): (State.ASKED, _pending),
    (State.ASKED, Input.ACCEPT): (State.ACTIVE, _accept),
    (State.ASKED, Input.REFUSE): (State.IDLE, _refuse),
    (State.ASKED, Input.CLOSE): (State.CLOSED, _close_asked),
    (State.ACTIVE, Input.REFER_RECEIVED): (State.ACTIVE, _pending),
    (State.ACTIVE, Input.DONE): (State.IDLE, _done),
    (State.ACTIVE, Input.CLOSE): (State.CLOSED, ignore),
}
