"""The transaction layer at work: every message in and out of this process passes here.

Messages come from the transports and are given to their transaction; what is new goes to the
transaction user.  Requests of ours get their Via here.  What the RFC lets the transaction layer
answer alone is answered here: CANCEL, merged requests, and requests that are malformed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from b2bua.net.failover import Failover
from b2bua.net.interfaces import Sent, Silence, TransactionUser, Wire
from b2bua.net.local import Local
from b2bua.net.names import is_numeric
from b2bua.net.stateless import shortened, size_of, stateless_tag
from b2bua.net.timers import Timetable
from b2bua.net.transactions import ClientTransaction, ClientUser, ServerTransaction, way_back
from b2bua.sip.grammar import write_host
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.nexthop import RELIABLE, Hop, stamp_received
from b2bua.sip.reader import Malformed
from b2bua.sip.transaction.client import Client
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.invite_client import InviteClient
from b2bua.sip.transaction.invite_server import InviteServer
from b2bua.sip.transaction.live import Live
from b2bua.sip.transaction.matching import COOKIE
from b2bua.sip.transaction.server import Server
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.writer import UnwritableError, write

__all__ = [
    "ClientTransaction",
    "ClientUser",
    "Driver",
    "DriverLimits",
    "Sent",
    "ServerTransaction",
    "Silence",
    "TransactionUser",
    "Wire",
    "stateless_tag",
]


Refuse = Callable[[Request, Hop], "Response | Silence | None"]

_OUR_REQUEST = re.compile(rb"([A-Z]+) [^\r\n]+\r\nVia: [^\r\n;]+;branch=([0-9A-Za-z.]+)[;\r]")


@dataclass(frozen=True, slots=True)
class DriverLimits:
    """`server_transactions` at most are live; a request beyond gets 503 without a state.

    A request of more than `datagram_bytes` goes by TCP, if the peer takes it there (18.1.1).  What
    is answered without a state on UDP has at most `amplification` times the bytes of its request:
    who sends it may be somebody else, who would be flooded with our answers.
    """

    server_transactions: int = 100_000
    datagram_bytes: int = 1_300
    amplification: float = 2.0


class Driver:
    """Runs all transactions on one clock."""

    _log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        connections: Wire,
        user: TransactionUser,
        timers: Timers,
        new_branch: Callable[[], str],
        limits: DriverLimits | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        """Make a driver that has no transactions.

        `new_branch` returns a token that is unique in space and time; the cookie is put before
        it.  `refuse` is asked about every new request, with its source, before there is any state;
        the response that it returns is sent and all is forgotten (8.2.7), or not even that
        (`Silence`).  Such a response needs a `stateless_tag`, and a request that it lets pass is
        received by the user at once.
        """
        self._clock = clock
        self._connections = connections
        self._user = user
        self._timers = timers
        self._new_branch = new_branch
        self._limits = limits or DriverLimits()
        self._refuse = refuse
        self._live: Live[ClientTransaction, ServerTransaction] = Live()
        self._later: deque[Callable[[], None]] = deque()
        self._turn: IDelayedCall | None = None
        self._stopped = False
        self.timetable = Timetable(clock)

    # Upwards: messages from the transports

    def message_received(self, message: Message | Malformed, source: Hop, local: Local) -> None:
        """Give a message to the transaction that it belongs to, or begin one."""
        if self._stopped:
            return
        if isinstance(message, Response):
            self._take_response(message)
        elif isinstance(message, Request):
            self._take_request(message, source, local)
        else:
            self._take_malformed(message, source)

    def undelivered(self, quote: bytes, hop: Hop) -> None:
        """Take that the network could not deliver to `hop` what begins with `quote` (18.4).

        Only who has seen a request of ours can name its branch, so no forged error ends one.
        """
        match = _OUR_REQUEST.match(quote)
        if match is None or self._stopped:
            return
        client = self._live.client_named(match[2].decode("ascii"), match[1].decode("ascii"))
        if client is not None and (client.hop.host, client.hop.port) == (hop.host, hop.port):
            client.fail()

    def _take_response(self, response: Response) -> None:
        client = self._live.client_of(response)
        # 8.1.3.3: a response with further Vias is meant for somebody else.
        if client is not None and len(response.vias) == 1:
            client.receive(response)

    def _take_request(self, request: Request, source: Hop, local: Local) -> None:
        stamp_received(request, source)
        if request.method == "ACK":
            invite = self._live.invite_of(request)
            if invite is None:
                self.ack_arrived(request)
            else:
                invite.receive(request)
            return
        known = self._live.server_of(request)
        if known is not None:
            known.receive(request)
        elif request.method == "CANCEL":
            self._take_cancel(request, source, local)
        else:
            self._take_new(request, source, local)

    def _take_new(self, request: Request, source: Hop, local: Local) -> None:
        refusal = self._refusal_of(request, source)
        if refusal is None:
            self._add_server(request, source, local).begin()
        elif isinstance(refusal, Response):
            self._answer_statelessly(request, refusal, source)

    def _refusal_of(self, request: Request, source: Hop) -> Response | Silence | None:
        """Return the answer to a new request that gets no transaction."""
        if self._live.server_count >= self._limits.server_transactions:
            tag = stateless_tag(request)
            return request.reply(503, to_tag=tag, headers=[("Retry-After", "5")])
        if request.method == "INVITE" and self._live.is_merged(request):
            return request.reply(482, to_tag=stateless_tag(request))
        return None if self._refuse is None else self._ask(self._refuse, request, source)

    def _ask(self, refuse: Refuse, request: Request, source: Hop) -> Response | Silence | None:
        try:
            return refuse(request, source)
        except Exception:  # the boundary to the user, as in `tell`
            self._log.failure("the transaction user broke in {told}", told=refuse)
            return request.reply(500, to_tag=stateless_tag(request))

    def _take_cancel(self, cancel: Request, source: Hop, local: Local) -> None:
        invite = self._live.invite_of(cancel)
        if invite is None:
            response = cancel.reply(481, to_tag=stateless_tag(cancel))
            self._answer_statelessly(cancel, response, source)
            return
        server = self._add_server(cancel, source, local)
        # 9.2: the same To tag as in the responses to the INVITE, if it has had one.
        server.respond(cancel.reply(200, to_tag=invite.to_tag or stateless_tag(cancel)))
        if invite.is_proceeding:
            self.tell(self._user.cancel_received, invite, cancel)

    def _add_server(self, request: Request, source: Hop, local: Local) -> ServerTransaction:
        reliable = source.transport in RELIABLE
        machine: InviteServer | Server
        if request.method == "INVITE":
            machine = InviteServer(request, self._timers, reliable=reliable)
        else:
            machine = Server(self._timers, reliable=reliable)
        server = ServerTransaction(self, machine, request, source, local)
        server.key = self._live.add_server(request, server)
        return server

    def _take_malformed(self, malformed: Malformed, source: Hop) -> None:
        request = malformed.request
        if request is not None and request.method != "ACK":
            stamp_received(request, source)
            tag = stateless_tag(request)
            response = request.reply(malformed.status, malformed.reason, to_tag=tag)
            self._answer_statelessly(request, response, source)
        self.tell(self._user.malformed, malformed.reason)

    def _answer_statelessly(self, request: Request, response: Response, source: Hop) -> None:
        hop = way_back(request, source)
        most = self._limits.amplification * size_of(request)
        try:
            data = write(response)
            if hop.transport == "udp" and len(data) > most:
                data = write(shortened(response))
        except UnwritableError:
            return  # the peer's own fields are what cannot be written
        if hop.transport != "udp" or len(data) <= most:
            self._connections.send(data, hop, _ignore)

    # Downwards: requests of ours

    def send_request(self, request: Request, hop: Hop, user: ClientUser) -> Sent:
        """Begin a transaction for `request`, whose Via is put here, towards `hop`.

        A name for a host is located first, and a request outside a dialog is tried at one place
        after the other.  `user` is never called before this returns.

        Raises:
            UnwritableError: the request would not be SIP on the wire.
        """
        if is_numeric(hop.host):
            client = self.begin_try(request, hop, user, any_size=False)
            if client is not None:
                return client
        else:
            write(request)  # so that it raises here and not when the name is known
        failover = Failover(self, self._connections.unreachable, request, user)
        if is_numeric(hop.host):
            failover.too_large(hop)
        else:
            self._connections.locate(hop, failover.located)
        return failover

    def begin_try(
        self, request: Request, hop: Hop, user: ClientUser, *, any_size: bool
    ) -> ClientTransaction | None:
        """Begin a transaction; None: the request is too large for datagrams, and nothing began.

        Raises:
            UnwritableError: the request would not be SIP on the wire.
        """
        machine: InviteClient | Client
        reliable = hop.transport in RELIABLE
        if request.method == "INVITE":
            machine = InviteClient(request, self._timers, reliable=reliable)
        else:
            machine = Client(request, self._timers, reliable=reliable)
        client = ClientTransaction(self, machine, request, hop, user)
        branch = self._put_via(request, hop)
        size = client.take(hop)
        if size > self._limits.datagram_bytes and not (reliable or any_size):
            return None
        client.key = self._live.add_client(branch, request, client)
        client.begin()
        return client

    def send_ack(self, ack: Request, hop: Hop) -> None:
        """Send the ACK for a 2xx, whose Via is put here; it has no transaction (13.2.2.4).

        Raises:
            UnwritableError: the ACK would not be SIP on the wire.
        """
        write(ack)

        def found(places: tuple[Hop, ...]) -> None:
            if places and not self._stopped:
                self._put_via(ack, places[0])
                self._connections.send(write(ack), places[0], _ignore)

        self._connections.locate(hop, found)

    def _put_via(self, request: Request, hop: Hop) -> str:
        """Put our Via on top, the only one; return its branch."""
        branch = COOKIE + self._new_branch()
        local = self._connections.local_for(hop)
        rport = ";rport" if local.transport == "udp" else ""
        request.headers.remove("Via")
        request.headers.prepend(
            "Via",
            f"SIP/2.0/{local.transport.upper()} {write_host(local.host)}:{local.port}"
            f";branch={branch}{rport}",
        )
        return branch

    def stop(self) -> None:
        """Abandon all transactions; nobody is told, and nothing is taken any more."""
        self._stopped = True
        for transaction in self._live.clear():
            transaction.abandon()
        self._later.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    @property
    def transactions(self) -> dict[str, int]:
        """The number of live transactions by type: "invite_client", "client", and so on."""
        return dict(self._live.counts)

    @property
    def timers(self) -> int:
        """The number of timers that run."""
        return self.timetable.running

    # For the transactions (`Shell`)

    def send(self, data: bytes, hop: Hop, failed: Callable[[str], None]) -> None:
        """Send `data`; call `failed`, now or later, when that cannot be done."""
        self._connections.send(data, hop, failed)

    def begin_cancel(self, cancel: Request, hop: Hop) -> None:
        """Send a CANCEL, whose Via is its INVITE's; nobody waits for the response."""
        machine = Client(cancel, self._timers, reliable=hop.transport in RELIABLE)
        client = ClientTransaction(self, machine, cancel, hop, _Nobody())
        client.key = self._live.add_client(cancel.via.branch or "", cancel, client)
        client.begin()

    def input_later(self, input_: Callable[[], None]) -> None:
        """Call `input_` in the next turn of the reactor."""
        self._later.append(input_)
        if self._turn is None and not self._stopped:
            self._turn = self._clock.callLater(0, self._take_later)

    def _take_later(self) -> None:
        self._turn = None
        for _ in range(len(self._later)):
            self._later.popleft()()

    def request_arrived(self, server: ServerTransaction) -> None:
        """Pass a new request to the user; one that breaks it is answered 500."""
        if not self.tell(self._user.request_received, server):
            request = server.request
            server.respond(request.reply(500, to_tag=server.to_tag or stateless_tag(request)))

    def ack_arrived(self, ack: Request) -> None:
        """Pass an ACK that acknowledges no refusal to the user."""
        self.tell(self._user.ack_received, ack)

    def tell(self, told: Callable[..., None], *what: object) -> bool:
        """Call a user of ours; return False, and log why, when that raises."""
        try:
            told(*what)
        except Exception:  # the boundary to the user: its defect costs one call, not the process
            self._log.failure("the transaction user broke in {told}", told=told)
            return False
        return True

    def forget_client(self, client: ClientTransaction) -> None:
        """Let go of a transaction that has ended."""
        self._live.remove_client(client.key, client.request)

    def forget_server(self, server: ServerTransaction) -> None:
        """Let go of a transaction that has ended."""
        self._live.remove_server(server.key, server.request)


class _Nobody:
    """The user of a CANCEL: what matters is how its INVITE ends (9.1)."""

    def response_received(self, response: Response) -> None:
        pass

    def request_failed(self, why: Why) -> None:
        pass


def _ignore(_reason: str) -> None:
    """Nothing waits for a message that has no transaction."""
