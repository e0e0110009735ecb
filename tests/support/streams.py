"""A stream transport in memory, with what `StringTransport` lacks of a TCP transport."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure


class MemoryTransport(StringTransport):
    """Tells its protocol when it is cut off, as a real one does."""

    def __init__(self, protocol: IProtocol) -> None:
        super().__init__()
        self._protocol = protocol

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        pass

    def setTcpKeepAlive(self, enabled: bool) -> None:  # noqa: N802
        pass

    def abortConnection(self) -> None:  # noqa: N802
        if not self.disconnected:
            super().abortConnection()
            self._protocol.connectionLost(Failure(ConnectionLost()))

    def closed_by_peer(self) -> None:
        """Close as the peer would."""
        self._protocol.connectionLost(Failure(ConnectionDone()))
