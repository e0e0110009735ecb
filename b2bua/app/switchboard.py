"""All live calls: what arrives finds its call here, or becomes one.

Nothing is decided here about a call that exists; about one that does not exist yet, only whether
it may: who sends it, which number it wants, and whether we take calls at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from b2bua.api.interfaces import Order
from b2bua.app.authentication import Authentication, Challenged, LetIn, Shut
from b2bua.app.equipment import Equipment
from b2bua.app.families import Families
from b2bua.app.inbound import Arrival, Refusal, Takeover, judge, judge_takeover
from b2bua.app.legs import Legs
from b2bua.app.lines import Lines
from b2bua.app.live_call import LiveCall
from b2bua.app.live_leg import LiveLeg
from b2bua.app.logs import logger
from b2bua.app.media_policy import MediaPolicy
from b2bua.app.outbound import Outbound, contact_at
from b2bua.app.settings import Settings
from b2bua.app.verified_caller import VerifiedCaller
from b2bua.call.call import Call
from b2bua.call.origination import OriginatedCall
from b2bua.call.vocabulary import Digit
from b2bua.media.interfaces import Notice, Played, Pressed, Silent
from b2bua.net.driver import ServerTransaction, Silence, stateless_tag
from b2bua.routing.interfaces import IRouter
from b2bua.routing.plan import LegFacts, NumberSettings, Offer
from b2bua.sip.dialog.capabilities import answer_outside
from b2bua.sip.dialog.session import Session
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.registrar.registration import user_of
from b2bua.sip.uri import Uri

MAX_FORWARDS = 70
"""RFC 3261 section 8.1.1.6: what a call that begins here has."""

log = logger("switchboard")


class Switchboard:
    """Provides the driver's `TransactionUser`.  `equip` comes before the first message."""

    def __init__(self) -> None:
        self.is_draining = False
        self.refused: Counter[str] = Counter()
        self._untold, self._told_at = 0, -1.0
        self.malformed_by_reason: Counter[str] = Counter()
        self.total = 0
        self._calls: dict[str, LiveCall] = {}
        self._arrival: Arrival | Takeover | None = None

    def equip(
        self, equipment: Equipment, routers: Mapping[str, IRouter], policy: MediaPolicy
    ) -> None:
        """Give it what calls are made with."""
        self._equipment = equipment
        self._routers = routers
        self._policy = policy
        self._legs = Legs(equipment, policy)
        limits, new_token = equipment.settings.limits, equipment.entropy.family
        self._families = Families(limits.call_legs, limits.call_depth, new_token)
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

    def refusal(self, request: Request, source: Hop) -> Response | Silence | None:
        """Judge a new request before anything is spent on it.

        Whatever neither belongs to a call nor becomes one is answered here, without state (8.2.7):
        a flood of it leaves nothing behind, and no refusal is sent twice.
        """
        if request.to.tag is not None:
            return None if self._legs.of(request) else self._refuse(request, 481)
        if request.method == "REGISTER" and self._equipment.settings.users:
            return self._unregistrable(request, source)
        if request.method != "INVITE":
            return answer_outside(request, stateless_tag(request))
        beyond = self._beyond_capacity(request)
        if beyond is not None:
            return beyond
        if self._equipment.trunk_of(request) is not None:
            return self._unacceptable(request, source, "")
        judgement = self._authentication.judge(request, source.host)
        if isinstance(judgement, LetIn):
            return self._unacceptable(request, source, judgement.user)
        return self._shut_out(request, source, judgement)

    def _beyond_capacity(self, request: Request) -> Response | None:
        reason = self._reason_to_refuse()
        if reason is None:
            return None
        self.refused[reason] += 1
        return self._refuse(request, 503, [("Retry-After", self._retry_after())])

    def _reason_to_refuse(self) -> str | None:
        if self.is_draining:
            return "draining"
        if len(self._calls) >= self._equipment.settings.limits.calls:
            return "capacity"
        return "overload" if self._equipment.is_late() else None

    def _unregistrable(self, request: Request, source: Hop) -> Response | Silence | None:
        """Let a REGISTER pass whose sender has proved to be the very user it is about (10.3)."""
        judgement = self._authentication.prove(request, source.host)
        if not isinstance(judgement, LetIn):
            return self._shut_out(request, source, judgement)
        if judgement.user != user_of(request):
            self._tell_refused("another_user", source)
            return self._refuse(request, 403)
        if not self._equipment.registrations.has_room():
            self._tell_refused("registers", source)
            return self._refuse(request, 503, [("Retry-After", self._retry_after())])
        return None

    def _shut_out(
        self, request: Request, source: Hop, judgement: Shut | Challenged
    ) -> Response | Silence:
        if isinstance(judgement, Challenged):
            self._tell_refused("unauthenticated", source)
            return self._refuse(request, 401, judgement.fields)
        if judgement is Shut.SILENT:
            self._tell_refused("silenced", source)
            return Silence()
        self._tell_refused("untrusted_source", source)
        return self._refuse(request, 403)

    def _unacceptable(self, request: Request, source: Hop, user: str) -> Response | None:
        judged = self._judge(request, source, user)
        if not isinstance(judged, Refusal):
            self._arrival = judged
            return None
        self._tell_refused(judged.why, source)
        return self._refuse(request, judged.status, judged.headers, judged.reason)

    def _judge(self, request: Request, source: Hop, user: str) -> Arrival | Takeover | Refusal:
        equipment = self._equipment
        if self._families.of(request) is not None:
            return Refusal(482, "loop")
        if "Replaces" in request.headers:
            return judge_takeover(
                request, source.host, equipment.settings, self._legs, self._policy
            )
        return judge(
            request,
            source.host,
            equipment.settings,
            equipment.number_for,
            self._policy,
            equipment.entropy.call_sid(),
            user,
        )

    def request_received(self, transaction: ServerTransaction) -> None:
        """Take a new request that `refusal` let pass: of a call, or for a new one."""
        leg = self._legs.of(transaction.request)
        if leg is not None:
            leg.requested(transaction)
            return
        if transaction.request.method == "REGISTER":
            self._equipment.registrations.take(transaction)
            return
        arrival, self._arrival = self._arrival, None
        assert arrival is not None, "the driver asks `refusal` just before"
        if isinstance(arrival, Takeover):
            self._take_over(transaction, arrival)
            return
        self.total += 1
        self._begin(transaction, arrival, self.router(arrival.offer.number))

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

    def _begin(self, transaction: ServerTransaction, arrival: Arrival, router: IRouter) -> None:
        equipment, entropy = self._equipment, self._equipment.entropy
        core = Call(
            arrival.facts,
            arrival.offer.number.status,
            arrival.sdp,
            entropy.call_sid,
            entropy.call_id,
        )
        family = self._families.join(transaction.request)
        outbound = Outbound(equipment, self._legs, family, arrival.max_forwards, arrival.passed)
        call = LiveCall(core, arrival.offer, equipment, outbound, self._ended)
        sid = arrival.facts.call_sid
        lines = self._legs.lines(sid, v6=":" in transaction.source.host, nat=arrival.is_behind_nat)
        leg = self._caller_leg(transaction, sid, lines, call)
        self._calls[core.sid] = call
        log.info("a call", call_sid=core.sid, caller=arrival.facts.from_, called=arrival.facts.to)
        call.begin(leg, self._verified(transaction.request, router))

    def _verified(self, request: Request, router: IRouter) -> IRouter:
        """Return `router`, behind the verification of who calls where that is asked for."""
        verifier = self._equipment.verifier
        if verifier is None or not verifier.is_at_work:
            return router
        identities = request.headers.get_all("Identity")
        caller: Any = VerifiedCaller(router, verifier, identities, self._equipment.wall())
        verified: IRouter = caller
        return verified

    def dial(self, order: Order, facts: LegFacts) -> bool:
        """Begin the call that an account has ordered; False: there is no room for it now."""
        if self._reason_to_refuse() is not None:
            return False
        equipment, entropy = self._equipment, self._equipment.entropy
        core = OriginatedCall(
            replace(facts, sip_call_id=entropy.call_id()),
            order.target,
            entropy.call_sid,
            entropy.call_id,
            timeout=order.timeout,
            time_limit=order.time_limit,
        )
        account = equipment.settings.account(facts.account_sid)
        country = account.country if account is not None else ""
        offer = Offer(facts.from_, facts.to, order.number, country)
        outbound = Outbound(equipment, self._legs, self._families.join(), MAX_FORWARDS)
        call = LiveCall(core, offer, equipment, outbound, self._ended)
        self._calls[core.sid] = call
        self.total += 1
        log.info("a call of ours", call_sid=core.sid, caller=facts.from_, called=facts.to)
        call.dial(core.dial, self.router(order.number), order.digits)
        return True

    def router(self, number: NumberSettings) -> IRouter:
        """Return the router that `number` names."""
        return self._routers[number.router]

    def call_of(self, sid: str) -> LiveCall | None:
        """Return the call that a live leg takes part in, the caller's or another."""
        leg = self._legs.named(sid)
        return None if leg is None else self._calls.get(leg.call_sid)

    def _take_over(self, transaction: ServerTransaction, arrival: Takeover) -> None:
        """Let a phone take the place of a leg in its call (RFC 3891)."""
        old = arrival.leg
        call = self._calls[old.call_sid]
        spare = self._legs.lines(old.sid, v6=False, nat=arrival.is_behind_nat)
        call.replace(self._caller_leg(transaction, old.sid, spare, call), arrival.sdp)

    def _caller_leg(
        self, transaction: ServerTransaction, sid: str, lines: Lines, call: LiveCall
    ) -> LiveLeg:
        equipment, request = self._equipment, transaction.request
        tag = equipment.entropy.tag()
        session = Session.incoming(
            request,
            tag,
            contact_at(
                transaction.local,
                secured=isinstance(request.uri, Uri) and request.uri.scheme == "sips",
            ),
            equipment.timers,
            source=transaction.source,
            jitter=equipment.entropy.fraction,
            policy=equipment.settings.sip.session_timer,
        )
        leg = self._legs.add(
            sid,
            call.core.sid,
            (request.call_id, tag),
            session,
            lines,
            say=call.say,
            ended=call.leg_ended,
        )
        leg.offered(transaction)
        transaction.user = leg
        return leg

    def _ended(self, call: LiveCall) -> None:
        if self._calls.pop(call.core.sid, None) is not None:
            call.family.leave()
            self._equipment.forget(call.core.sid)
            facts = call.core.caller.record.facts
            log.info("the call is over", call_sid=facts.call_sid, status=facts.status.value)

    def _tell_refused(self, why: str, source: Hop) -> None:
        """Count a refusal, and log at most one a second: scanners must not fill the disk."""
        self.refused[why] += 1
        self._untold += 1
        now = self._equipment.clock.seconds()
        if now - self._told_at >= 1.0:
            log.info("INVITEs refused", count=self._untold, last_why=why, last_source=source.host)
            self._told_at, self._untold = now, 0

    def _refuse(
        self,
        request: Request,
        status: int,
        headers: Sequence[tuple[str, str]] = (),
        reason: str = "",
    ) -> Response:
        return request.reply(status, reason, stateless_tag(request), headers)

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
            "contacts": len(self._equipment.registrations),
        }
