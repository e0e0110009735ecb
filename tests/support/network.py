"""A network in memory: datagrams with delay and loss, and streams without, on a virtual clock.

`MemoryNetwork` carries bytes between addresses.  `MemoryConnections` stands in the place of
`b2bua.net.connections.Connections` for one host, so that a real `Driver` runs on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import DatagramProtocol

from b2bua.net.local import Local
from b2bua.net.locate import Unreachable
from b2bua.net.names import is_numeric
from b2bua.net.udp import Datagrams, Receive
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits, read_datagram

Address = tuple[str, int]


class MemoryNetwork:
    """Datagrams take `delay` seconds; those for which `lose` is true do not arrive."""

    def __init__(
        self,
        clock: IReactorTime,
        delay: float = 0.01,
        lose: Callable[[bytes, Address], bool] = lambda _data, _to: False,
    ) -> None:
        self.clock, self._delay, self._lose = clock, delay, lose
        self._listening: dict[Address, DatagramProtocol] = {}
        self._accepting: dict[Address, Callable[[bytes, Address], None]] = {}
        self.sent: list[tuple[float, Address, Address, bytes]] = []

    def listen(self, address: Address, protocol: DatagramProtocol) -> None:
        """Give datagrams to `address` to `protocol`, whose transport writes from there."""
        self._listening[address] = protocol
        protocol.makeConnection(_Port(self, address))  # type: ignore[arg-type]

    def accept(self, address: Address, received: Callable[[bytes, Address], None]) -> None:
        """Give what comes on streams to `address` to `received`."""
        self._accepting[address] = received

    def refuse(self, address: Address) -> None:
        """Accept no streams at `address` any more."""
        self._accepting.pop(address, None)

    def leave(self, address: Address) -> None:
        """Take `address` off the network, as when its host loses power."""
        self._listening.pop(address, None)
        self._accepting.pop(address, None)

    def carry(self, data: bytes, sender: Address, to: Address) -> None:
        """Take a datagram; it arrives after the delay, or not at all."""
        self.sent.append((self.clock.seconds(), sender, to, data))
        if not self._lose(data, to):
            self.clock.callLater(self._delay, self._arrive, data, sender, to)

    def carry_on_stream(self, data: bytes, sender: Address, to: Address) -> bool:
        """Take what is written to a stream; False when nobody accepts connections there."""
        if to not in self._accepting:
            return False
        self.sent.append((self.clock.seconds(), sender, to, data))
        self.clock.callLater(self._delay, self._accepting[to], data, sender)
        return True

    def _arrive(self, data: bytes, sender: Address, to: Address) -> None:
        if to in self._listening:
            self._listening[to].datagramReceived(data, sender)


class _Port:
    """The transport of one datagram protocol."""

    def __init__(self, network: MemoryNetwork, address: Address) -> None:
        self._network, self._address = network, address

    def write(self, data: bytes, to: Address) -> None:
        self._network.carry(data, self._address, to)


class MemoryConnections:
    """One host on a memory network: UDP and TCP on one port.

    `names` are the host names that can be resolved, to addresses with spaces between.
    """

    def __init__(
        self,
        network: MemoryNetwork,
        host: str,
        port: int = 5060,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._network = network
        self._address = (host, port)
        self._names = names or {}
        self._datagrams: Datagrams | None = None
        self._receive: Receive | None = None
        self.unreachable = Unreachable(network.clock)

    def start(self, receive: Receive) -> None:
        """Join the network; `receive` gets what arrives."""
        self._receive = receive
        self._datagrams = Datagrams(receive, lambda _host: self._local("udp"), Limits())
        self._network.listen(self._address, self._datagrams)
        self._network.accept(self._address, self._stream_received)

    def local_for(self, hop: Hop) -> Local:
        """Return our end; there is but one."""
        return self._local(hop.transport)

    def send(self, data: bytes, hop: Hop, failed: Callable[[str], None]) -> None:
        """Send `data`; on a stream it fails when nobody is there."""
        to = (hop.host, hop.port)
        if hop.transport == "udp":
            assert self._datagrams is not None, "send comes after start"
            self._datagrams.send(data, *to, failed)
        elif not self._network.carry_on_stream(data, self._address, to):
            failed("connection refused")

    def locate(self, hop: Hop, found: Callable[[tuple[Hop, ...]], None]) -> None:
        """Look the host of `hop` up in `names`, at once."""
        written = hop.host if is_numeric(hop.host) else self._names.get(hop.host, "")
        transport, port = hop.transport or "udp", hop.port or 5060
        found(tuple(Hop(transport, host, port, domain=hop.host) for host in written.split()))

    def _local(self, transport: str) -> Local:
        return Local(transport, *self._address)

    def _stream_received(self, data: bytes, sender: Address) -> None:
        message = read_datagram(data)
        if message is not None and self._receive is not None:
            self._receive(message, Hop("tcp", *sender, connection=1), self._local("tcp"))
