"""An Internet in memory: names, addresses, servers, and a clock that stands still by itself.

It is the reactor and the resolver of a `WebClient` under test.  Bytes travel in the same moment
they are written, in order, once the clock is advanced by any amount, zero included.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from twisted.internet import interfaces
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionRefusedError
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from zope.interface import implementer

Result = TypeVar("Result")
Place = tuple[str, int]


@implementer(interfaces.IHostnameResolver)
class Internet(MemoryReactorClock):
    """Connects clients to `servers`, by address and port.

    `names` maps a host to its answers, one list of addresses for each time it is asked; the last
    one stays; one in `silent_names` is never answered.  `dialled` is every place somebody tried to
    connect to.  A place in `black_holes` never answers, one without a server refuses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[list[str]]] = {}
        self.silent_names: set[str] = set()
        self.asked: list[str] = []
        self.servers: dict[Place, Any] = {}
        self.black_holes: set[Place] = set()
        self.dialled: list[Place] = []
        self.wires: list[Wire] = []

    @property
    def open_wires(self) -> int:
        """How many connections are open."""
        return sum(not wire.is_closed for wire in self.wires)

    def serve(self, address: str, port: int, factory: Any, *names: str) -> None:
        """Put a server at `address`; `names` resolve to it from now on."""
        self.servers[address, port] = factory
        for name in names:
            self.names[name] = [[address]]

    def finish(self, work: Coroutine[Any, Any, Result], seconds: float = 60.0) -> Result:
        """Advance the clock until `work` is done, for `seconds` at most; return its result."""
        done: list[Result | Failure] = []
        Deferred.fromCoroutine(work).addBoth(done.append)
        end = self.seconds() + seconds
        self.advance(0)
        while not done and self.seconds() < end:
            self.advance(self._until_next(end))
        assert done, f"not done after {seconds} s"
        if isinstance(done[0], Failure):
            done[0].raiseException()
        return done[0]

    def _until_next(self, end: float) -> float:
        times: Iterable[float] = (call.getTime() for call in self.getDelayedCalls())
        return max(0.0, min([*times, end]) - self.seconds())

    def connectTCP(  # noqa: N802
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,  # noqa: N803
    ) -> Any:
        connector = super().connectTCP(host, port, factory, timeout, bindAddress)
        self.dialled.append((host, port))
        if (host, port) not in self.black_holes:
            self.callLater(0, self._connect, connector, (host, port), factory)
        return connector

    def _connect(self, connector: Any, place: Place, factory: Any) -> None:
        if connector.stoppedConnecting:
            return
        server = self.servers.get(place)
        if server is None:
            factory.clientConnectionFailed(connector, Failure(ConnectionRefusedError()))
            return
        here, there = Wire(self, place), Wire(self, place)
        here.peer, there.peer = there, here
        self.wires += [here]
        there.join(server.buildProtocol(here.getHost()))
        here.join(factory.buildProtocol(here.getPeer()))

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: interfaces.IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> interfaces.IHostResolution:
        self.asked.append(hostName)
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        if hostName in self.silent_names:
            return resolution
        answers = self.names.get(hostName, [[]])
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        self.callLater(0, _resolve, resolutionReceiver, addresses, portNumber)
        return resolution


def _resolve(receiver: interfaces.IResolutionReceiver, addresses: Iterable[str], port: int) -> None:
    for address in addresses:
        kind = IPv6Address if ":" in address else IPv4Address
        receiver.addressResolved(kind("TCP", address, port))
    receiver.resolutionComplete()


@implementer(interfaces.IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise NotImplementedError


@implementer(interfaces.ITCPTransport, interfaces.IConsumer, interfaces.IPushProducer)
class Wire:
    """One end of a connection in memory."""

    disconnecting = False

    def __init__(self, clock: Clock, place: Place) -> None:
        self.peer: Wire = self
        self.is_closed = False
        self.was_aborted = False
        self.written = bytearray()
        self._clock = clock
        self._place = place
        self._protocol: Any = None
        self._is_paused = False
        self._held: list[bytes] = []
        self._ended: Failure | None = None

    def join(self, protocol: Any) -> None:
        self._protocol = protocol
        protocol.makeConnection(self)

    def write(self, data: bytes) -> None:
        if not self.is_closed:
            self.written += data
            self._clock.callLater(0, self.peer._receive, bytes(data))

    def writeSequence(self, data: Iterable[bytes]) -> None:  # noqa: N802
        self.write(b"".join(data))

    def loseConnection(self, _reason: Any = None) -> None:  # noqa: N802
        self._close(ConnectionDone())

    def abortConnection(self) -> None:  # noqa: N802
        self.was_aborted = True
        self._close(ConnectionAborted())

    def _close(self, why: Exception) -> None:
        if self.is_closed:
            return
        self.is_closed = self.disconnecting = True
        self._clock.callLater(0, self._protocol.connectionLost, Failure(why))
        self._clock.callLater(0, self.peer._hear_end)

    def _receive(self, data: bytes) -> None:
        if self.is_closed:
            return
        if self._is_paused:
            self._held.append(data)
        else:
            self._protocol.dataReceived(data)

    def _hear_end(self) -> None:
        self._ended = Failure(ConnectionDone())
        self._end_if_heard()

    def _end_if_heard(self) -> None:
        if self._ended is not None and not self.is_closed and not self._is_paused:
            self.is_closed = self.disconnecting = True
            self._protocol.connectionLost(self._ended)

    def pauseProducing(self) -> None:
        self._is_paused = True

    def resumeProducing(self) -> None:
        self._is_paused = False
        held, self._held = self._held, []
        for data in held:
            self._receive(data)
        self._end_if_heard()

    def stopProducing(self) -> None:
        self.loseConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        pass

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", *self._place)

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "198.51.100.1", 40_000)

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        pass

    def getTcpNoDelay(self) -> bool:  # noqa: N802
        return True

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802
        pass

    def getTcpKeepAlive(self) -> bool:  # noqa: N802
        return False

    def loseWriteConnection(self) -> None:  # noqa: N802
        self.loseConnection()
