"""`Call` for one router: its awaits become inputs of the call, and what comes of them results."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.defer import Deferred

from b2bua.app.caller_id import presented
from b2bua.app.equipment import Equipment
from b2bua.app.lines import Lines
from b2bua.app.party import LiveParty
from b2bua.call.call import Call as CallCore
from b2bua.call.effects import Effect
from b2bua.routing.interfaces import Gone
from b2bua.routing.plan import Offer, Outcome, Ring, Status

Step = Callable[[float], Iterable[Effect]]


class Conversation(LiveParty):
    """The caller, in a router's hands.  `take` gives the call an input and performs its effects."""

    def __init__(
        self,
        equipment: Equipment,
        lines: Lines,
        core: CallCore,
        offer: Offer,
        take: Callable[[Step], None],
        note: Callable[[int, str, str], None],
    ) -> None:
        super().__init__(
            equipment,
            lines,
            lambda: core.caller.record.facts,
            note,
            lambda: take(core.hang_up),
        )
        self._offer = offer
        self._core = core
        self._take = take
        self._ringing: Deferred[Outcome] | None = None

    @property
    def offer(self) -> Offer:
        """Who calls whom."""
        return self._offer

    @property
    def is_answered(self) -> bool:
        """Whether the caller has been sent a 200."""
        return self._core.caller.record.answered_at is not None

    async def answer(self) -> None:
        """Answer the caller now."""
        self._check()
        self._take(self._core.answer)
        self._check()

    async def ring(self, ring: Ring) -> Outcome:
        """Ring all targets, bridge the first that accepts, return when that is over.

        Raises:
            RuntimeError: the last `ring` is not over; a defect of the router.
        """
        if self._is_gone:
            return Outcome(Status.CANCELED, caller_gone=True)
        if self._ringing is not None:
            raise RuntimeError("a call rings one set of targets at a time")
        ringing: Deferred[Outcome] = Deferred()
        self._ringing = ringing
        allowed = self._presented(ring)
        self._take(lambda now: self._core.ring(allowed, now))
        return await ringing

    async def refuse(self, status: int, reason: str) -> None:
        """Answer the caller with a final refusal, or hang up if it has been answered."""
        self._check()
        self._take(lambda now: self._core.refuse(status, reason, now))

    def vouch(self, verstat: str, passport: str) -> None:
        """Take what the caller's PASSporT is worth, as `StirVerstat` says it."""
        self._core.vouch(verstat, passport)

    def ring_over(self, outcome: Outcome) -> None:
        """Take the end of `ring`."""
        self._comfort.heard()
        ringing, self._ringing = self._ringing, None
        if ringing is not None:
            ringing.callback(outcome)

    def _presented(self, ring: Ring) -> Ring:
        equipment = self._equipment
        account = equipment.settings.account(self._offer.number.account_sid)
        return presented(ring, account, self._offer, equipment.number_for)

    async def _ready(self) -> None:
        if not self._core.caller.is_answered:
            await self.answer()
            self._comfort.heard()
        await super()._ready()

    def _is_late(self) -> bool:
        if self._core.caller.is_answered:
            return super()._is_late()
        # Nothing of ours can be heard yet, but its own phone can ring.
        self._take(lambda _now: self._core.alert())
        return False

    def _check(self) -> None:
        if self._core.caller.is_over:
            raise Gone
        super()._check()
