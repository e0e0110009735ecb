"""A call that we begin: its caller is somebody we dial (rcml.md section 10, POST Calls).

Until it accepts, the one leg there is goes by the table of a branch: it rings, refuses, is let go
or is not reached, and its status comes of that (rcml.md 6.7).  From its 200 on it is the caller of
a call like any other, which has been answered, and whose router now takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from b2bua.call.branch import Accepts, Branch, Dialling, Dismissal, Input, judged
from b2bua.call.branch import State as BranchState
from b2bua.call.call import Call
from b2bua.call.caller import State
from b2bua.call.effects import Arm, Clock, Effect, LegId
from b2bua.call.vocabulary import Answered, HungUp, Refused, Ringing, Word
from b2bua.routing.plan import LegFacts, Target
from b2bua.sdp.negotiate import offer


class OriginatedCall(Call):
    """A call to `target`, which becomes its caller.

    `timeout` is how long it may ring, `time_limit` how long the call may last from its answer on,
    both in seconds.
    """

    def __init__(
        self,
        facts: LegFacts,
        target: Target,
        new_sid: Callable[[], str],
        new_call_id: Callable[[], str],
        *,
        timeout: float = 60.0,
        time_limit: float = 14_400.0,
    ) -> None:
        super().__init__(facts, target.status, None, new_sid, new_call_id)
        self.caller.state = State.DIALLED
        self.caller.local = offer()
        self._dialled = Branch(target, self.caller.record)
        self._timeout = timeout
        self._time_limit = time_limit

    @property
    def is_dialling(self) -> bool:
        """Whether the one we call has yet to answer."""
        return self.caller.state is State.DIALLED

    def dial(self, now: float) -> list[Effect]:
        """Call the target."""
        if self._dialled.target.problem is not None:
            return self._take(Input.IMPOSSIBLE, now, self._dialled.target.problem)
        return self._take(Input.BEGINS, now, Dialling(self.caller.local, "", self._timeout))

    def limit(self, seconds: float) -> list[Effect]:
        """Let the call last `seconds` from now on, or from its answer if that is to come."""
        self._time_limit = seconds
        return [] if self.is_dialling else super().limit(seconds)

    def hear(self, leg: LegId, word: Word, now: float) -> list[Effect]:
        """Take one word of one leg."""
        if not self._is_dialled(leg):
            return super().hear(leg, word, now)
        match word:
            case Ringing():
                return self._take(Input.RINGS, now, word)
            case Answered():
                input_, answered = judged(word, self.caller.local)
                return self._take(input_, now, answered)
            case Refused():
                return self._take(Input.REFUSES, now, word)
            case HungUp():
                return self._take(Input.HANGS_UP, now, word)
        return []

    def expire(self, clock: Clock, leg: LegId, now: float) -> list[Effect]:
        """Take the end of one of the clocks that an effect armed."""
        if clock is not Clock.RING or not self._is_dialled(leg):
            return super().expire(clock, leg, now)
        is_ringing = self._dialled.state in (BranchState.CALLING, BranchState.RINGING)
        return self._take(Input.TIME_OVER, now) if is_ringing else []

    def hang_up(self, now: float) -> list[Effect]:
        """End the caller's leg: CANCEL while it rings, BYE after."""
        if not self.is_dialling:
            return super().hang_up(now)
        return self._take(Input.LET_GO, now, Dismissal()) if self._dialled.is_live else []

    def silent(self, leg: LegId, now: float) -> list[Effect]:
        """Take that no media came from a leg for too long."""
        return self.hang_up(now) if self._is_dialled(leg) else super().silent(leg, now)

    def no_media(self, leg: LegId, now: float) -> list[Effect]:
        """Take that there are no ports for a leg's media."""
        return self.hang_up(now) if self._is_dialled(leg) else super().no_media(leg, now)

    def _is_dialled(self, leg: LegId) -> bool:
        return self.is_dialling and leg == self.sid

    def _take(self, input_: Input, now: float, word: object = None) -> list[Effect]:
        taken = self._accepted(self._dialled.take(input_, now, word), now)
        if self._dialled.state is BranchState.OVER:
            taken += self.caller.leaves(HungUp(), now)
        return taken

    def _accepted(self, effects: Iterable[Effect | Accepts], now: float) -> list[Effect]:
        """Let a leg that accepts become the caller."""
        taken: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Accepts):
                taken += self._accepted(self._dialled.take(Input.ACCEPTS, now), now)
                taken += self._pick_up()
            else:
                taken.append(effect)
        return taken

    def _pick_up(self) -> list[Effect]:
        answer = self._dialled.answer
        assert answer is not None
        assert answer.sdp is not None
        limit = Arm(Clock.CALL, self.sid, self._time_limit)
        return [limit, *self.caller.picks_up(answer.sdp)]
