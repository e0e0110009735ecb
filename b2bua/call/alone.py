"""A leg that talks to us alone, because nobody is bridged with it: what its re-offers get."""

from __future__ import annotations

from b2bua.call.caller import Caller
from b2bua.call.effects import AimAt, AnswerReoffer, Effect, LegId, RefuseReoffer
from b2bua.call.vocabulary import ReofferConfirmed, Reoffered, Word
from b2bua.sdp.negotiate import answer_for_prompts

NO_COMMON_CODEC = 488


def reoffer_alone(caller: Caller, leg: LegId, word: Word) -> list[Effect]:
    """Answer a re-INVITE of a leg that is not bridged: it talks to us alone."""
    match word:
        case Reoffered(sdp) if sdp is not None:
            answer = answer_for_prompts(sdp)
            if answer is None:
                return [RefuseReoffer(leg, NO_COMMON_CODEC)]
            if leg == caller.leg:
                caller.remote, caller.local = sdp, answer
            return [AnswerReoffer(leg, answer), AimAt(leg, sdp)]
        case Reoffered() if leg == caller.leg and caller.local is not None:
            return [AnswerReoffer(leg, caller.local)]
        case Reoffered():
            return [RefuseReoffer(leg, NO_COMMON_CODEC)]
        case ReofferConfirmed(sdp) if sdp is not None:
            return [AimAt(leg, sdp)]
    return []
