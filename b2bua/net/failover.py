"""One request and the targets it may go to: the next is tried when one fails (RFC 3263 4.3).

To its user the whole is one transaction.  Each try is a transaction of its own, with its own
branch; a target that failed is remembered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from b2bua.net.locate import UNREACHABLE_SECONDS, Unreachable, stand_in
from b2bua.net.transactions import ClientTransaction, ClientUser
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why

MOST_RETRY_AFTER = 300.0
"""Seconds that a server's Retry-After is believed at most."""


class Tries(Protocol):
    """What is needed of the driver."""

    def begin_try(
        self, request: Request, hop: Hop, user: ClientUser, *, any_size: bool
    ) -> ClientTransaction | None:
        """Begin a transaction; None: the request is too large for datagrams, and nothing began."""

    def input_later(self, input_: Callable[[], None]) -> None:
        """Call `input_` in the next turn of the reactor."""

    def tell(self, told: Callable[..., None], *what: object) -> bool:
        """Call a user of ours; return False, having survived it, when that raises."""


class Failover:
    """Provides `ClientUser` to each try, and to its user what a transaction does."""

    def __init__(
        self, driver: Tries, unreachable: Unreachable, request: Request, user: ClientUser
    ) -> None:
        """Make ready; `located` begins it."""
        self.request = request
        self._driver = driver
        self._unreachable = unreachable
        self._user = user
        self._targets: deque[tuple[Hop, bool]] = deque()  # and whether any size may go there
        self._hop: Hop | None = None
        self._current: ClientTransaction | None = None
        self._is_cancelled = False

    def located(self, targets: Sequence[Hop]) -> None:
        """Begin with the first of `targets`; within a dialog there is no second (12.2.1.1)."""
        is_outside = self.request.to.tag is None
        self._targets.extend((hop, False) for hop in (targets if is_outside else targets[:1]))
        if self._is_cancelled:
            self._targets.clear()
        self._next(Why.TRANSPORT)

    def too_large(self, hop: Hop) -> None:
        """Begin with the stream to `hop`, and go back to datagrams if nobody serves it."""
        self._prepend(hop)
        self._next(Why.TRANSPORT)

    def cancel(self, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Cancel the INVITE wherever it has got to; no other target is tried.

        Raises:
            ValueError: the request is not an INVITE.
        """
        self._is_cancelled = True
        self._targets.clear()
        if self._current is not None:
            self._current.cancel(headers)

    def response_received(self, response: Response) -> None:
        """Take a response to the try that lasts; a 503 sends us on where we can go on."""
        if response.status == 503 and self._hop is not None:
            self._unreachable.add(self._hop, _retry_after(response))
            while self._targets and self._targets[0][1]:
                self._targets.popleft()  # it has answered, so its datagrams are served no better
            if self._targets:
                self._next(Why.TRANSPORT)
                return
        if response.is_final:
            self._targets.clear()
        self._user.response_received(response)

    def request_failed(self, why: Why) -> None:
        """Learn that the try that lasts gets no final response."""
        if self._hop is not None:
            self._unreachable.add(self._hop)
        self._next(why)

    def _next(self, why: Why) -> None:
        self._current = None
        while self._targets and self._current is None:
            hop, any_size = self._targets.popleft()
            request = self.request
            copy = Request(request.method, request.uri, request.headers.copy(), request.body)
            self._hop = hop
            self._current = self._driver.begin_try(copy, hop, self, any_size=any_size)
            if self._current is None:
                self._prepend(hop)
        if self._current is None:
            self._driver.input_later(lambda: self._give_up(why))

    def _give_up(self, why: Why) -> None:
        self._driver.tell(self._user.request_failed, why)

    def _prepend(self, hop: Hop) -> None:
        self._targets.appendleft((hop, True))
        if (stream := stand_in(hop)) not in self._unreachable:
            self._targets.appendleft((stream, True))


def _retry_after(response: Response) -> float:
    text = (response.headers.get("Retry-After") or "").partition("(")[0].partition(";")[0].strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_RETRY_AFTER)
    return UNREACHABLE_SECONDS
