"""One transaction at work: its machine, its timers, its way, and who hears of it.

`_perform` is the one place where a SIP timer meets a reactor.  An input that arises while effects
are performed waits until they are done, so a machine is never entered twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from b2bua.net.local import Local
from b2bua.net.timers import Countdown, Timetable
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.nexthop import DEFAULT_PORTS, RELIABLE, Hop, response_hop
from b2bua.sip.transaction import invite_server
from b2bua.sip.transaction.client import Client
from b2bua.sip.transaction.effects import (
    Arm,
    Begin,
    Deliver,
    Disarm,
    Effects,
    Ended,
    Report,
    Send,
    Why,
)
from b2bua.sip.transaction.invite_client import InviteClient
from b2bua.sip.transaction.invite_server import InviteServer
from b2bua.sip.transaction.matching import Key
from b2bua.sip.transaction.server import Server
from b2bua.sip.transaction.timers import Timer
from b2bua.sip.writer import UnwritableError, write


class ClientUser(Protocol):
    """Who sent a request, and waits for what becomes of it."""

    def response_received(self, response: Response) -> None:
        """Take a response: 1xx but 100, final, and further 2xx to an INVITE (RFC 6026)."""

    def request_failed(self, why: Why) -> None:
        """Learn that no final response will come: TIMEOUT or TRANSPORT.  Called once."""


class Shell(Protocol):
    """What a transaction needs of the driver."""

    timetable: Timetable

    def send(self, data: bytes, hop: Hop, failed: Callable[[str], None]) -> None:
        """Send `data`; call `failed`, now or later, when that cannot be done."""

    def input_later(self, input_: Callable[[], None]) -> None:
        """Call `input_` in the next turn of the reactor."""

    def tell(self, told: Callable[..., None], *what: object) -> bool:
        """Call a user of ours; return False, having survived it, when that raises."""

    def request_arrived(self, server: ServerTransaction) -> None:
        """Pass a new request to its user."""

    def ack_arrived(self, ack: Request) -> None:
        """Pass the ACK for a 2xx to its user."""

    def begin_cancel(self, cancel: Request, hop: Hop) -> None:
        """Send a CANCEL, which has its Via."""

    def forget_client(self, client: ClientTransaction) -> None:
        """Let go of a transaction that has ended."""

    def forget_server(self, server: ServerTransaction) -> None:
        """Let go of a transaction that has ended."""


Machine = InviteClient | Client | InviteServer | Server


class _Transaction(ABC):
    """A machine, and the effects it asks for."""

    __slots__ = (
        "_armed",
        "_busy",
        "_data",
        "_machine",
        "_over",
        "_shell",
        "_waiting",
        "_written",
        "hop",
        "key",
    )
    _machine: Machine

    def __init__(self, shell: Shell, machine: Machine, hop: Hop) -> None:
        self._shell = shell
        self._machine = machine
        self._armed: dict[Timer, Countdown] = {}
        self._busy = False
        self._over = False
        self._waiting: deque[tuple[Callable[..., Effects], tuple[Any, ...]]] = _NOTHING_WAITS
        self._written: Message | None = None
        self._data = b""
        self.hop = hop
        self.key: Key = ()

    def _input(self, input_: Callable[..., Effects], *payload: object) -> None:
        """Give the machine an input and perform what it returns; nothing after its end."""
        if self._over:
            return
        if self._busy:
            if self._waiting is _NOTHING_WAITS:
                self._waiting = deque()
            self._waiting.append((input_, payload))
            return
        self._busy = True
        try:
            self._perform(input_(*payload))
            while self._waiting:
                input_, payload = self._waiting.popleft()
                self._perform(input_(*payload))
        finally:
            self._busy = False
            self._written, self._data = None, b""  # most transactions only linger from here

    def _perform(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Send(message):
                    self._send(message)
                case Arm(timer, seconds):
                    self._arm(timer, seconds)
                case Disarm(timer):
                    if countdown := self._armed.pop(timer, None):
                        countdown.stop()
                case Deliver(message):
                    self._deliver(message)
                case Begin(request):
                    self._shell.begin_cancel(request, self.hop)
                case Report(why):
                    self._report(why)
                case Ended(why):
                    self._end(why)

    def _send(self, message: Message) -> None:
        try:
            data = self._bytes_of(message)
        except UnwritableError as problem:  # ours was written before; so the peer's field is in it
            self._failed(str(problem))
        else:
            self._shell.send(data, self.hop, self._failed)

    def _bytes_of(self, message: Message) -> bytes:
        """Write `message`; what was checked a moment ago is not written twice."""
        if message is not self._written:
            self._data = write(message)
            self._written = message
        return self._data

    def _arm(self, timer: Timer, seconds: float) -> None:
        if seconds > 0:
            self._armed[timer] = self._shell.timetable.start(seconds, self._expire, timer)
        else:
            self._input(self._machine.expire, timer)

    def _expire(self, timer: Timer) -> None:
        del self._armed[timer]
        self._input(self._machine.expire, timer)

    def _failed(self, _reason: str) -> None:
        self._shell.input_later(self.fail)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._over

    def fail(self) -> None:
        """Take note that the transport could not send."""
        self._input(self._machine.fail)

    def _end(self, why: Why) -> None:
        self.abandon()
        self._forget()
        if why is not Why.NORMAL:
            self._report(why)

    def abandon(self) -> None:
        """End without a word: no timer runs and no input is taken any more."""
        self._over = True
        for countdown in self._armed.values():
            countdown.stop()
        self._armed.clear()
        self._waiting = _NOTHING_WAITS

    @abstractmethod
    def _deliver(self, message: Any) -> None: ...

    @abstractmethod
    def _report(self, why: Why) -> None: ...

    @abstractmethod
    def _forget(self) -> None: ...


_NOTHING_WAITS: deque[tuple[Callable[..., Effects], tuple[Any, ...]]] = deque(maxlen=0)


class ClientTransaction(_Transaction):
    """A request that we sent."""

    __slots__ = ("_user", "request")
    _machine: InviteClient | Client

    def __init__(
        self,
        shell: Shell,
        machine: InviteClient | Client,
        request: Request,
        hop: Hop,
        user: ClientUser,
    ) -> None:
        super().__init__(shell, machine, hop)
        self.request = request
        self._user = user

    def take(self, hop: Hop) -> int:
        """Take this way, which the request's Via is made for; return the request's bytes.

        Raises:
            UnwritableError: the request would not be SIP on the wire.
        """
        self.hop = hop
        return len(self._bytes_of(self.request))

    def begin(self) -> None:
        """Send the request, which has its Via."""
        self._input(self._machine.begin)

    def receive(self, response: Response) -> None:
        """Take a response to the request."""
        self._input(self._machine.receive, response)

    def cancel(self, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Cancel the INVITE: at once, or when its first provisional response comes (9.1).

        Nothing is sent when it has had a final response.  `headers` are added to the CANCEL.

        Raises:
            ValueError: the request is not an INVITE.
        """
        match self._machine:
            case InviteClient() as machine:
                self._input(machine.cancel, headers)
            case _:
                raise ValueError(f"{self.request.method} cannot be cancelled")

    def _deliver(self, message: Response) -> None:
        if message.status != 100:
            self._shell.tell(self._user.response_received, message)

    def _report(self, why: Why) -> None:
        self._shell.tell(self._user.request_failed, why)

    def _forget(self) -> None:
        self._shell.forget_client(self)


class ServerTransaction(_Transaction):
    """A request that we received.

    `source` is where it came from, `local` our end as that peer knows it; `user` is a slot for the
    transaction's user.  `on_lost` is called when a response could not be sent, and when a refusal
    was never acknowledged; it is for information, the transaction goes on or ends by itself.
    """

    __slots__ = ("local", "on_lost", "request", "source", "user")
    _machine: InviteServer | Server

    def __init__(
        self,
        shell: Shell,
        machine: InviteServer | Server,
        request: Request,
        source: Hop,
        local: Local,
    ) -> None:
        super().__init__(shell, machine, way_back(request, source))
        self.request = request
        self.source = source
        self.local = local
        self.on_lost: Callable[[], None] | None = None
        self.user: object = None

    def begin(self) -> None:
        """Pass the request to its user; an INVITE is answered 100 before that."""
        self._input(self._machine.begin, self.request)

    def receive(self, request: Request) -> None:
        """Take the request once more, or an ACK."""
        self._input(self._machine.receive, request)

    def respond(self, response: Response) -> None:
        """Send a response: provisional, final, or a 2xx again.  Ignored when it comes too late.

        Raises:
            UnwritableError: the response would not be SIP on the wire; nothing has changed.
        """
        if not self._over:
            self._bytes_of(response)
            self._input(self._machine.respond, response)

    @property
    def is_proceeding(self) -> bool:
        """Whether this is an INVITE that has had no final response, and so can be cancelled."""
        return self._machine.state is invite_server.State.PROCEEDING

    @property
    def to_tag(self) -> str | None:
        """The To tag of the latest response, None when there is none."""
        last = self._machine.last
        return last.to.tag if last is not None else None

    def _deliver(self, message: Request) -> None:
        if message.method == "ACK":
            self._shell.ack_arrived(message)
        else:
            self._shell.request_arrived(self)

    def _report(self, _why: Why) -> None:
        if self.on_lost is not None:
            self._shell.tell(self.on_lost)

    def _forget(self) -> None:
        self._shell.forget_server(self)


def way_back(request: Request, source: Hop) -> Hop:
    """Return where responses to `request` go (18.2.2, RFC 3581).

    On a stream that is the request's connection, and sent-by's port for when it has closed.  On
    UDP they leave from the socket on which the request came (RFC 3581 section 4).
    """
    if source.transport in RELIABLE:
        port = request.via.port or DEFAULT_PORTS[source.transport]
        return replace(source, port=port)
    hop = response_hop(request.via, source)
    return (
        hop if hop.connection == source.connection else replace(hop, connection=source.connection)
    )
