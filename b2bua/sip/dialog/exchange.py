"""The record of the re-offers of one session, and what every kind of them does.

The table of `offer_answer` moves it, and the rows of `update` in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.machine import Symbol
from b2bua.sip.dialog import session_timer
from b2bua.sip.dialog.effects import Disarm, Effects, Report, Timer
from b2bua.sip.dialog.events import ReofferRefused, ReofferWithdrawn
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
    UPDATING = "updating"  # our UPDATE has no final response
    REFRESHING = "refreshing"  # our re-INVITE that changes nothing has no final response
    UPDATE_OFFERED = "UPDATE offered"  # the peer's UPDATE or PRACK waits for our user
    CLOSED = "closed"


class Input(Symbol):
    REOFFER = "reoffer"
    UPDATE = "reoffer before the 2xx"
    REFRESH = "refresh"
    ANSWER = "answer"
    REFUSE = "refuse"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"
    INVITE_RECEIVED = "INVITE"
    UPDATE_RECEIVED = "UPDATE with an offer"
    CANCEL_RECEIVED = "CANCEL"
    ACK_RECEIVED = "ACK"
    RESPONSE_2XX = "2xx"
    RESPONSE_2XX_WITH_OFFER = "2xx with an offer"
    RESPONSE_2XX_AGAIN = "2xx again"
    RESPONSE_STALE = "refusal of an earlier re-INVITE"
    RESPONSE_422 = "422 that we can answer"
    RESPONSE_491 = "491"
    RESPONSE_300_699 = "300-699"
    CHALLENGED = "401 or 407 that we can answer"
    UNREACHABLE = "transport error"
    TIMER_RESEND = "timer resend"
    TIMER_REOFFER = "timer reoffer"
    TIMER_GLARE = "timer glare"


BUSY = (
    State.OFFERING,
    State.GLARED,
    State.ACK_HELD,
    State.OFFERED,
    State.ACK_AWAITED,
    State.UPDATING,
    State.REFRESHING,
    State.UPDATE_OFFERED,
)
"""The states in which an offer is under way."""


class Exchange:
    """The re-offers of one session.  `request` is the one in progress, ours or the peer's."""

    __slots__ = ("glares", "offer", "request", "state", "usage")

    def __init__(self, usage: Usage) -> None:
        self.state = State.STABLE
        self.usage = usage
        self.request: Request | None = None
        self.offer: bytes | None = None
        self.glares = 0

    def holds(self, cancel: Request) -> bool:
        """Whether `cancel` is for the re-INVITE that waits for our user (9.2)."""
        request = self.request
        if request is None or self.state is not State.OFFERED:
            return False
        return request.cseq.number == cancel.cseq.number

    def awaits(self, request: Request) -> bool:
        """Whether `request` is a re-offer of ours that has no final response yet."""
        ours = self.request is not None and self.request.cseq == request.cseq
        return ours and self.state in (State.OFFERING, State.UPDATING, State.REFRESHING)

    def input_of(self, request: Request, response: Response) -> Input:
        """Return what a final response to `request`, a re-INVITE or UPDATE of ours, means here."""
        if not self.awaits(request):
            is_again = response.is_success and request.method == "INVITE"
            return Input.RESPONSE_2XX_AGAIN if is_again else Input.RESPONSE_STALE
        if response.is_success:
            asked = self.offer is None and response.sdp is not None
            return Input.RESPONSE_2XX_WITH_OFFER if asked else Input.RESPONSE_2XX
        if response.status == 491 and self.state is State.OFFERING and self.glares < MOST_GLARES:
            return Input.RESPONSE_491
        if self.state is State.REFRESHING and session_timer.lengthen(self.usage, response):
            return Input.RESPONSE_422
        return Input.RESPONSE_300_699


@dataclass(frozen=True, slots=True)
class Reply:
    """The final response to a re-offer of ours."""

    request: Request
    response: Response


def the_request(x: Exchange) -> Request:
    """Return the re-offer in progress; there must be one."""
    assert x.request is not None, "no re-offer in progress"
    return x.request


def refuse(x: Exchange, words: tuple[int, str]) -> Effects:
    """Refuse the peer's offer as our user says."""
    status, reason = words
    return (Disarm(Timer.REOFFER), x.usage.reply(the_request(x), status, reason))


def overdue(x: Exchange, _: object) -> Effects:
    """Answer for our user, who took too long."""
    return (x.usage.reply_later(the_request(x)), Report(ReofferWithdrawn()))


def glare(x: Exchange, invite: Request) -> Effects:
    """Refuse the peer's offer while ours has no answer (14.2)."""
    return (x.usage.reply(invite, 491),)


def later(x: Exchange, invite: Request) -> Effects:
    """Refuse a second offer while the first has no answer (14.2)."""
    return (x.usage.reply_later(invite),)


def close_offered(x: Exchange, _: object) -> Effects:
    """Answer what is pending when the session ends (15.1.2)."""
    return (x.usage.reply(the_request(x), 487),)


def pending(_x: Exchange, _: object) -> Effects:
    """Refuse our user's offer: it is not our turn."""
    return (PENDING,)
