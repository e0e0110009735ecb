"""One INVITE usage of a dialog: the SIP side of one leg, as UAC or as UAS.

Theory of operation
===================

A session is three things, and each has its own file.

1. The *usage* (`usage`) is somewhere between "not begun" and "ended".  Its table is a sum of three:

   `outgoing`   IDLE --start--> CALLING --2xx--> CONFIRMED
                                CALLING --2xx with an offer--> ACK_HELD --acknowledge--> CONFIRMED
                                CALLING --hang up--> CANCELLING --any final response--> ENDED
   `incoming`   INVITED --accept--> ACCEPTED --ACK--> CONFIRMED
                                    ACCEPTED --hang up--> BYE_HELD --ACK--> ENDED
   `established`                                        CONFIRMED --BYE, ours or theirs--> ENDED

2. The *dialog* (`dialog`) has no state but its numbers: tags, CSeq, route set, remote target.  A
   UAC has none before its first 2xx; the early dialogs of a fork are only tags, and what was heard.

3. The *exchange* (`offer_answer`) is whose turn it is to make an offer, once the usage is
   CONFIRMED.  The first INVITE's own offer and answer need no machine: the usage's states are it.

This file decides which table is asked about what arrives (`responses` and `indialog` read it), and
nothing else.  The rules that the rest relies on:

* Responses are told apart by method and CSeq of the request they answer, requests by method.  A 2xx
  can come to any INVITE at any time (RFC 6026), even when the session is long over, and always gets
  an ACK, because whoever sent it would otherwise believe in a session for 64*T1.
* The end is one place: when a row leads to ENDED, `_live` closes the exchange and disarms whatever
  is armed.  No action has to think of either.
* `Ended` is news and does not wait.  A BYE of ours is on its way when it is reported (15.1.1); what
  becomes of that BYE interests nobody, except that a challenge to it is answered.
* Who vanishes is noticed by a timer: of the transaction for a request (64*T1 to any response, and
  64*T1 from CANCEL to the end), of ours for an ACK, an answer of our own user and a re-INVITE.  How
  long the far end may ring, and how long a call may last, is for our user to say by `hang_up`.

Commands that come too late (the peer may have ended the session in the same instant) do nothing.
A command of the other role is a mistake of ours and raises ImpossibleInputError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from b2bua.machine import Table, step
from b2bua.sip.dialog import (
    established,
    incoming,
    indialog,
    offer_answer,
    outgoing,
    responses,
)
from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.dialog.effects import (
    Acknowledge,
    Arm,
    Begin,
    Disarm,
    Effect,
    Effects,
    Reply,
    Timer,
)
from b2bua.sip.dialog.identity import Identity
from b2bua.sip.dialog.incoming import Words
from b2bua.sip.dialog.offer_answer import Exchange
from b2bua.sip.dialog.usage import Input, State, Usage
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.uri import AnyUri

__all__ = ["Identity", "Session", "State"]

Fields = Sequence[tuple[str, str]]

TABLE: Table[State, Input, Effect] = {**outgoing.TABLE, **incoming.TABLE, **established.TABLE}
"""The states of a usage."""

_HANGING_UP = (State.CANCELLING, State.BYE_HELD, State.ENDED)

_OF_USAGE = {
    Timer.RESEND: Input.TIMER_RESEND,
    Timer.ACK: Input.TIMER_ACK,
    Timer.ANSWER: Input.TIMER_ANSWER,
}
# Once the usage is CONFIRMED these are timers of the exchange.
_OF_EXCHANGE = {
    Timer.RESEND: offer_answer.Input.TIMER_RESEND,
    Timer.REOFFER: offer_answer.Input.TIMER_REOFFER,
    Timer.GLARE: offer_answer.Input.TIMER_GLARE,
}


def _middle() -> float:
    return 0.5


class Session:
    """Commands and inputs both return the effects to perform, in order.

    The effects of one call are to be performed before the next call.
    """

    __slots__ = ("_agent", "_armed", "_exchange", "_usage", "call_id", "local_tag")

    def __init__(self, usage: Usage, agent: str) -> None:
        self._usage = usage
        self._exchange = Exchange(usage)
        self._agent = agent
        self._armed: dict[Timer, None] = {}
        self.call_id = usage.invite.call_id
        self.local_tag = usage.local_tag

    @classmethod
    def outgoing(
        cls,
        identity: Identity,
        request_uri: AnyUri,
        hop: Hop,
        *,
        sdp: bytes | None,
        timers: Timers,
        new_cnonce: Callable[[], str],
        headers: Fields = (),
        credentials: tuple[str, str] | None = None,
        realm: str | None = None,
        jitter: Callable[[], float] = _middle,
    ) -> Session:
        """Make a UAC; `start` sends its INVITE to `hop`.

        `sdp` None asks the peer for the offer.  `headers` are added to the INVITE.  `credentials`,
        user and password, answer a challenge from `realm`, or from any realm without it.  `jitter`
        gives random numbers from 0 to 1 (14.1).
        """
        usage = Usage(
            State.IDLE,
            identity.invite(request_uri, headers, sdp),
            identity.local_tag,
            identity.contact,
            timers,
            jitter,
            hop,
        )
        if credentials is not None:
            usage.authentication = Authentication(*credentials, realm, new_cnonce)
        return cls(usage, identity.agent)

    @classmethod
    def incoming(
        cls,
        request: Request,
        local_tag: str,
        contact: str,
        timers: Timers,
        *,
        source: Hop | None = None,
        agent: str = "",
        jitter: Callable[[], float] = _middle,
    ) -> Session:
        """Make a UAS for `request`, an INVITE outside any dialog that has not been answered.

        With `source`, where it came from, requests find back to a peer behind a NAT or on a stream.
        """
        dialog = Dialog.of_uas(request, local_tag, source)
        usage = Usage(
            State.INVITED,
            request,
            local_tag,
            contact,
            timers,
            jitter,
            dialog.hop(),
            is_uas=True,
        )
        usage.dialog = dialog
        return cls(usage, agent)

    @property
    def state(self) -> State:
        """Where the session is between begin and end."""
        return self._usage.state

    # What the user commands.

    def start(self) -> list[Effect]:
        """UAC: send the INVITE."""
        return self._live(Input.START)

    def cancel(self, reason_header: str | None = None) -> list[Effect]:
        """Give the session up; the same as `hang_up`, by the name it has before the answer."""
        return self.hang_up(reason_header)

    def acknowledge(self, sdp: bytes | None) -> list[Effect]:
        """Send the ACK with our answer, after `Established` or `ReofferAnswered` with an offer."""
        if self.state is State.CONFIRMED:
            return self._turn(offer_answer.Input.ACKNOWLEDGE, sdp)
        return self._live(Input.ACKNOWLEDGE, sdp)

    def ring(
        self, status: int, sdp: bytes | None = None, reason: str = "", headers: Fields = ()
    ) -> list[Effect]:
        """UAS: send a provisional response, 101-199.

        Raises:
            ValueError: another status.
        """
        if not 101 <= status <= 199:
            raise ValueError(f"{status} is no provisional response of a UAS")
        return self._live(Input.RING, Words(status, reason, headers, sdp))

    def accept(self, sdp: bytes, headers: Fields = ()) -> list[Effect]:
        """UAS: answer 200 with `sdp`, the answer, or the offer if the INVITE made none."""
        return self._live(Input.ACCEPT, Words(200, "", headers, sdp))

    def refuse(self, status: int, reason: str = "", headers: Fields = ()) -> list[Effect]:
        """UAS: send a final refusal, 300-699.

        Raises:
            ValueError: another status.
        """
        _check_refusal(status)
        return self._live(Input.REFUSE, Words(status, reason, headers))

    def hang_up(self, reason_header: str | None = None) -> list[Effect]:
        """End the session by whatever ends it now: CANCEL, a 480, or a BYE.

        `reason_header` is the value of a Reason field (RFC 3326).  A BYE waits for the ACK to our
        2xx, or for 64*T1 (section 15).  Of several commands the first gives the reason.
        """
        if self.state not in _HANGING_UP:
            self._usage.reason = reason_header
        return self._live(Input.HANG_UP)

    def reoffer(self, sdp: bytes | None) -> list[Effect]:
        """Send a re-INVITE with `sdp`, or one that asks the peer for an offer.

        `ReofferAnswered` or `ReofferRefused` follows; at once if it is not our turn.
        """
        return self._turn(offer_answer.Input.REOFFER, sdp)

    def answer_reoffer(self, sdp: bytes) -> list[Effect]:
        """Answer `Reoffered` with 200 and `sdp`: the answer, or the offer that was asked for."""
        return self._turn(offer_answer.Input.ANSWER, sdp)

    def refuse_reoffer(self, status: int, reason: str = "") -> list[Effect]:
        """Answer `Reoffered` with a refusal, 300-699; 488 if the offer itself is the matter.

        Raises:
            ValueError: another status.
        """
        _check_refusal(status)
        return self._turn(offer_answer.Input.REFUSE, (status, reason))

    def info(self, content_type: str, body: bytes) -> list[Effect]:
        """Send an INFO, if the session is confirmed."""
        if self.state is not State.CONFIRMED:
            return []
        return self._settle((self._usage.begin("INFO", (), body, content_type),))

    # What comes from the wire.

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
            return self._send_again(again)
        return self._final(request, response)

    def _send_again(self, begin: Begin) -> list[Effect]:
        if begin.request.method == "INVITE":
            return self._turn(offer_answer.Input.CHALLENGED, begin)
        return self._settle((begin,))

    def _final(self, request: Request, response: Response) -> list[Effect]:
        if request.method != "BYE" and response.status in (408, 481):
            return self._live(Input.DIALOG_GONE, response)
        if request.method != "INVITE":
            return []
        input_ = self._exchange.input_of(request, response)
        return self._turn(input_, offer_answer.Reply(request, response))

    def failed(self, request: Request, why: Why) -> list[Effect]:
        """Take note that `request`, one that came with `Begin`, gets no final response."""
        if responses.is_of_first_invite(self._usage, request):
            return self._live(Input.INVITE_FAILED, why)
        if request.method == "BYE":
            return []
        if why is Why.TIMEOUT:
            return self._live(Input.DIALOG_GONE)
        if self._exchange.awaits(request):
            return self._turn(offer_answer.Input.UNREACHABLE)
        return []

    def request(self, request: Request) -> list[Effect]:
        """Take a request in the dialog; all are answered but ACK, CANCEL, and what is reported."""
        if request.method in ("ACK", "CANCEL"):
            return self.ack(request) if request.method == "ACK" else self.cancelled(request)
        refusal = indialog.refuse(self._usage, request)
        if refusal:
            return self._settle(refusal)
        if request.method == "BYE":
            return self._live(Input.BYE_RECEIVED, request)
        if request.method != "INVITE":
            return self._settle(indialog.answer(self._usage, request))
        if self.state is State.CONFIRMED:
            return self._turn(offer_answer.Input.INVITE_RECEIVED, request)
        return self._settle(indialog.refuse_invite(self._usage, request))

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
        return self._live(Input.ACK_RECEIVED, request)

    def expire(self, timer: Timer) -> list[Effect]:
        """Take note that `timer` has expired; one that was disarmed meanwhile does nothing."""
        if timer not in self._armed:
            return []
        del self._armed[timer]
        if self.state is State.CONFIRMED and timer in _OF_EXCHANGE:
            return self._turn(_OF_EXCHANGE[timer])
        return self._live(_OF_USAGE[timer])

    # How it is done.

    def _live(self, input_: Input, payload: object = None) -> list[Effect]:
        """Move the usage; if that ends it, first close the exchange and stop all timers."""
        usage = self._usage
        was_live = usage.state is not State.ENDED
        effects = step(TABLE, usage, input_, payload)
        if was_live and usage.state is State.ENDED:
            closing = step(offer_answer.TABLE, self._exchange, offer_answer.Input.CLOSE)
            effects = (*closing, *map(Disarm, self._armed), *effects)
        return self._settle(effects)

    def _turn(self, input_: offer_answer.Input, payload: object = None) -> list[Effect]:
        """Move the exchange; before the usage is confirmed nobody may re-offer."""
        if self.state in (State.CONFIRMED, State.ENDED):
            return self._settle(step(offer_answer.TABLE, self._exchange, input_, payload))
        if input_ is offer_answer.Input.REOFFER:
            return [offer_answer.PENDING]
        return []

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


def _check_refusal(status: int) -> None:
    if not 300 <= status <= 699:
        raise ValueError(f"{status} is no refusal")
