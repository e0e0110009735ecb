"""A transaction user that writes down what it is told, and a host that it lives on."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from b2bua.net.driver import Driver, DriverLimits, ServerTransaction
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.timers import Timers
from tests.support.messages import new_token
from tests.support.network import MemoryConnections, MemoryNetwork


class Server:
    """Provides `TransactionUser`; `react` is called with each new request."""

    def __init__(self, react: Callable[[ServerTransaction], None] = lambda _: None) -> None:
        self.react = react
        self.requests: list[ServerTransaction] = []
        self.cancelled: list[ServerTransaction] = []
        self.acks: list[Request] = []
        self.faults: list[str] = []

    def request_received(self, transaction: ServerTransaction) -> None:
        self.requests.append(transaction)
        self.react(transaction)

    def cancel_received(self, invite: ServerTransaction, cancel: Request) -> None:
        assert cancel.method == "CANCEL"
        self.cancelled.append(invite)

    def ack_received(self, ack: Request) -> None:
        self.acks.append(ack)

    def malformed(self, reason: str) -> None:
        self.faults.append(reason)


class Caller:
    """Provides `ClientUser`."""

    def __init__(self) -> None:
        self.responses: list[Response] = []
        self.failures: list[Why] = []

    @property
    def statuses(self) -> list[int]:
        return [response.status for response in self.responses]

    def response_received(self, response: Response) -> None:
        self.responses.append(response)

    def request_failed(self, why: Why) -> None:
        self.failures.append(why)


class Host:
    """A real driver on a memory network, at `address`:5060."""

    def __init__(
        self,
        clock: Clock,
        network: MemoryNetwork,
        address: str,
        *,
        names: dict[str, str] | None = None,
        limits: DriverLimits | None = None,
        refuse: Callable[[Request, Hop], Response | None] | None = None,
    ) -> None:
        self.user = Server()
        self.address = address
        self.connections = MemoryConnections(network, address, names=names)
        self.driver = Driver(
            clock, self.connections, self.user, Timers(), new_token, limits, refuse
        )
        self.connections.start(self.driver.message_received)

    def hop(self, transport: str = "udp") -> Hop:
        """Return how others reach this host."""
        return Hop(transport, self.address, 5060)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is left of what was."""
        return self.driver.timers == 0 and set(self.driver.transactions.values()) == {0}


class Wiretap:
    """A bare peer of RFC 3261's figures: it sends what it is told, and keeps what it gets."""

    def __init__(self, network: MemoryNetwork, address: str = "192.0.2.9") -> None:
        self._network = network
        self.address = (address, 5060)
        self.heard: list[str] = []
        network.listen(self.address, self)  # type: ignore[arg-type]

    def makeConnection(self, transport: object) -> None:
        """Be connected, as a `DatagramProtocol` is."""

    def datagramReceived(self, data: bytes, _sender: tuple[str, int]) -> None:
        self.heard.append(data.decode())

    def send(self, data: bytes, to: Host) -> None:
        self._network.carry(data, self.address, (to.address, 5060))

    @property
    def lines(self) -> list[str]:
        """The first line of each message heard, without the version."""
        return [text.partition("\r\n")[0].replace("SIP/2.0", "").strip() for text in self.heard]
