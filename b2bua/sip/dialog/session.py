"""One INVITE usage of a dialog: the SIP side of one leg, as UAC or as UAS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from b2bua.sip.dialog.effects import Effect, Timer
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.uri import AnyUri
from b2bua.sip.values import NameAddr


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in one dialog; nothing of it may come from another leg's dialog.

    `local` carries our tag, `remote` none for a UAC.  `contact` is the URI where we are reached.
    `agent`, if any, is our User-Agent and Server.  `max_forwards` is that of the first INVITE.
    """

    call_id: str
    local: NameAddr
    remote: NameAddr
    contact: str
    max_forwards: int = 70
    agent: str = ""


def _middle() -> float:
    return 0.5


class Session:
    """Commands and inputs both return the effects to perform, in order."""

    @classmethod
    def outgoing(
        cls,
        identity: Identity,
        request_uri: AnyUri,
        hop: Hop,
        *,
        sdp: bytes | None,
        timers: Timers,
        new_cnonce: Callable[[], str],
        headers: Sequence[tuple[str, str]] = (),
        credentials: tuple[str, str] | None = None,
        realm: str | None = None,
        jitter: Callable[[], float] = _middle,
    ) -> Session:
        """Make a UAC; `start` sends its INVITE.  `sdp` None asks the peer for the offer."""
        raise NotImplementedError

    @classmethod
    def incoming(
        cls,
        request: Request,
        local_tag: str,
        contact: str,
        timers: Timers,
        *,
        source: Hop | None = None,
        agent: str = "",
        jitter: Callable[[], float] = _middle,
    ) -> Session:
        """Make a UAS for `request`, an INVITE outside any dialog."""
        raise NotImplementedError

    # What the user commands.

    def start(self) -> list[Effect]:
        raise NotImplementedError

    def cancel(self, reason: str | None = None) -> list[Effect]:
        raise NotImplementedError

    def acknowledge(self, sdp: bytes | None) -> list[Effect]:
        raise NotImplementedError

    def ring(self, status: int, sdp: bytes | None = None, reason: str = "") -> list[Effect]:
        raise NotImplementedError

    def accept(self, sdp: bytes, headers: Sequence[tuple[str, str]] = ()) -> list[Effect]:
        raise NotImplementedError

    def refuse(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()
    ) -> list[Effect]:
        raise NotImplementedError

    def hang_up(self, reason: str | None = None) -> list[Effect]:
        raise NotImplementedError

    def reoffer(self, sdp: bytes | None) -> list[Effect]:
        raise NotImplementedError

    def answer_reoffer(self, sdp: bytes) -> list[Effect]:
        raise NotImplementedError

    def refuse_reoffer(self, status: int, reason: str = "") -> list[Effect]:
        raise NotImplementedError

    def info(self, content_type: str, body: bytes) -> list[Effect]:
        raise NotImplementedError

    # What comes from the wire.

    def response(self, request: Request, response: Response) -> list[Effect]:
        raise NotImplementedError

    def failed(self, request: Request, why: Why) -> list[Effect]:
        raise NotImplementedError

    def request(self, request: Request) -> list[Effect]:
        raise NotImplementedError

    def cancelled(self, request: Request) -> list[Effect]:
        raise NotImplementedError

    def ack(self, request: Request) -> list[Effect]:
        raise NotImplementedError

    def expire(self, timer: Timer) -> list[Effect]:
        raise NotImplementedError
