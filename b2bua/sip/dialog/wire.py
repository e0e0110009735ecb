"""What comes to a session from the wire, and the machines that it is read for.

Responses are told apart by method and CSeq of the request they answer, requests by method.
"""

from __future__ import annotations

from b2bua.machine import Table, step
from b2bua.sip.dialog import (
    established,
    incoming,
    indialog,
    offer_answer,
    outgoing,
    responses,
    session_timer,
    transfer,
)
from b2bua.sip.dialog.effects import (
    Acknowledge,
    Arm,
    Begin,
    Disarm,
    Effect,
    Effects,
    Reply,
    Report,
    Timer,
)
from b2bua.sip.dialog.events import EarlyAnswered
from b2bua.sip.dialog.offer_answer import Exchange
from b2bua.sip.dialog.reliable import Provisionals
from b2bua.sip.dialog.usage import Input, State, Usage
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import Why

TABLE: Table[State, Input, Effect] = {**outgoing.TABLE, **incoming.TABLE, **established.TABLE}
"""The states of a usage."""

_OF_USAGE = {
    Timer.RESEND: Input.TIMER_RESEND,
    Timer.ACK: Input.TIMER_ACK,
    Timer.ANSWER: Input.TIMER_ANSWER,
    Timer.PRACK: Input.TIMER_PRACK,
    Timer.EXPIRY: Input.TIMER_EXPIRY,
}
_OF_EXCHANGE = {
    Timer.REOFFER: offer_answer.Input.TIMER_REOFFER,
    Timer.GLARE: offer_answer.Input.TIMER_GLARE,
}
_AFTER_ACK = (State.CONFIRMED, State.ENDED)


class Wire:
    """A session without its user: it takes messages and time, and returns effects."""

    __slots__ = ("_agent", "_armed", "_exchange", "_provisionals", "_transfer", "_usage")

    def __init__(self, usage: Usage, agent: str) -> None:
        self._usage = usage
        self._exchange = Exchange(usage)
        self._agent = agent
        self._armed: dict[Timer, None] = {}
        self._provisionals: Provisionals | None = None
        self._transfer: transfer.Transfer | None = None

    @property
    def state(self) -> State:
        """Where the session is between begin and end."""
        return self._usage.state

    def response(self, request: Request, response: Response) -> list[Effect]:
        """Take a response to `request`, one that came with `Begin`."""
        if responses.is_of_earlier_try(self._usage, request):
            return []
        if responses.is_of_first_invite(self._usage, request):
            return self._live(*responses.of_first_invite(self._usage, response))
        if response.is_provisional:
            return []
        again = responses.challenged(self._usage, self._exchange, request, response)
        if again is not None:
            return self._send_again(request, again)
        return self._final(request, response)

    def _send_again(self, request: Request, begin: Begin) -> list[Effect]:
        if self._exchange.awaits(request):
            return self._turn(offer_answer.Input.CHALLENGED, begin)
        if request is self._usage.refreshing:
            self._usage.refreshing = begin.request
        return self._settle((begin,))

    def _final(self, request: Request, response: Response) -> list[Effect]:
        is_early = self.state is not State.CONFIRMED and self._exchange.awaits(request)
        if request.method == "NOTIFY":
            return []  # it ends a subscription at most (RFC 5057)
        if request.method != "BYE" and response.status in (408, 481) and not is_early:
            return self._live(Input.DIALOG_GONE, response)
        if request is self._usage.refreshing:
            return self._refreshed(response)
        if request.method not in ("INVITE", "UPDATE"):
            return []
        input_ = self._exchange.input_of(request, response)
        return self._turn(input_, offer_answer.Reply(request, response))

    def failed(self, request: Request, why: Why) -> list[Effect]:
        """Take note that `request`, one that came with `Begin`, gets no final response."""
        if responses.is_of_first_invite(self._usage, request):
            return self._live(Input.INVITE_FAILED, why)
        if request.method in ("BYE", "NOTIFY"):
            return []
        awaited = self._exchange.awaits(request)
        if why is Why.TIMEOUT and not (awaited and self.state is not State.CONFIRMED):
            return self._live(Input.DIALOG_GONE)
        return self._turn(offer_answer.Input.UNREACHABLE) if awaited else []

    def request(self, request: Request) -> list[Effect]:
        """Take a request in the dialog; all are answered but ACK, CANCEL, and what is reported."""
        if request.method in ("ACK", "CANCEL"):
            return self.ack(request) if request.method == "ACK" else self.cancelled(request)
        refusal = indialog.refuse(self._usage, request)
        if refusal:
            return self._settle(refusal)
        match request.method:
            case "BYE":
                return self._live(Input.BYE_RECEIVED, request)
            case "INVITE" if self.state is State.CONFIRMED:
                return self._turn(offer_answer.Input.INVITE_RECEIVED, request)
            case "INVITE":
                return self._settle(indialog.refuse_invite(self._usage, request))
            case "PRACK":
                return self._prack(request)
            case "REFER":
                return self._referred(request)
            case "UPDATE" if request.sdp is not None:
                return self._turn(offer_answer.Input.UPDATE_RECEIVED, request)
        return self._settle(indialog.answer(self._usage, request))

    def _referred(self, refer: Request) -> list[Effect]:
        """Take a REFER: for our user, in a session that is up (RFC 3515 section 2.4.2)."""
        refusal = transfer.refuse_target(refer)
        if refusal is not None:
            return self._settle((Reply(refer, refusal),))
        if self.state is not State.CONFIRMED:
            return self._settle((self._usage.reply(refer, 403),))
        return self._refer(transfer.Input.REFER_RECEIVED, refer)

    def _refer(self, input_: transfer.Input, payload: object = None) -> list[Effect]:
        """Move the transfer, which is there since the first REFER."""
        if self._transfer is None:
            if input_ is not transfer.Input.REFER_RECEIVED:
                return []
            self._transfer = transfer.Transfer(self._usage)
        return self._settle(self._transfer.take(input_, payload))

    def _prack(self, prack: Request) -> list[Effect]:
        """Take the PRACK for a response of ours: with the answer to it, or with an offer."""
        provisionals, sdp = self._provisionals, prack.sdp
        if provisionals is None or not provisionals.acknowledges(prack):
            return self._settle((self._usage.reply(prack, 481),))
        answers = provisionals.makes_offer
        if answers and sdp is None:
            return self._settle((self._usage.reply(prack, 400, "Answer missing"),))
        acknowledged = provisionals.acknowledged()
        if sdp is not None and not answers:
            taken = self._turn(offer_answer.Input.UPDATE_RECEIVED, prack)
            return [*self._settle(acknowledged), *taken, *self._accept_held()]
        taken = self._settle((self._usage.reply(prack, 200), *acknowledged))
        told = (Report(EarlyAnswered(sdp)),) if sdp is not None else ()
        return [*taken, *self._accept_held(), *self._settle(told)]

    def _accept_held(self) -> list[Effect]:
        provisionals = self._provisionals
        if provisionals is None or provisionals.held is None or provisionals.must_hold:
            return []
        words, provisionals.held = provisionals.held, None
        return self._live(Input.ACCEPT, words)

    def cancelled(self, request: Request) -> list[Effect]:
        """Take a CANCEL, to which the 200 has been sent, for an INVITE of the peer (9.2)."""
        if self._exchange.holds(request):
            return self._turn(offer_answer.Input.CANCEL_RECEIVED, request)
        if request.cseq.number == self._usage.invite.cseq.number:
            return self._live(Input.CANCEL_RECEIVED, request)
        return []

    def ack(self, request: Request) -> list[Effect]:
        """Take the ACK for a 2xx; one for another INVITE than the last is dropped."""
        answer = self._usage.answer
        if answer is None or answer.request.cseq.number != request.cseq.number:
            return []
        if self.state is State.CONFIRMED:
            return self._turn(offer_answer.Input.ACK_RECEIVED, request)
        confirmed = self._live(Input.ACK_RECEIVED, request)
        return confirmed if self._usage.owed is None else [*confirmed, *self._tell_owed()]

    def _tell_owed(self) -> list[Effect]:
        """Offer what our user said when the peer had been told something else (14.1)."""
        owed, self._usage.owed = self._usage.owed, None
        return self._turn(offer_answer.Input.REOFFER, owed)

    def expire(self, timer: Timer) -> list[Effect]:
        """Take note that `timer` has expired; one that was disarmed meanwhile does nothing."""
        if timer not in self._armed:
            return []
        del self._armed[timer]
        if timer is Timer.RELIABLE:
            assert self._provisionals is not None, "its timer ran"
            return self._settle(self._provisionals.resend())
        if timer is Timer.REFRESH:
            return self._refresh()
        if timer in _OF_EXCHANGE:
            return self._turn(_OF_EXCHANGE[timer])
        if timer is Timer.RESEND and self.state is State.CONFIRMED:
            return self._turn(offer_answer.Input.TIMER_RESEND)
        return self._live(_OF_USAGE[timer])

    def _refresh(self) -> list[Effect]:
        """Refresh the session, by UPDATE if the peer takes it (RFC 4028 section 7.4)."""
        u = self._usage
        if u.timer is None or u.told is None:
            return []
        if self.state is not State.CONFIRMED:
            return self._settle(session_timer.retry(u))
        chance = () if Timer.EXPIRY in self._armed else session_timer.last_chance(u)
        if not u.timer.by_update:
            return [*self._turn(offer_answer.Input.REFRESH), *self._settle(chance)]
        begin = u.begin("UPDATE", (*u.session_fields(), *session_timer.in_request(u)))
        u.refreshing = begin.request
        return self._settle((begin, *chance))

    def _refreshed(self, response: Response) -> list[Effect]:
        """Take the response to an UPDATE that refreshes the session."""
        u = self._usage
        u.refreshing = None
        if response.is_success:
            return self._settle(session_timer.agree_as_uac(u, response))
        if session_timer.lengthen(u, response):
            return self._refresh()
        return self._settle(session_timer.retry(u))

    # How it is done.

    def _live(self, input_: Input, payload: object = None) -> list[Effect]:
        """Move the usage; if that ends it, first close the exchange and stop all timers."""
        usage = self._usage
        was_live = usage.state is not State.ENDED
        effects = step(TABLE, usage, input_, payload)
        if self._provisionals is not None and usage.state is not State.INVITED:
            effects = (*self._provisionals.close(), *effects)
        if was_live and usage.state is State.ENDED:
            closing = step(offer_answer.TABLE, self._exchange, offer_answer.Input.CLOSE)
            if self._transfer is not None:
                closing = (*closing, *self._transfer.take(transfer.Input.CLOSE))
            effects = (*closing, *map(Disarm, self._armed), *effects)
        return self._settle(effects)

    def _turn(self, input_: offer_answer.Input, payload: object = None) -> list[Effect]:
        """Move the exchange; before the usage is confirmed, only by UPDATE."""
        if input_ is offer_answer.Input.REOFFER and self.state not in _AFTER_ACK:
            if not self._usage.may_update:
                return [offer_answer.PENDING]
            input_ = offer_answer.Input.UPDATE
        return self._settle(step(offer_answer.TABLE, self._exchange, input_, payload))

    def _settle(self, effects: Effects) -> list[Effect]:
        """Keep account of the timers, and sign what is sent."""
        settled: list[Effect] = []
        for effect in effects:
            match effect:
                case Arm(timer):
                    self._armed[timer] = None
                case Disarm(timer):
                    if timer not in self._armed:
                        continue
                    del self._armed[timer]
                case Begin(message) | Acknowledge(message) if self._agent:
                    message.headers.set("User-Agent", self._agent)
                case Reply(_, response) if self._agent:
                    response.headers.set("Server", self._agent)
            settled.append(effect)
        return settled
