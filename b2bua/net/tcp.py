"""SIP over one stream connection: patience, and a bound on what waits to be written.

How messages lie in its bytes is the framing's affair; on TLS the peer is judged before any of them
is sent or read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Interface

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    IPushProducer,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from b2bua.net.framing import Bare, Framing
from b2bua.net.timers import Countdown, Timetable
from b2bua.sip.message import Message
from b2bua.sip.reader import Limits, Malformed

UNHEARD = 64  # how many of the latest messages are known to be lost with their connection

Failed = Callable[[str], None]
Judge = Callable[[Any], str | None]  # of a peer's certificate, None if it showed none: its fault


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What stream connections may cost; times are in seconds."""

    message_timeout: float = 5.0  # to finish a message or handshake once begun; to close once asked
    connect_timeout: float = 5.0  # to be connected
    idle_timeout: float = 600.0  # without a byte from the peer; noticed after twice that at most
    per_address: int = 100  # connections from or to one address
    connections: int = 2_000  # in all
    write_bytes: int = 262_144  # waiting for a peer that reads too slowly


class StreamOwner(Interface):
    """Who keeps the stream, and takes what comes on it."""

    clock: IReactorTime
    timetable: Timetable
    limits: StreamLimits
    reading: Limits

    def stream_opened(self, stream: Stream) -> None:
        """Learn that it is connected."""

    def stream_received(self, stream: Stream, message: Message | Malformed) -> None:
        """Take a message."""

    def stream_closed(self, stream: Stream) -> None:
        """Learn that it is gone."""


@implementer(IPushProducer, IHandshakeListener, IHalfCloseableProtocol)
class Stream(Protocol):
    """One connection, from before it is open until it is gone.

    What is sent before it is open, or while the transport's buffer is full, waits here; if the
    connection is lost meanwhile, `failed` of each is called.  With a `judge` it is on TLS, and
    open when the handshake is done and the peer found to have no fault.
    """

    _log = Logger()
    transport: Any  # ITCPTransport, once it is connected

    def __init__(
        self,
        owner: StreamOwner,
        number: int,
        host: str,
        port: int,
        framing: Framing | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.number = number
        self.host = host
        self.port = port
        self._owner = owner
        self._framing = framing or Bare(owner.reading)
        self._judge = judge
        self._is_open = False
        self._waiting: deque[tuple[bytes, Failed]] = deque()
        self._waiting_bytes = 0
        self._unheard: deque[Failed] = deque(maxlen=UNHEARD)
        self._can_write = False
        self.is_closing = False
        self._unfinished: Countdown | None = None
        self._idle: Countdown | None = None
        self._heard = 0.0

    def send(self, data: bytes, failed: Failed) -> None:
        """Write `data` now or when that is possible; call `failed` if it never is."""
        if self.is_closing:
            failed("the connection is closing")
        elif self._can_write:
            self._unheard.append(failed)
            self.transport.write(self._framing.frame(data))
        elif self._waiting_bytes + len(data) > self._owner.limits.write_bytes:
            failed("too much waits to be written")
            self.abort()
        else:
            self._waiting.append((data, failed))
            self._waiting_bytes += len(data)

    def connectionMade(self) -> None:
        if self.is_closing:
            self.transport.abortConnection()
            return
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        self._heard = self._owner.clock.seconds()
        self._watch_idle()
        if self._judge is None:
            self._begin()
        else:
            self._be_patient()

    def handshakeCompleted(self) -> None:  # noqa: N802
        """Judge who is at the other end of TLS."""
        fault = self._judge(self.transport.getPeerCertificate()) if self._judge else None
        if self.is_closing:
            return
        if fault is None:
            self._begin()
        else:
            self._log.warn("refused {host} on TLS: {fault}", host=self.host, fault=fault)
            self.abort()

    def _begin(self) -> None:
        self.transport.write(self._framing.opening())
        if self._framing.is_open:
            self._open()
        elif self._unfinished is None:
            self._be_patient()

    def _open(self) -> None:
        self._is_open = True
        self.transport.registerProducer(self, streaming=True)
        self._owner.stream_opened(self)
        self._watch_unfinished(begun_anew=True)
        self.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        self._heard = self._owner.clock.seconds()
        self._unheard.clear()
        messages = self._framing.feed(data)
        if (replies := self._framing.replies()) and (self._can_write or not self._is_open):
            self.transport.write(replies)
        if self._framing.is_open and not self._is_open:
            self._open()
        for message in messages:
            self._owner.stream_received(self, message)
        self._watch_unfinished(begun_anew=bool(messages))
        if self._framing.is_broken:
            self.close()

    def readConnectionLost(self) -> None:  # noqa: N802
        """Close after a peer that sends no more: what it asked before is answered first."""
        self.close()

    def writeConnectionLost(self) -> None:  # noqa: N802
        """Nothing: our own end is never closed alone."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_closing = True
        self._can_write = False
        for countdown in (self._unfinished, self._idle):
            if countdown is not None:
                countdown.stop()
        self._owner.stream_closed(self)
        lost = [failed for _, failed in self._waiting]
        if not reason.check(ConnectionDone):
            # A peer that vanished has not read what came after its last byte to us (18.4).
            lost += self._unheard
        self._waiting.clear()
        self._unheard.clear()
        for failed in lost:
            failed(f"the connection to {self.host} was lost: {reason.getErrorMessage()}")

    def close(self) -> None:
        """Close when what is written has been sent; a peer that does not read is cut off."""
        if not self.is_closing:
            self.is_closing = True
            self._be_patient()
            if self._is_open:
                self.transport.write(self._framing.farewell())
                self.transport.unregisterProducer()
            self.transport.loseConnection()

    def abort(self) -> None:
        """Close at once."""
        self.is_closing = True
        if self.transport is not None:
            self.transport.abortConnection()

    # IPushProducer: called by the transport, whose buffer is full or empty

    def pauseProducing(self) -> None:
        self._can_write = False

    def resumeProducing(self) -> None:
        self._can_write = True
        while self._waiting and self._can_write and not self.is_closing:
            data, failed = self._waiting.popleft()
            self._waiting_bytes -= len(data)
            self._unheard.append(failed)
            self.transport.write(self._framing.frame(data))

    def stopProducing(self) -> None:
        self._can_write = False

    # Patience

    def _watch_unfinished(self, *, begun_anew: bool) -> None:
        """Give a message `message_timeout` from its first byte; more bytes buy no more time."""
        if self.is_closing:
            return
        if self._unfinished is not None and (begun_anew or self._framing.is_idle):
            self._unfinished.stop()
            self._unfinished = None
        if self._unfinished is None and not self._framing.is_idle:
            self._be_patient()

    def _be_patient(self) -> None:
        """Give the peer `message_timeout` from now for what it has to finish."""
        if self._unfinished is not None:
            self._unfinished.stop()
        patience = self._owner.limits.message_timeout
        self._unfinished = self._owner.timetable.start(patience, self._cut_off, None)

    def _cut_off(self, _: object) -> None:
        self._unfinished = None
        self.abort()

    def _watch_idle(self) -> None:
        patience = self._owner.limits.idle_timeout
        self._idle = self._owner.timetable.start(patience, self._check_idle, patience)

    def _check_idle(self, patience: float) -> None:
        self._idle = None
        if self._owner.clock.seconds() - self._heard >= patience:
            self.close()
        else:
            self._watch_idle()
