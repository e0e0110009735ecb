"""One `ring` of a router, seen from the caller: what it hears until somebody accepts.

The fork decides who wins; this file decides what the caller is told of it meanwhile (rcml.md D-2):
answered at once and hearing ringback, or alerted with a 180 until the bridge, or hearing the one
callee's own early media.
"""

from __future__ import annotations

from b2bua.call.branch import Branch
from b2bua.call.bridge import Bridge
from b2bua.call.caller import Caller, State
from b2bua.call.effects import (
    Acknowledge,
    AimAt,
    Arm,
    BeginTape,
    Clock,
    Disarm,
    Effect,
    EndTape,
    Link,
    StartRingback,
    StopRingback,
    TapeLeg,
    Watch,
)
from b2bua.call.fork import Fork, Rang
from b2bua.call.vocabulary import Answered, Confirmed
from b2bua.routing.plan import Ring
from b2bua.sdp.description import Description

DEFAULT_RINGBACK = "us"


class Attempt:
    """The caller's side of one fork."""

    __slots__ = (
        "bridge",
        "caller",
        "early",
        "early_from",
        "fork",
        "is_ringing_back",
        "referred_to",
        "ring",
        "unconfirmed",
    )

    def __init__(self, ring: Ring, caller: Caller, fork: Fork) -> None:
        self.ring = ring
        self.caller = caller
        self.fork = fork
        self.bridge: Bridge | None = None
        self.early: Bridge | None = None
        self.referred_to = ""
        self.is_ringing_back = False
        self.early_from: Branch | None = None
        self.unconfirmed: Branch | None = None

    @property
    def passes_early_media(self) -> bool:
        """Whether the one callee's early media is for the caller to hear (rule D-2c)."""
        targets = self.ring.targets
        return len(targets) == 1 and targets[0].screen is None and not self.ring.ringback

    def start_ringback(self) -> list[Effect]:
        """Let the caller hear ringing from now on, in its media."""
        self.is_ringing_back = True
        return [StartRingback(self.caller.leg, self.ring.ringback or DEFAULT_RINGBACK)]

    def stop_ringback(self) -> list[Effect]:
        """Let it stop (rule D-2d)."""
        if not self.is_ringing_back:
            return []
        self.is_ringing_back = False
        return [StopRingback(self.caller.leg)]

    def begin(self, now: float) -> list[Effect]:
        """Answer or alert the caller as the attempt asks (rules D-2a, D-2b)."""
        return [*self._begin_tape(from_ringing=True), *self._answer_or_alert(now)]

    def _answer_or_alert(self, now: float) -> list[Effect]:
        caller = self.caller
        if caller.is_answered:
            return self.start_ringback()
        if self.ring.answer_on_bridge and not self._has_ringback_of_its_own:
            return []
        own = caller.own_description()
        if own is None:
            return []
        if not self.ring.answer_on_bridge:
            return [*caller.answer(own, now), *self.start_ringback()]
        if caller.remote is None:
            return []
        caller.local = own
        aim = AimAt(caller.leg, caller.remote)
        return [aim, *caller.alert(183, own), *self.start_ringback()]

    @property
    def _has_ringback_of_its_own(self) -> bool:
        return bool(self.ring.ringback)

    def rang(self, rang: Rang) -> list[Effect]:
        """Pass on that a branch rings: once as 180, and each time it has early media to hear."""
        early = rang.word.early if self.passes_early_media else None
        if early is not None:
            return self._early_media(rang, early)
        if self.caller.state is State.OFFERED:
            return [*self.caller.alert(180)]
        return []

    def _early_media(self, rang: Rang, early: Description) -> list[Effect]:
        caller, leg = self.caller, rang.branch.leg
        first = self.early_from is None
        self.early_from = rang.branch
        told: list[Effect] = [*self.stop_ringback(), AimAt(leg, early)]
        if caller.remote is not None:
            told.append(AimAt(caller.leg, caller.remote))
        if not caller.is_answered:
            told += caller.alert(rang.word.status, early)
        if self.early is None or self.early.b != leg:
            self.early = Bridge(caller.leg, leg)
        if first:
            told += [Link(caller.leg, leg), Watch(leg, early=True)]
            if self.ring.tape is not None and self.ring.tape.from_ringing:
                told.append(TapeLeg(leg))
        return told

    def won(self, branch: Branch, now: float) -> list[Effect]:
        """Join the caller with the winner (rule W-8)."""
        answer = branch.answer
        assert answer is not None
        assert answer.sdp is not None
        caller = self.caller
        effects = self.stop_ringback()
        if answer.is_offer and caller.remote is None:
            self.unconfirmed = branch
            return [*effects, *caller.answer(answer.sdp, now)]
        if answer.is_offer:  # the caller has answered it already, in the PRACK to a reliable 18x
            effects.append(Acknowledge(branch.leg, caller.remote))
        if not caller.is_answered:
            own = caller.local if caller.local is not None else answer.sdp
            effects += caller.answer(own, now)
        return [*effects, *self._join(branch, answer)]

    def confirmed(self, word: Confirmed) -> list[Effect]:
        """Take the caller's ACK: it answers an offer of ours, or one of the callee's passed on."""
        branch, self.unconfirmed = self.unconfirmed, None
        if branch is None or branch.answer is None:
            return []
        return [Acknowledge(branch.leg, word.sdp), *self._join(branch, branch.answer)]

    def _join(self, branch: Branch, answer: Answered) -> list[Effect]:
        caller = self.caller
        blocked = "*" if self.ring.hangup_on_star else ""
        if self.early is not None and self.early.b == branch.leg:
            self.bridge = self.early
            self.bridge.block_digits = blocked
        else:
            self.bridge = Bridge(caller.leg, branch.leg, blocked)
        joined: list[Effect] = []
        if caller.remote is not None:
            joined += self.bridge.aim(caller.leg, caller.remote)
        if answer.sdp is not None:
            joined += self.bridge.aim(branch.leg, answer.sdp)
        joined += self._begin_tape(from_ringing=False)
        if self.ring.tape is not None:
            joined.append(TapeLeg(branch.leg, is_bridged=True))
        limit = Arm(Clock.LIMIT, caller.leg, self.ring.time_limit)
        return [*joined, Link(caller.leg, branch.leg), limit]

    def _begin_tape(self, *, from_ringing: bool) -> list[Effect]:
        plan, caller = self.ring.tape, self.caller
        if plan is None or plan.from_ringing is not from_ringing:
            return []
        return [BeginTape(caller.record.facts, plan), TapeLeg(caller.leg)]

    def end(self) -> list[Effect]:
        """Stop what the caller hears and what bounds the bridge."""
        tape = [EndTape(self.caller.leg)] if self.ring.tape is not None else []
        return [*self.stop_ringback(), *tape, Disarm(Clock.LIMIT, self.caller.leg)]
