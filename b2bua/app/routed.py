"""A call in its router's hands: one router at a time, each with a conversation of its own.

This is the boundary between a router, which is a third party's code, and the call: what it raises
ends its call and nothing else.  A router that the call is taken from is cancelled where it waits,
and what it still says is heard by nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from b2bua.app.conversation import Conversation, Step
from b2bua.app.equipment import Equipment
from b2bua.app.garbage import forget_frames
from b2bua.app.lines import Lines
from b2bua.app.logs import logger, traceback
from b2bua.app.party import LiveParty
from b2bua.call.call import Call
from b2bua.routing.interfaces import Gone, IRouter
from b2bua.routing.plan import Offer, Outcome, Tones

log = logger("call")


class Routed:
    """`take` gives the call an input and performs what follows; `note` keeps what a router notes.

    A router that ends leaves a caller who is still there to be hung up.
    """

    def __init__(
        self,
        equipment: Equipment,
        core: Call,
        take: Callable[[Step], None],
        note: Callable[[int, str, str], None],
    ) -> None:
        self._equipment = equipment
        self._core = core
        self._take = take
        self._note = note
        self._conversation: Conversation | None = None
        self._working: Deferred[None] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a router is at work."""
        return self._working is not None

    @property
    def party(self) -> LiveParty | None:
        """The caller as the router meets it."""
        return self._conversation

    def begin(self, router: IRouter, offer: Offer, lines: Lines, digits: str = "") -> None:
        """Hand the caller, whose media is `lines`, to `router`; `digits` are dialled first."""
        conversation = Conversation(
            self._equipment, lines, self._core, offer, self._take, self._note
        )
        self._conversation = conversation
        working: Deferred[None] = Deferred.fromCoroutine(_work(router, conversation, digits))
        self._working = working
        working.addCallbacks(
            self._done, self._failed, callbackArgs=(conversation,), errbackArgs=(conversation,)
        )

    def stop(self) -> None:
        """Take the caller from its router, wherever that is; `begin` may follow."""
        conversation, self._conversation = self._conversation, None
        working, self._working = self._working, None
        if conversation is not None:
            conversation.dismiss()
        if working is not None:
            working.cancel()

    def let_go(self) -> None:
        """Forget the call, which is over, so that nothing of it waits for the garbage collector."""
        self._conversation = None
        self._take, self._note = _hear_nothing, _hear_nothing

    def gone(self) -> None:
        """Tell the router that the caller has gone."""
        if self._conversation is not None:
            self._conversation.gone()

    def ring_over(self, outcome: Outcome) -> None:
        """Tell the router that its `ring` is over."""
        if self._conversation is not None:
            self._conversation.ring_over(outcome)

    def _done(self, _result: object, conversation: Conversation) -> None:
        if conversation is self._conversation:
            self._working = None
            self._take(self._core.hang_up)

    def _failed(self, failure: Failure, conversation: Conversation) -> None:
        has_gone = failure.check(Gone) is not None
        if conversation is self._conversation and not has_gone:
            name = conversation.offer.number.router
            log.error(f"router {name} failed", exc_info=traceback(failure), call_sid=self._core.sid)
        forget_frames(failure)
        if conversation is not self._conversation:
            return
        self._working = None
        if has_gone:
            self._take(self._core.hang_up)
        else:
            self._take(lambda now: self._core.refuse(500, "Server Internal Error", now))


def _hear_nothing(*_: object) -> None:
    """Stand in for a call that is over."""


async def _work(router: IRouter, conversation: Conversation, digits: str) -> None:
    if digits:
        await conversation.play(Tones(digits))
    await router.take(conversation)
