"""Who goes first when more arrives than can be served at once.

A new call costs a hundred times what any other message does.  So an INVITE outside a dialog waits
until everything else that has arrived is done with, and after a few of them the sockets are read
again: whatever belongs to a call, and every OPTIONS, is served first (limits.md, INVITE beyond
capacity).  How long the oldest has waited says how far behind we are, before a timer could.
"""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from b2bua.net.local import Local
from b2bua.net.udp import Receive
from b2bua.sip.message import Message, Request
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Malformed

TURN_SECONDS = 0.01
"""How long new calls are begun before the sockets are read again."""
MOST_WAITING = 5_000
"""One more is passed on at once, to be refused for how late we are."""


class Arrivals:
    """Stands between the transports and `receive`."""

    def __init__(self, clock: IReactorTime, receive: Receive) -> None:
        self._clock = clock
        self._receive = receive
        self._waiting: deque[tuple[float, Message | Malformed, Hop, Local]] = deque()
        self._turn: IDelayedCall | None = None
        self._since: float | None = None

    @property
    def waited(self) -> float:
        """How long what is being taken, or else the oldest that waits, has waited; in seconds."""
        since = self._since
        if since is None and self._waiting:
            since = self._waiting[0][0]
        return 0.0 if since is None else self._clock.seconds() - since

    def message_received(self, message: Message | Malformed, source: Hop, local: Local) -> None:
        """Pass a message on: at once, or when its turn comes."""
        if not self._must_wait(message):
            self._receive(message, source, local)
            return
        self._waiting.append((self._clock.seconds(), message, source, local))
        if self._turn is None:
            self._turn = self._clock.callLater(0, self._take_some)

    def stop(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _must_wait(self, message: Message | Malformed) -> bool:
        if not isinstance(message, Request) or len(self._waiting) >= MOST_WAITING:
            return False
        # A CANCEL must not overtake the INVITE that it is for.
        is_behind = message.method == "CANCEL" and bool(self._waiting)
        return is_behind or (message.method == "INVITE" and message.to.tag is None)

    def _take_some(self) -> None:
        self._turn = None
        until = self._clock.seconds() + TURN_SECONDS
        while self._waiting and self._clock.seconds() < until:
            self._since, message, source, local = self._waiting.popleft()
            self._receive(message, source, local)
        self._since = None
        if self._waiting and self._turn is None:
            self._turn = self._clock.callLater(0, self._take_some)
