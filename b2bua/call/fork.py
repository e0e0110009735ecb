"""A race of branches: all at once or one after another; the first to *accept* wins (rcml.md W-3).

The fork knows who is still in the race.  What a branch does when it is rung, answered or let go is
the branch's own knowledge; what a win means to the caller is the call's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from b2bua.call.branch import Accepts, Branch, Dialling, Dismissal, Input, State, judged
from b2bua.call.effects import Effect, Elsewhere, LegId
from b2bua.call.refusals import aggregated
from b2bua.call.vocabulary import Answered, HungUp, Refused, Ringing
from b2bua.routing.plan import Outcome, Ring, Status
from b2bua.sdp.description import Description


@dataclass(frozen=True, slots=True)
class Rang:
    """A live branch said that it rings."""

    branch: Branch
    word: Ringing


@dataclass(frozen=True, slots=True)
class Won:
    """This branch is to be bridged; all others have been let go."""

    branch: Branch


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody is left who could win."""


ForkEffect = Effect | Rang | Won | Lost


class Fork:
    """One attempt of one caller to reach somebody: owns its branches, in document order."""

    def __init__(
        self, ring: Ring, branches: Sequence[Branch], offer: Description | None, now: float
    ) -> None:
        self.ring = ring
        self.offer = offer
        self.winner: Branch | None = None
        self.is_over = False
        self.branches = {branch.leg: branch for branch in branches}
        self._waiting = list(branches)
        self._now = now

    def start(self) -> list[ForkEffect]:
        """Begin: every branch in this one turn, or the first when sequential (rules D-1, D-5)."""
        return self._settle(self._begin_some())

    def hear(self, leg: LegId, word: object, now: float) -> list[ForkEffect]:
        """Take what a branch's leg says.  Words that do not concern a race are ignored."""
        self._now = now
        branch = self.branches[leg]
        was_live = branch.is_live
        match word:
            case Ringing():
                taken = branch.take(Input.RINGS, now, word)
                rang = was_live and branch.state is State.RINGING
                return self._settle([*taken, Rang(branch, word)] if rang else taken)
            case Answered():
                return self._settle(self._answered(branch, word))
            case Refused():
                return self._settle(branch.take(Input.REFUSES, now, word))
            case HungUp():
                return self._settle(branch.take(Input.HANGS_UP, now, word))
        return []

    def screened(self, leg: LegId, accepted: bool, now: float) -> list[ForkEffect]:
        """Take the end of a screen: accept or decline; too late for either is ignored."""
        self._now = now
        branch = self.branches[leg]
        if branch.state is not State.SCREENING:
            return []
        if accepted:
            return self._settle([Accepts(leg)])
        return self._settle(branch.take(Input.DECLINES, now))

    def time_over(self, leg: LegId, now: float) -> list[ForkEffect]:
        """Take the end of the ring timer or of the screening limit (rules D-4, W-9)."""
        self._now = now
        branch = self.branches[leg]
        if branch.state not in (State.CALLING, State.RINGING, State.SCREENING):
            return []
        return self._settle(branch.take(Input.TIME_OVER, now))

    def abandon(
        self, now: float, error: tuple[int, str] | None = None, said: str = ""
    ) -> list[ForkEffect]:
        """Let everybody go because the caller has: nobody is told "elsewhere" (rule D-10).

        `error` is what went wrong with the caller, if something did, `said` the Reason that it
        gave, which is handed on.
        """
        self._now = now
        self._waiting.clear()
        self.is_over = True
        return [
            effect
            for branch in self.branches.values()
            if branch.is_live
            for effect in _plain(branch.take(Input.LET_GO, now, Dismissal(error=error, said=said)))
        ]

    def dismiss(self, leg: LegId, now: float) -> list[ForkEffect]:
        """Let one branch go because the application says so; the others stay (rule D-13)."""
        self._now = now
        branch = self.branches[leg]
        if not branch.is_live:
            return []
        return self._settle(branch.take(Input.LET_GO, now, Dismissal()))

    def release(self, now: float) -> list[ForkEffect]:
        """Let the winner go: its time is over, or the caller wants no more of it."""
        self._now = now
        if self.winner is None or not self.winner.is_live:
            return []
        return [*_plain(self.winner.take(Input.LET_GO, now, Dismissal()))]

    def outcome(self, *, caller_gone: bool = False) -> Outcome:
        """Return how it ended, with or without a winner (rcml.md 6.6, A-1, A-2)."""
        status, decider = self._decision(caller_gone)
        record = decider.record if decider else None
        leaving = decider is not None and decider.state is State.LEAVING
        return Outcome(
            status=status,
            leg=record.facts if record else None,
            bridged=self.winner is not None,
            duration=record.duration if record else 0,
            sip_status=(487 if leaving else record.sip_status) if record else None,
            screen_declined=self.winner is None and any(b.declined for b in self.branches.values()),
            caller_gone=caller_gone,
        )

    def _decision(self, caller_gone: bool) -> tuple[Status, Branch | None]:
        branches = list(self.branches.values())
        if self.winner is not None:
            return Status.COMPLETED, self.winner
        if caller_gone:
            return Status.CANCELED, branches[0] if branches else None
        status = aggregated(b.result for b in branches if b.result is not None)
        deciders = [branch for branch in branches if branch.result is status]
        return status, next(iter(deciders or branches), None)

    def _answered(self, branch: Branch, word: Answered) -> tuple[Effect | Accepts, ...]:
        input_, answered = judged(word, self.offer)
        return branch.take(input_, self._now, answered)

    def _settle(self, effects: Iterable[ForkEffect | Accepts]) -> list[ForkEffect]:
        settled: list[ForkEffect] = []
        for effect in effects:
            if isinstance(effect, Accepts):
                settled += self._win(self.branches[effect.leg])
            else:
                settled.append(effect)
        if self.is_over or any(branch.is_live for branch in self.branches.values()):
            return settled
        if self._waiting:
            return settled + self._settle(self._begin_some())
        self.is_over = True
        return [*settled, Lost()]

    def _win(self, branch: Branch) -> list[ForkEffect]:
        self.winner = branch
        self.is_over = True
        effects: list[ForkEffect] = [*_plain(branch.take(Input.ACCEPTS, self._now))]
        self._waiting.clear()
        elsewhere = Dismissal(Elsewhere.ANSWERED_ELSEWHERE)
        for other in self.branches.values():
            if other is not branch and other.is_live:
                effects += _plain(other.take(Input.LET_GO, self._now, elsewhere))
        return [*effects, Won(branch)]

    def _begin_some(self) -> list[ForkEffect | Accepts]:
        count = 1 if self.ring.sequential else len(self._waiting)
        starting, self._waiting = self._waiting[:count], self._waiting[count:]
        return [effect for branch in starting for effect in self._begin(branch)]

    def _begin(self, branch: Branch) -> tuple[Effect | Accepts, ...]:
        if branch.target.problem is not None:
            return branch.take(Input.IMPOSSIBLE, self._now, branch.target.problem)
        dialling = Dialling(self.offer, self.ring.caller_id, self.ring.timeout)
        return branch.take(Input.BEGINS, self._now, dialling)


def _plain(effects: Iterable[Effect | Accepts]) -> list[Effect]:
    """Return the effects alone: a branch that is let go or has won accepts nothing any more."""
    return [effect for effect in effects if not isinstance(effect, Accepts)]
