"""All live calls: what arrives finds its call here, or becomes one.

Nothing is decided here about a call that exists; about one that does not exist yet, only whether
it may: who sends it, which number it wants, and whether we take calls at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from b2bua.app.authentication import Authentication
from b2bua.app.equipment import Equipment
from b2bua.app.inbound import Arrival, Refusal, judge
from b2bua.app.legs import Legs
from b2bua.app.live_call import LiveCall
from b2bua.app.live_leg import LiveLeg
from b2bua.app.logs import logger
from b2bua.app.media_policy import MediaPolicy
from b2bua.app.outbound import Outbound, contact_at
from b2bua.app.settings import Settings
from b2bua.call.call import Call
from b2bua.call.vocabulary import Digit
from b2bua.media.interfaces import Notice, Played, Pressed, Silent
from b2bua.net.driver import ServerTransaction
from b2bua.routing.interfaces import IRouter
from b2bua.sip.dialog.capabilities import describe, refuse_method
from b2bua.sip.dialog.session import Session
from b2bua.sip.message import Request, Response

log = logger("switchboard")

NEED_A_DIALOG = frozenset({"BYE", "INFO", "PRACK", "UPDATE", "NOTIFY"})
"""RFC 3261 section 12.2.2: outside any dialog these get 481, whether we have them or not."""


class Switchboard:
    """Provides the driver's `TransactionUser`.  `equip` comes before the first message."""

    def __init__(self) -> None:
        self.is_draining = False
        self.refused: Counter[str] = Counter()
        self.malformed_by_reason: Counter[str] = Counter()
        self.total = 0
        self._calls: dict[str, LiveCall] = {}

    def equip(
        self, equipment: Equipment, routers: Mapping[str, IRouter], policy: MediaPolicy
    ) -> None:
        """Give it what calls are made with."""
        self._equipment = equipment
        self._routers = routers
        self._policy = policy
        self._legs = Legs(equipment, policy)
        self._authentication = Authentication(equipment.settings, equipment.clock.seconds)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def legs(self) -> Legs:
        """All live legs."""
        return self._legs

    @property
    def clocks(self) -> int:
        """How many clocks of calls and legs run."""
        return self._legs.timers + sum(call.clocks for call in self._calls.values())

    def reread(self, settings: Settings, routers: Mapping[str, IRouter]) -> None:
        """Go by other numbers, trunks, users and routers; live calls go on as they are."""
        self._equipment.settings = settings
        self._authentication.settings = settings
        self._routers = routers

    def hang_up_all(self) -> None:
        """End every call from our side."""
        for call in [*self._calls.values()]:
            call.hang_up()

    # What arrives.

    def refusal(self, request: Request) -> Response | None:
        """Judge a new INVITE before anything is spent on it: 503 beyond what we can carry."""
        if self.is_draining:
            reason = "draining"
        elif len(self._calls) >= self._equipment.settings.limits.calls:
            reason = "capacity"
        elif self._equipment.is_late():
            reason = "overload"
        else:
            return None
        self.refused[reason] += 1
        tag = self._equipment.entropy.tag()
        return request.reply(503, to_tag=tag, headers=[("Retry-After", self._retry_after())])

    def request_received(self, transaction: ServerTransaction) -> None:
        """Take a new request, in or out of a dialog."""
        request = transaction.request
        if request.to.tag is not None:
            leg = self._legs.of(request)
            if leg is None:
                self._answer(transaction, 481)
            else:
                leg.requested(transaction)
        elif request.method == "INVITE":
            self._take_invite(transaction)
        elif request.method == "OPTIONS":
            transaction.respond(describe(request, self._equipment.entropy.tag()))
        elif request.method in NEED_A_DIALOG:
            self._answer(transaction, 481)
        else:
            refused = refuse_method(request, self._equipment.entropy.tag())
            transaction.respond(refused or request.reply(501))

    def cancel_received(self, invite: ServerTransaction, cancel: Request) -> None:
        """Take the caller's CANCEL of an INVITE that is not answered."""
        if isinstance(invite.user, LiveLeg):
            invite.user.cancelled(cancel)

    def ack_received(self, ack: Request) -> None:
        """Take an ACK for a 2xx; one of no dialog is dropped."""
        if leg := self._legs.of(ack):
            leg.acknowledged(ack)

    def malformed(self, reason: str) -> None:
        """Count a message that could not be read."""
        self.malformed_by_reason[reason] += 1

    def noticed(self, notice: Notice) -> None:
        """Take what the media relay noticed."""
        leg = self._legs.at(notice.stream)
        call = self._calls.get(leg.call_sid) if leg is not None else None
        if leg is None or call is None:
            return
        match notice:
            case Pressed(_, digit):
                call.say(leg, Digit(digit))
            case Played(_, token):
                call.played(leg.sid, token)
            case Silent():
                call.silent(leg.sid)

    # How a call begins and ends.

    def _take_invite(self, transaction: ServerTransaction) -> None:
        equipment = self._equipment
        challenges = self._authentication.refusal(transaction)
        if challenges is not None:
            self.refused["unauthenticated" if challenges else "untrusted_source"] += 1
            self._answer(transaction, 401 if challenges else 403, challenges)
            return
        judged = judge(transaction, equipment.settings, self._policy, equipment.entropy.call_sid())
        if isinstance(judged, Refusal):
            self.refused[judged.why] += 1
            self._answer(transaction, judged.status, judged.headers, judged.reason)
            return
        self.total += 1
        self._begin(transaction, judged, self._routers[judged.offer.number.router])

    def _begin(self, transaction: ServerTransaction, arrival: Arrival, router: IRouter) -> None:
        equipment, entropy = self._equipment, self._equipment.entropy
        core = Call(
            arrival.facts,
            arrival.offer.number.status,
            arrival.sdp,
            entropy.call_sid,
            entropy.call_id,
        )
        outbound = Outbound(equipment, self._legs, arrival.max_forwards)
        call = LiveCall(core, arrival.offer, equipment, outbound, self._ended)
        leg = self._caller_leg(transaction, arrival, call)
        self._calls[core.sid] = call
        log.info("a call", call_sid=core.sid, caller=arrival.facts.from_, called=arrival.facts.to)
        call.begin(leg, router)

    def _caller_leg(
        self, transaction: ServerTransaction, arrival: Arrival, call: LiveCall
    ) -> LiveLeg:
        equipment, request = self._equipment, transaction.request
        tag = equipment.entropy.tag()
        session = Session.incoming(
            request,
            tag,
            contact_at(transaction.local),
            equipment.timers,
            source=transaction.source,
            jitter=equipment.entropy.fraction,
        )
        sid = arrival.facts.call_sid
        lines = self._legs.lines(sid, v6=":" in transaction.source.host, nat=arrival.is_behind_nat)
        leg = self._legs.add(
            sid, sid, (request.call_id, tag), session, lines, say=call.say, ended=call.leg_ended
        )
        leg.offered(transaction)
        transaction.user = leg
        return leg

    def _ended(self, call: LiveCall) -> None:
        if self._calls.pop(call.core.sid, None) is not None:
            self._equipment.forget(call.core.sid)
            facts = call.core.caller.record.facts
            log.info("the call is over", call_sid=facts.call_sid, status=facts.status.value)

    def _answer(
        self,
        transaction: ServerTransaction,
        status: int,
        headers: list[tuple[str, str]] | None = None,
        reason: str = "",
    ) -> None:
        tag = self._equipment.entropy.tag()
        transaction.respond(transaction.request.reply(status, reason, tag, headers or []))

    def _retry_after(self) -> str:
        limits = self._equipment.settings.limits
        span = limits.retry_after_max - limits.retry_after_min
        return str(limits.retry_after_min + round(self._equipment.entropy.fraction() * span))

    def counters(self) -> dict[str, Any]:
        """Return this switchboard's part of `/counters`."""
        return {
            "calls": len(self._calls),
            "legs": len(self._legs),
            "calls_total": self.total,
            "refused": dict(self.refused),
            "malformed": dict(self.malformed_by_reason),
        }
