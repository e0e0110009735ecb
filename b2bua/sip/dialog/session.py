"""One INVITE usage of a dialog: the SIP side of one leg, as UAC or as UAS.

Theory of operation
===================

A session is four things, and each has its own file.

1. The *usage* (`usage`) is somewhere between "not begun" and "ended".  Its table is a sum of three:

   `outgoing`   IDLE --start--> CALLING --2xx--> CONFIRMED
                                CALLING --2xx with an offer--> ACK_HELD --acknowledge--> CONFIRMED
                                CALLING --hang up--> CANCELLING --any final response--> ENDED
   `incoming`   INVITED --accept--> ACCEPTED --ACK--> CONFIRMED
                                    ACCEPTED --hang up--> BYE_HELD --ACK--> ENDED
   `established`                                        CONFIRMED --BYE, ours or theirs--> ENDED

2. The *dialog* (`dialog`) has no state but its numbers: tags, CSeq, route set, remote target.  A
   UAC has none before its first 2xx; the early dialogs of a fork (`early`) are only tags, and what
   was heard, unless they send reliable responses.

3. The *exchange* (`offer_answer`) is whose turn it is to make an offer, once the first one has its
   answer.  The first INVITE's own offer and answer need no machine: the usage's states are it.

4. The *provisionals* (`reliable`) are there if the caller requires 100rel: one 18x after the other.

`wire` decides which table is asked about what arrives (`responses` and `indialog` read it), and
nothing else; this file has the commands.  The rules that the rest relies on:

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

from collections.abc import Callable, Collection, Sequence

from b2bua.sip.dialog import offer_answer, session_timer, transfer
from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.dialog.early import RELIABLE
from b2bua.sip.dialog.effects import Effect
from b2bua.sip.dialog.identity import Identity
from b2bua.sip.dialog.reliable import Provisionals
from b2bua.sip.dialog.session_timer import TimerPolicy
from b2bua.sip.dialog.usage import Input, State, Usage, Words
from b2bua.sip.dialog.wire import Wire
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.uri import AnyUri

__all__ = ["Identity", "Session", "State"]

Fields = Sequence[tuple[str, str]]

_HANGING_UP = (State.CANCELLING, State.BYE_HELD, State.ENDED)


NO_TIMER = TimerPolicy()


def _middle() -> float:
    return 0.5


class Session(Wire):
    """Commands and inputs both return the effects to perform, in order.

    The effects of one call are to be performed before the next call.
    """

    __slots__ = ("call_id", "local_tag")

    def __init__(self, usage: Usage, agent: str) -> None:
        super().__init__(usage, agent)
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
        policy: TimerPolicy = NO_TIMER,
    ) -> Session:
        """Make a UAC; `start` sends its INVITE to `hop`.

        `sdp` None asks the peer for the offer.  `headers` are added to the INVITE.  `credentials`,
        user and password, answer a challenge from `realm`, or from any realm without it.  `jitter`
        gives random numbers from 0 to 1 (14.1).
        """
        usage = Usage(
            State.IDLE,
            identity.invite(request_uri, (*session_timer.in_first_invite(policy), *headers), sdp),
            identity.local_tag,
            identity.contact,
            timers,
            jitter,
            hop,
        )
        if credentials is not None:
            usage.authentication = Authentication(*credentials, realm, new_cnonce)
        usage.told, usage.policy, usage.min_se = sdp, policy, policy.min_se
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
        policy: TimerPolicy = NO_TIMER,
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
        usage.dialog, usage.policy, usage.min_se = dialog, policy, policy.min_se
        session = cls(usage, agent)
        if RELIABLE in request.headers.listed("Require"):
            session._provisionals = Provisionals(usage)
        return session

    @property
    def remote_tag(self) -> str | None:
        """The peer's tag, None before there is a dialog."""
        return self._usage.dialog.remote.tag if self._usage.has_dialog else None

    @property
    def early_tags(self) -> Collection[str | None]:
        """The To tags that provisional responses have brought."""
        return self._usage.early.keys()

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
        words = Words(status, reason, headers, sdp)
        if self._provisionals is not None and self.state is State.INVITED:
            return self._settle(self._provisionals.ring(words))
        return self._live(Input.RING, words)

    def accept(self, sdp: bytes, headers: Fields = ()) -> list[Effect]:
        """UAS: answer 200 with `sdp`, the answer, or the offer if the INVITE made none.

        The 200 may have to wait for the PRACK to a reliable response, and is without `sdp` if that
        has told it.
        """
        words = Words(200, "", headers, sdp)
        if self._provisionals is not None and self._provisionals.must_hold:
            self._provisionals.held = words
            return []
        return self._live(Input.ACCEPT, words)

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

    def accept_referral(self) -> list[Effect]:
        """Answer `Referred` with 202, and tell the peer that it is being tried (RFC 3515)."""
        return self._refer(transfer.Input.ACCEPT)

    def refuse_referral(self, status: int) -> list[Effect]:
        """Answer `Referred` with a refusal, 300-699.

        Raises:
            ValueError: another status.
        """
        _check_refusal(status)
        return self._refer(transfer.Input.REFUSE, status)

    def end_referral(self, status: int) -> list[Effect]:
        """Tell the peer what came of its REFER: the final status of a call, 200-699."""
        return self._refer(transfer.Input.DONE, status)

    def info(self, content_type: str, body: bytes) -> list[Effect]:
        """Send an INFO, if the session is confirmed."""
        if self.state is not State.CONFIRMED:
            return []
        return self._settle((self._usage.begin("INFO", (), body, content_type),))


def _check_refusal(status: int) -> None:
    if not 300 <= status <= 699:
        raise ValueError(f"{status} is no refusal")
