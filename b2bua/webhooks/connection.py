"""One connection to a customer's server: Twisted's HTTP/1.1 client with a guard in front of it.

Twisted's parser bounds neither the size nor the number of response headers.  The guard lets a
response's head through only once it is whole and within its limits; interim responses (1xx)
count towards these and go no further.  A breach aborts the connection: nothing lingers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH, IResponse
from zope.interface import implementer

from b2bua.webhooks.bulk import Bulk
from b2bua.webhooks.faults import CONNECTION, PROTOCOL, TOO_LARGE, Phase, WebFault
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.request import WireRequest
from b2bua.webhooks.tls import Handshake

_HEAD_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5])[0-9]{2}[ \r\n]")


class Head:
    """Holds a response's head back until it is whole."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = b""
        self._bytes_before = 0
        self._lines_before = 0

    def feed(self, data: bytes) -> bytes:
        """Take what came; return the final head and all that follows it, or nothing yet.

        Raises:
            WebFault: 11750 beyond the limits, 11206 for what is not HTTP/1.
        """
        self._held += data
        while (end := _HEAD_END.search(self._held)) is not None:
            self._check(end.end())
            status = _STATUS_LINE.match(self._held)
            if status is None:
                raise WebFault(PROTOCOL, "the response is not HTTP")
            if status[1] != b"1":
                return self._held
            if self._held[9:12] == b"101":
                raise WebFault(PROTOCOL, "the server switched protocols unasked")
            self._bytes_before += end.end()
            self._lines_before += self._held.count(b"\n", 0, end.end())
            self._held = self._held[end.end() :]
        self._check(len(self._held))
        return b""

    def _check(self, size: int) -> None:
        # A head of n fields has n + 2 lines: the status line and the empty one.
        lines = self._lines_before + self._held.count(b"\n", 0, size)
        if self._bytes_before + size > self._limits.response_header_bytes:
            raise WebFault(TOO_LARGE, "the response's headers are too large")
        if lines > self._limits.response_headers + 2:
            raise WebFault(TOO_LARGE, "the response has too many headers")


@implementer(IHandshakeListener)
class Connection(HTTP11ClientProtocol):
    """Carries one request after another.

    `ready` fires with the connection once requests may be sent: after the TLS handshake and the
    check of the server's name, where there is TLS.  `heard` says whether anything came in answer
    to the last request.
    """

    def __init__(self, limits: Limits, handshake: Handshake | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.heard = False
        self.on_lost: Callable[[Connection], None] | None = None
        self.ready: Deferred[Connection] = Deferred(lambda _: self.drop())
        self._limits = limits
        self._handshake = handshake
        self._head: Head | None = None
        self._fault: WebFault | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        if self._handshake is None:
            self.ready.callback(self)

    def handshakeCompleted(self) -> None:  # noqa: N802 - Twisted calls it
        assert self._handshake is not None
        fault = self._handshake.check_name()
        if self.ready.called:
            return
        if fault is None:
            self.ready.callback(self)
        else:
            self.ready.errback(fault)
            self.drop()

    @property
    def is_idle(self) -> bool:
        """Whether another request may be sent."""
        return bool(self.state == "QUIESCENT")

    def ask(self, request: WireRequest) -> Deferred[IResponse]:
        """Send `request`; fires with the response once its head is here.

        Errbacks with `WebFault`; cancelling drops the connection.
        """
        self.heard = False
        self._head = Head(self._limits)
        asked: Deferred[IResponse] = self.request(request)  # type: ignore[arg-type]
        return asked.addErrback(self._explain)

    def dataReceived(self, data: bytes) -> None:
        if self._head is None:
            if self.is_idle:
                self.drop()  # an answer to nothing
            else:
                super().dataReceived(data)  # type: ignore[no-untyped-call]
            return
        self.heard = True
        try:
            whole = self._head.feed(data)
        except WebFault as fault:
            self._fault = fault
            self.drop()
            return
        if whole:
            self._head = None
            super().dataReceived(whole)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if not self.ready.called:
            self.ready.errback(self._failed_handshake())
        if self.on_lost is not None:
            self.on_lost(self)

    def drop(self) -> None:
        """Close at once, whatever is still to be sent or received.  Harmless when closed."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def _failed_handshake(self) -> WebFault:
        if self._handshake is None:
            return WebFault(CONNECTION, "the connection was lost", Phase.CONNECT)
        return self._handshake.failure()

    def _explain(self, failure: Failure) -> Failure:
        if any(reason.check(CancelledError) for reason in getattr(failure.value, "reasons", ())):
            return Failure(CancelledError())
        if self._fault is not None:
            return Failure(self._fault)
        if self.heard:
            return Failure(WebFault(PROTOCOL, "the response is not HTTP"))
        text = "the server closed the connection without a response"
        return Failure(WebFault(CONNECTION, text, Phase.READ))


class Body(Protocol):
    """Collects a response's body of at most `limit_bytes`; `whole` fires with it.

    Errbacks with `WebFault`: 11750 beyond the limit or that of `bulk`, 11206 for a body that broke
    off.
    """

    def __init__(self, limit_bytes: int, bulk: Bulk, connection: Connection, status: int) -> None:
        self.whole: Deferred[bytes] = Deferred(lambda _: connection.drop())
        self._limit = limit_bytes
        self._bulk = bulk
        self._connection = connection
        self._status = status
        self._pieces: list[bytes] = []
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        self._size += len(data)
        if self.whole.called:
            return
        if self._size > self._limit:
            self.refuse(self.too_large())
            return
        self._pieces.append(data)
        self._bulk.grow(self, self._size, self._give_up)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._bulk.end(self)
        if self.whole.called:
            self._pieces.clear()
            return
        # A body that ends with the connection, without a length, is whole as far as HTTP/1.0 knows.
        if reason.check(ResponseDone, PotentialDataLoss) is not None:
            self.whole.callback(b"".join(self._pieces))
        else:
            fault = WebFault(PROTOCOL, "the response broke off", status=self._status)
            self.whole.errback(fault)

    def refuse(self, fault: WebFault) -> None:
        """Read no further, because of `fault`."""
        self._pieces.clear()
        self._bulk.end(self)
        self.whole.errback(fault)
        self._connection.drop()

    def _give_up(self) -> None:
        text = "too much is being fetched at once"
        self.refuse(WebFault(TOO_LARGE, text, status=self._status))

    def too_large(self) -> WebFault:
        """Return what is wrong with a body beyond the limit."""
        text = f"the response's body is larger than {self._limit} bytes"
        return WebFault(TOO_LARGE, text, status=self._status)


def read_body(
    response: IResponse, connection: Connection, limit_bytes: int, bulk: Bulk
) -> Deferred[bytes]:
    """Read the body of `response`, at most `limit_bytes` of it.  See `Body`."""
    body = Body(limit_bytes, bulk, connection, response.code)
    if response.length is not UNKNOWN_LENGTH and response.length > limit_bytes:
        body.refuse(body.too_large())
        return body.whole
    response.deliverBody(body)
    return body.whole
