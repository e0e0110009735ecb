"""The recording of one call: begins and ends it, and knows what is told of it."""

from __future__ import annotations

from collections.abc import Mapping

from b2bua.app.equipment import Equipment
from b2bua.app.live_leg import LiveLeg
from b2bua.app.tapes import Taping
from b2bua.call.effects import BeginTape, LegId, TapeLeg
from b2bua.media.tape import CHILD, PARENT
from b2bua.routing.taping import TapeFacts, TapePlan

_NONE = TapePlan()


class CallTape:
    """At most one recording at a time."""

    def __init__(self, equipment: Equipment, legs: Mapping[LegId, LiveLeg]) -> None:
        self._equipment = equipment
        self._legs = legs
        self._taping: Taping | None = None
        self._last: Taping | None = None
        self._plan = _NONE
        self._caller = ""
        self._bridged: dict[LegId, Taping] = {}

    def begin(self, effect: BeginTape) -> None:
        """Record from now on."""
        self.end()
        self._plan, self._caller = effect.plan, effect.caller.call_sid
        self._taping = self._last = self._equipment.tapes.begin(effect.plan, effect.caller)

    def hear(self, effect: TapeLeg) -> None:
        """Let the recording have what a leg says, where that is recorded."""
        taping, leg = self._taping, self._legs.get(effect.leg)
        if taping is None:
            return
        if effect.is_bridged:
            self._bridged[effect.leg] = taping
        is_caller = effect.leg == self._caller
        is_wanted = self._plan.caller if is_caller else self._plan.callee
        if leg is not None and is_wanted:
            side = PARENT if is_caller else CHILD
            leg.lines.record(taping.tape.handle, side, lambda why: taping.tape.deaf(side, why))

    def end(self) -> None:
        """Record no more."""
        taping, self._taping = self._taping, None
        if taping is None:
            return
        for leg in self._legs.values():
            leg.lines.record(0)
        taping.tape.end()

    def of_leg(self, leg: LegId) -> TapeFacts | None:
        """Return what is told of the recording when a leg is over: of the bridged one alone."""
        taping = self._bridged.pop(leg, None)
        return None if taping is None else taping.facts

    def of_ring(self) -> TapeFacts | None:
        """Return what is told of the recording when a `ring` is over, once."""
        taping, self._last = self._last, None
        return None if taping is None else taping.facts
