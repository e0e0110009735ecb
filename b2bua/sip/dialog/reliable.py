"""Provisional responses that are sent until their PRACK comes (RFC 3262 section 3).

A UAS that the caller requires it of sends all of its 101-199 like this, one after the other.

    CLEAR --ring--> AWAITED --PRACK--> CLEAR, or AWAITED with the next in turn
                    AWAITED --timer--> AWAITED, after T1, 2*T1, 4*T1, ...
                    any --the INVITE is answered--> CLOSED

A 2xx waits for the PRACK if the response that lacks one holds a description; a refusal does not.
"""

from __future__ import annotations

from collections import deque

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.dialog.early import RELIABLE
from b2bua.sip.dialog.effects import Arm, Disarm, Effect, Effects, Reply, Timer
from b2bua.sip.dialog.usage import Usage, Words
from b2bua.sip.grammar import SyntaxFault, read_number
from b2bua.sip.message import Request, Response

MOST_WAITING = 8
"""How many provisional responses may wait for the one before; further ones are not sent."""

_MOST_FIRST = 2**31 - 1


class State(Symbol):
    CLEAR = "clear"  # nothing of ours lacks its PRACK
    AWAITED = "awaited"  # a reliable response does
    CLOSED = "closed"  # the INVITE has its final response


class Input(Symbol):
    RING = "ring"
    PRACK_RECEIVED = "PRACK"
    PRACK_RECEIVED_BEFORE_MORE = "PRACK, and more to send"
    CLOSE = "close"
    TIMER_RELIABLE = "timer reliable"


class Provisionals:
    """The reliable responses of one INVITE.  `held` is what our user said in the 2xx that waits.

    `awaited` is the RSeq of the response that lacks its PRACK, 0 if none does.
    """

    __slots__ = ("awaited", "held", "interval", "response", "rseq", "state", "usage", "waiting")

    def __init__(self, usage: Usage) -> None:
        self.state = State.CLEAR
        self.usage = usage
        self.rseq = int(usage.jitter() * (_MOST_FIRST - 1))
        self.awaited = 0
        self.interval = 0.0
        self.response: Response | None = None
        self.held: Words | None = None
        self.waiting: deque[Words] = deque()

    @property
    def makes_offer(self) -> bool:
        """Whether the response that lacks its PRACK asks for an answer in it (section 5)."""
        u = self.usage
        return u.invite.sdp is None and not u.is_agreed and self.has_description

    @property
    def has_description(self) -> bool:
        """Whether the response that lacks its PRACK holds a description."""
        return bool(self.awaited and self.response is not None and self.response.body)

    @property
    def must_hold(self) -> bool:
        """Whether a 2xx has to wait (section 3)."""
        return self.state is State.AWAITED and (self.has_description or self._will_have)

    @property
    def _will_have(self) -> bool:
        return any(words.sdp is not None for words in self.waiting)

    def ring(self, words: Words) -> Effects:
        """Send a provisional response, or let it wait.

        Without a description it is not sent before there has been an offer: the first reliable
        response has to make it (RFC 3261 section 13.2.1).
        """
        u = self.usage
        if u.invite.sdp is None and words.sdp is None and u.told is None:
            return ()
        return step(TABLE, self, Input.RING, words)

    def acknowledges(self, prack: Request) -> bool:
        """Whether `prack` is for the response that lacks one (section 3)."""
        try:
            rseq, cseq, method = (prack.headers.get("RAck") or "").split()
            numbers = (read_number(rseq, 2**32 - 1), read_number(cseq, 2**32 - 1), method)
        except (SyntaxFault, ValueError):
            return False
        return bool(self.awaited) and numbers == (
            self.awaited,
            self.usage.invite.cseq.number,
            "INVITE",
        )

    def acknowledged(self) -> Effects:
        """Take the PRACK: send what waits next."""
        if self.has_description:
            self.usage.is_agreed = True
        self.awaited = 0
        more = Input.PRACK_RECEIVED_BEFORE_MORE if self.waiting else Input.PRACK_RECEIVED
        return step(TABLE, self, more)

    def resend(self) -> Effects:
        """Send the response again."""
        return step(TABLE, self, Input.TIMER_RELIABLE)

    def close(self) -> Effects:
        """Send no more of them: there is a final response."""
        return step(TABLE, self, Input.CLOSE)


def _send(p: Provisionals, words: Words) -> Effects:
    u = p.usage
    p.rseq += 1
    p.awaited = p.rseq
    p.interval = u.timers.t1
    sdp = words.sdp if u.told is None else None
    u.owes(words.sdp)
    if sdp is not None:
        u.told = sdp
    fields = (*u.session_fields(), ("Require", RELIABLE), ("RSeq", str(p.rseq)), *words.headers)
    reply = u.reply(u.invite, words.status, words.reason, fields, sdp)
    p.response = reply.response
    wait = Arm(Timer.PRACK, u.timers.timeout)
    return (reply, Arm(Timer.RELIABLE, p.interval), wait)


def _send_next(p: Provisionals, _: object) -> Effects:
    return _send(p, p.waiting.popleft())


def _wait(p: Provisionals, words: Words) -> Effects:
    if len(p.waiting) < MOST_WAITING:
        p.waiting.append(words)
    return ()


def _resend(p: Provisionals, _: object) -> Effects:
    assert p.response is not None, "a response awaits its PRACK"
    p.interval *= 2
    return (Reply(p.usage.invite, p.response), Arm(Timer.RELIABLE, p.interval))


def _stop(_p: Provisionals, _: object) -> Effects:
    return (Disarm(Timer.RELIABLE), Disarm(Timer.PRACK))


TABLE: Table[State, Input, Effect] = {
    (State.CLEAR, Input.RING): (State.AWAITED, _send),
    (State.CLEAR, Input.CLOSE): (State.CLOSED, ignore),
    (State.AWAITED, Input.RING): (State.AWAITED, _wait),
    (State.AWAITED, Input.PRACK_RECEIVED): (State.CLEAR, _stop),
    (State.AWAITED, Input.PRACK_RECEIVED_BEFORE_MORE): (State.AWAITED, _send_next),
    (State.AWAITED, Input.TIMER_RELIABLE): (State.AWAITED, _resend),
    (State.AWAITED, Input.CLOSE): (State.CLOSED, _stop),
    # A PRACK that crosses our final response is answered and changes nothing.
    **{(State.CLOSED, input_): (State.CLOSED, ignore) for input_ in Input},
}
