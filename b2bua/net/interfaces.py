"""What the transaction layer needs of those above and below it, and what it hands out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from b2bua.net.local import Local
from b2bua.net.locate import Unreachable
from b2bua.net.transactions import ServerTransaction
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop


class TransactionUser(Protocol):
    """Who serves the requests of our peers."""

    def request_received(self, transaction: ServerTransaction) -> None:
        """Take a new request, in or out of a dialog: any but ACK and CANCEL."""

    def cancel_received(self, invite: ServerTransaction, cancel: Request) -> None:
        """Learn that `invite`, which has had no final response, is cancelled.

        The CANCEL itself has been answered; `invite` still has to be.
        """

    def ack_received(self, ack: Request) -> None:
        """Take an ACK that acknowledges no refusal; it may belong to no dialog either."""

    def malformed(self, reason: str) -> None:
        """Count a message that could not be read; it has been answered if that was possible."""


class Silence:
    """No answer at all to a request, in the place of a response."""


class Sent(Protocol):
    """A request of ours on its way."""

    request: Request

    def cancel(self, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Cancel the INVITE: at once, or when its first provisional response comes (9.1)."""


class Wire(Protocol):
    """What the driver needs of the transports; see `Connections`."""

    def local_for(self, hop: Hop) -> Local:
        """Return our end as the peer at `hop` should know it."""

    def send(self, data: bytes, hop: Hop, failed: Callable[[str], None]) -> None:
        """Send `data`; call `failed` with a reason, now or later, when that cannot be done."""

    def locate(self, hop: Hop, found: Callable[[tuple[Hop, ...]], None]) -> None:
        """Call `found` once with the numeric places that `hop` may mean, best first."""

    @property
    def unreachable(self) -> Unreachable:
        """The places that could not be reached lately."""
