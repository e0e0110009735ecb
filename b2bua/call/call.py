"""One call: a caller, whom it is trying to reach, and whom it has reached.

Inputs are what a router asks, what legs say, and what clocks and media notice; each returns the
effects that follow, in order, and calls nobody.  The parts know their own rules: `caller.py` the
caller's leg, `fork.py` the race, `attempt.py` what the caller hears meanwhile, `bridge.py` two legs
joined, `record.py` what the application is told.

A `ring` is over when the race is lost, when either side of the bridge ends, or when the caller
goes; it is told once (`RingOver`), and a caller who is still there is the router's again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from b2bua.call.alone import NO_COMMON_CODEC, reoffer_alone
from b2bua.call.attempt import Attempt
from b2bua.call.branch import Branch
from b2bua.call.branch import State as BranchState
from b2bua.call.bridge import Bridge
from b2bua.call.caller import Caller
from b2bua.call.effects import (
    AcceptReferral,
    AimAt,
    AnswerReoffer,
    Arm,
    Clock,
    Effect,
    HearKey,
    LegId,
    LetGo,
    RefuseReferral,
    RefuseReoffer,
    RingOver,
    SendKey,
)
from b2bua.call.fork import Fork, ForkEffect, Lost, Rang, Won
from b2bua.call.record import LegRecord
from b2bua.call.refusals import BAD_DESCRIPTION, MEDIA_TIMEOUT, refusal_for_caller
from b2bua.call.vocabulary import (
    Confirmed,
    Digit,
    HungUp,
    Referred,
    Refused,
    ReofferConfirmed,
    Reoffered,
    Word,
)
from b2bua.routing.plan import (
    Direction,
    LegFacts,
    Outcome,
    Ring,
    Status,
    StatusPlan,
    Target,
)
from b2bua.sdp.description import Description

DECLINE = 603


class Call:
    """The caller's leg and the legs rung for it.  `now` is monotonic seconds, everywhere.

    `new_sid` and `new_call_id` return a fresh CallSid and a fresh Call-ID for each leg.
    """

    def __init__(
        self,
        facts: LegFacts,
        plan: StatusPlan | None,
        offered: Description | None,
        new_sid: Callable[[], str],
        new_call_id: Callable[[], str],
    ) -> None:
        self.caller = Caller(LegRecord(facts, plan), offered)
        self._new_sid = new_sid
        self._new_call_id = new_call_id
        self._attempt: Attempt | None = None
        self._branches: dict[LegId, Attempt] = {}
        self._last: Outcome | None = None
        self._own_refusal: int | None = None

    @property
    def sid(self) -> LegId:
        """The caller's CallSid, which names the call."""
        return self.caller.leg

    @property
    def is_over(self) -> bool:
        """Whether the caller is gone and every leg has had its `completed`."""
        return self.caller.is_over and not self._branches

    @property
    def is_ringing(self) -> bool:
        """Whether a `ring` is under way, bridged or not."""
        return self._attempt is not None

    def vouch(self, verstat: str, passport: str) -> None:
        """Know what the caller's PASSporT is worth; webhooks tell it from now on (rcml.md 6.5)."""
        record = self.caller.record
        record.facts = replace(record.facts, verstat=verstat, passport=passport or None)

    def record(self, leg: LegId) -> LegRecord:
        """Return the record of one leg of this call.

        Raises:
            KeyError: no such leg is alive.
        """
        if leg == self.sid:
            return self.caller.record
        return self._branches[leg].fork.branches[leg].record

    # What a router asks.

    def start(self) -> list[Effect]:
        """Note the caller's arrival."""
        return [*self.caller.record.initiate()]

    def alert(self) -> list[Effect]:
        """Let the caller's phone ring, unless it has been answered or has gone."""
        return [*self.caller.alert(180)]

    def answer(self, now: float) -> list[Effect]:
        """Answer the caller so that it can hear prompts; 488 if it speaks no G.711."""
        if self.caller.is_answered or self.caller.is_over:
            return []
        own = self.caller.own_description()
        if own is None:
            return [*self.caller.refuse(NO_COMMON_CODEC, "Not Acceptable Here", now)]
        return [*self.caller.answer(own, now)]

    def refuse(self, status: int, reason: str, now: float) -> list[Effect]:
        """Send the caller a final refusal, or hang up if it has been answered."""
        return [*self.caller.refuse(status, reason, now)]

    def hang_up(self, now: float) -> list[Effect]:
        """End the caller's leg: BYE, or what nobody could be reached means for it."""
        status = 480
        if self._own_refusal is not None:
            status = self._own_refusal
        elif self._last is not None:
            status, _ = refusal_for_caller(self._last.status, self._last.sip_status)
        return [*self.caller.hang_up(now, status=status), *self._caller_left(now)]

    def ring(self, ring: Ring, now: float) -> list[Effect]:
        """Begin an attempt; `RingOver` tells its end.  A caller who has gone ends it at once."""
        if self.caller.is_over:
            return [RingOver(Outcome(Status.CANCELED, caller_gone=True))]
        if not ring.targets:
            return [RingOver(Outcome(Status.FAILED))]
        self._own_refusal = None
        branches = [self._branch(target, ring.caller_id) for target in ring.targets]
        attempt = Attempt(ring, self.caller, Fork(ring, branches, None, now))
        begun = attempt.begin(now)
        attempt.fork.offer = self._offer_for(ring)
        self._attempt = attempt
        for branch in branches:
            self._branches[branch.leg] = attempt
        return [*begun, *self._follow(attempt, attempt.fork.start(), now)]

    def limit(self, seconds: float) -> list[Effect]:
        """Let the call last `seconds` from now on."""
        return [Arm(Clock.CALL, self.sid, seconds)]

    def redirect(self, now: float) -> list[Effect]:
        """Take the caller away from whoever it rings or talks to; they are let go."""
        attempt = self._attempt
        if attempt is None:
            return []
        gone = self._follow(attempt, attempt.fork.abandon(now), now)
        return [*gone, *self._ring_over(attempt)]

    def dismiss(self, leg: LegId, now: float) -> list[Effect]:
        """End one leg: the caller's, or one rung for it alone (rule D-13)."""
        if leg == self.sid:
            return self.hang_up(now)
        attempt = self._branches.get(leg)
        if attempt is None:
            return []
        return self._follow(attempt, attempt.fork.dismiss(leg, now), now)

    def screened(self, leg: LegId, accepted: bool, now: float) -> list[Effect]:
        """Take the end of a callee's private conversation."""
        attempt = self._branches.get(leg)
        if attempt is None:
            return []
        return self._follow(attempt, attempt.fork.screened(leg, accepted, now), now)

    # What legs say.

    def hear(self, leg: LegId, word: Word, now: float) -> list[Effect]:
        """Take one word of one leg.  A leg that is over says nothing that matters any more."""
        if isinstance(word, Digit):
            return self._digit(leg, word, now)
        if isinstance(word, Referred):
            return self._referred(leg, word, now)
        if isinstance(word, Reoffered) and word.fault is not None:
            return [RefuseReoffer(leg, NO_COMMON_CODEC, "Not Acceptable Here")]
        if leg == self.sid:
            return self._hear_caller(word, now)
        attempt = self._branches.get(leg)
        return [] if attempt is None else self._hear_branch(attempt, leg, word, now)

    def expire(self, clock: Clock, leg: LegId, now: float) -> list[Effect]:
        """Take the end of one of the clocks that an effect armed."""
        if clock is Clock.CALL:
            return self.hang_up(now)
        if clock is Clock.LIMIT:
            return self._end_bridge(now)  # rule D-6: the callee is let go, the caller goes on
        attempt = self._branches.get(leg)
        if attempt is None:
            return []
        return self._follow(attempt, attempt.fork.time_over(leg, now), now)

    def silent(self, leg: LegId, now: float) -> list[Effect]:
        """Take that no media came from a leg for too long: the call ends and says why."""
        lost = HungUp(MEDIA_TIMEOUT[1], MEDIA_TIMEOUT)
        if leg == self.sid:
            gone = self.caller.hang_up(now, MEDIA_TIMEOUT)
            return [*gone, *self._caller_left(now, MEDIA_TIMEOUT)]
        attempt = self._branches.get(leg)
        if attempt is None:
            return []
        branch = attempt.fork.branches[leg]
        if branch.state in (BranchState.CALLING, BranchState.RINGING):
            return self.expire(Clock.RING, leg, now)
        was_bridged = attempt.bridge is not None
        ended: list[Effect] = [LetGo(leg), *self._hear_branch(attempt, leg, lost, now)]
        if was_bridged and not self.caller.is_over:
            ended += self.caller.hang_up(now, MEDIA_TIMEOUT)
        return ended

    def no_media(self, leg: LegId, now: float) -> list[Effect]:
        """Take that there are no ports for a leg's media: that leg cannot go on."""
        if leg == self.sid:
            return [*self.caller.hang_up(now, status=503), *self._caller_left(now)]
        return [LetGo(leg), *self.hear(leg, HungUp("no media ports"), now)]

    def _hear_caller(self, word: Word, now: float) -> list[Effect]:
        attempt = self._attempt
        match word:
            case HungUp():
                left = self.caller.leaves(word, now)
                return [*left, *self._caller_left(now, word.error, word.said)]
            case Refused():
                return [*self.caller.leaves(HungUp(word.reason), now), *self._caller_left(now)]
            case Confirmed():
                return self._confirmed(word, now)
        joined = None if attempt is None else attempt.bridge or attempt.early
        if joined is not None:
            return self._agreed(joined, self.sid, word)
        return reoffer_alone(self.caller, self.sid, word)

    def _confirmed(self, word: Confirmed, now: float) -> list[Effect]:
        aimed: list[Effect] = []
        if not self.caller.offered_sdp:
            if word.sdp is None:
                # Our 200 carried the offer; without an answer there is no media (13.2.1).
                gone = self.caller.hang_up(now, (BAD_DESCRIPTION, "the ACK has no answer"))
                return [*gone, *self._caller_left(now)]
            self.caller.offered_sdp = True
            self.caller.remote = word.sdp
            aimed.append(AimAt(self.sid, word.sdp))
        if self._attempt is not None:
            aimed += self._attempt.confirmed(word)
        return aimed

    def _agreed(self, bridge: Bridge, leg: LegId, word: Word) -> list[Effect]:
        """Let the bridge hear a word, and remember what the caller's side has agreed to.

        Before its 200, that is also what it has been told, and the 200 says nothing else.
        """
        is_early, offered = not self.caller.is_answered, bridge.offered
        agreed = [*bridge.hear(leg, word)]
        for effect in agreed:
            if isinstance(effect, AimAt) and effect.leg == self.sid:
                self.caller.remote = effect.sdp
                if is_early and leg == self.sid:
                    self.caller.local = offered
            elif is_early and isinstance(effect, AnswerReoffer) and effect.leg == self.sid:
                self.caller.local = effect.sdp
        return agreed

    def _hear_branch(self, attempt: Attempt, leg: LegId, word: Word, now: float) -> list[Effect]:
        branch = attempt.fork.branches[leg]
        bridge = attempt.bridge
        if isinstance(word, Refused) and word.is_ours:
            self._own_refusal = word.status
        if bridge is not None and bridge.b == leg and branch.state is BranchState.ACCEPTED:
            told = self._agreed(bridge, leg, word)
            if told:
                return told
        elif attempt.early is not None and attempt.early.b == leg and branch.is_live:
            told = self._agreed(attempt.early, leg, word)
            if told:
                return told
        elif isinstance(word, Reoffered | ReofferConfirmed):
            if branch.state is BranchState.SCREENING:
                return reoffer_alone(self.caller, leg, word)
            if isinstance(word, Reoffered):
                return [RefuseReoffer(leg, NO_COMMON_CODEC)]
        return self._follow(attempt, attempt.fork.hear(leg, word, now), now)

    def _referred(self, leg: LegId, word: Referred, now: float) -> list[Effect]:
        """Hand the caller back to its router, with whom the callee wants it connected to."""
        attempt = self._attempt
        bridge = None if attempt is None else attempt.bridge
        if attempt is None or bridge is None or bridge.b != leg or not attempt.ring.takes_referral:
            return [RefuseReferral(leg, DECLINE)]
        attempt.referred_to = word.target
        return [AcceptReferral(leg), *self._end_bridge(now)]

    def _digit(self, leg: LegId, word: Digit, now: float) -> list[Effect]:
        bridge = self._attempt.bridge if self._attempt is not None else None
        if bridge is None or leg not in (bridge.a, bridge.b):
            return [HearKey(leg, word.key)]
        if word.key == "*" and leg == bridge.a and bridge.block_digits:
            return self._end_bridge(now)  # rule D-7
        return [SendKey(bridge.other(leg), word.key)] if word.by_info else []

    # How attempts go on and end.

    def _offer_for(self, ring: Ring) -> Description | None:
        """Return what the targets are offered; None: a late offer is passed on as one."""
        one = len(ring.targets) == 1 and ring.targets[0].screen is None
        plain = one and not ring.targets[0].send_digits
        if plain and self.caller.remote is None and self.caller.local is None:
            return None
        return self.caller.offer_for_callee()

    def _branch(self, target: Target, caller_id: str) -> Branch:
        parent = self.caller.record.facts
        facts = LegFacts(
            call_sid=self._new_sid(),
            account_sid=parent.account_sid,
            direction=Direction.OUTBOUND_DIAL,
            status=Status.INITIATED,
            from_=caller_id or parent.from_,
            to=target.to,
            parent_call_sid=parent.call_sid,
            sip_call_id=self._new_call_id(),
        )
        return Branch(target, LegRecord(facts, target.status))

    def _follow(self, attempt: Attempt, effects: Iterable[ForkEffect], now: float) -> list[Effect]:
        followed: list[Effect] = []
        for effect in effects:
            match effect:
                case Rang():
                    followed += attempt.rang(effect)
                case Won(branch):
                    followed += attempt.won(branch, now)
                case Lost():
                    followed += self._ring_over(attempt)
                case _:
                    followed.append(effect)
        winner = attempt.fork.winner
        if winner is not None and not winner.is_live:
            followed += self._ring_over(attempt)
        self._forget_ended(attempt)
        return followed

    def _ring_over(self, attempt: Attempt, *, caller_gone: bool = False) -> list[Effect]:
        if self._attempt is not attempt:
            return []
        self._attempt = None
        outcome = attempt.fork.outcome(caller_gone=caller_gone)
        if attempt.referred_to:
            outcome = replace(outcome, referred_to=attempt.referred_to)
        self._last = outcome
        return [*attempt.end(), RingOver(self._last)]

    def _end_bridge(self, now: float) -> list[Effect]:
        """Let the bridged callee go; the caller stays (rules D-6, D-7)."""
        attempt = self._attempt
        if attempt is None or attempt.fork.winner is None:
            return []
        return self._follow(attempt, attempt.fork.release(now), now)

    def _caller_left(
        self, now: float, error: tuple[int, str] | None = None, said: str = ""
    ) -> list[Effect]:
        """End the attempt of a caller who is gone, and every leg of it (rule D-9)."""
        attempt = self._attempt
        if attempt is None or not self.caller.is_over:
            return []
        gone = attempt.fork.abandon(now, error, said)
        over = self._ring_over(attempt, caller_gone=True)
        return [*self._follow(attempt, gone, now), *over]

    def _forget_ended(self, attempt: Attempt) -> None:
        for leg, branch in attempt.fork.branches.items():
            if branch.state is BranchState.OVER or (
                branch.state is BranchState.WAITING and attempt.fork.is_over
            ):
                self._branches.pop(leg, None)
