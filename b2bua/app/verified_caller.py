"""A caller whose identity is verified before its router meets it."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.internet.defer import Deferred

from b2bua.app.conversation import Conversation
from b2bua.app.verification import Verifier
from b2bua.routing.interfaces import Gone, IRouter
from b2bua.stir.verification import Judgement


@dataclass(frozen=True)
class VerifiedCaller:
    """A router's place, until it is known what the caller's `identities` are worth."""

    router: IRouter
    verifier: Verifier
    identities: list[str]
    now: float

    async def take(self, conversation: Conversation) -> None:
        """Judge, tell the call, and hand it to the router."""
        leg = conversation.leg
        judged: Deferred[tuple[Judgement, str]] = Deferred.fromCoroutine(
            self.verifier.verify(self.identities, leg.from_, leg.to, self.now)
        )
        over: Deferred[None] = Deferred()
        found: list[tuple[Judgement, str]] = []
        judged.addCallback(found.append).chainDeferred(over)
        try:
            await conversation.wait(over)
        except Gone:
            over.addErrback(lambda _: None)
            judged.cancel()
            raise
        judgement, token = found[0]
        conversation.vouch(judgement.verstat, token)
        await self.router.take(conversation)
