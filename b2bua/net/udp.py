"""SIP over UDP: one datagram, one message (RFC 3261 section 18)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import udp
from twisted.internet.interfaces import IHalfCloseableDescriptor
from twisted.internet.protocol import DatagramProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from b2bua.net.icmp import listen_for_errors, take_errors
from b2bua.net.local import Local
from b2bua.sip.message import Message
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits, Malformed, read_datagram

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # the kernel may grant less
LARGEST_DATAGRAM = 65_535

Receive = Callable[[Message | Malformed, Hop, Local], None]
Undelivered = Callable[[bytes, Hop], None]


class Datagrams(DatagramProtocol):
    """One UDP socket.

    `local_for` tells what our end is called for a peer's address.  `number` is put into every
    `Hop`, so that an answer leaves from the socket on which the request came (RFC 3581 section 4).
    `undelivered` is told the first octets of what the network could not deliver, and where to.
    """

    def __init__(
        self,
        receive: Receive,
        local_for: Callable[[str], Local],
        limits: Limits,
        number: int = 0,
        undelivered: Undelivered | None = None,
    ) -> None:
        self._receive = receive
        self._local_for = local_for
        self._limits = limits
        self._number = number
        self._undelivered = undelivered

    def undelivered(self, quote: bytes, host: str, port: int) -> None:
        """Take that a datagram of ours, which began with `quote`, did not arrive."""
        if self._undelivered is not None:
            self._undelivered(quote, Hop("udp", host, port, self._number))

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        message = read_datagram(datagram, self._limits)
        if message is not None:
            host, port = addr
            self._receive(message, Hop("udp", host, port, self._number), self._local_for(host))

    def send(self, data: bytes, host: str, port: int, failed: Callable[[str], None]) -> None:
        """Send `data` to numeric `host`; a full socket buffer is a loss like any other."""
        if self.transport is None:
            failed("the socket is closed")
            return
        try:
            self.transport.write(data, (host, port))
        except BlockingIOError:
            pass  # the transaction sends again
        except (OSError, OverflowError) as problem:  # OverflowError: a port beyond 65535
            failed(f"{host}:{port}: {problem}")


@implementer(IHalfCloseableDescriptor)
class Port(udp.Port):
    """A UDP port for IPv4 or for IPv6 alone, so that both wildcard addresses can be bound.

    Its one caller gives it numeric addresses of the right family, so `write` checks nothing.

    An ICMP error makes the next system call on the socket fail, whatever that call was for, and
    makes reactors believe that the socket has ended.  Neither is true: the error is read from the
    queue where it also stands, and everything goes on.
    """

    protocol: Datagrams

    def createInternetSocket(self) -> socket.socket:  # noqa: N802
        made: socket.socket = super().createInternetSocket()
        if self.addressFamily == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        listen_for_errors(made)
        return made

    def doRead(self) -> None:
        try:
            super().doRead()  # type: ignore[no-untyped-call]
        except OSError:
            self._tell_undelivered()

    def readConnectionLost(self, reason: Failure) -> None:  # noqa: N802
        self._tell_undelivered()
        self.startReading()  # type: ignore[no-untyped-call]

    def writeConnectionLost(self, reason: Failure) -> None:  # noqa: N802
        pass

    def _tell_undelivered(self) -> None:
        for one in take_errors(self.socket):
            self.protocol.undelivered(one.quote, one.host, one.port)

    def write(self, datagram: bytes, addr: tuple[str, int] | None = None) -> None:
        assert addr is not None, "the port is not connected to one peer"
        try:
            self.socket.sendto(datagram, addr)
        except BlockingIOError:
            raise
        except OSError:  # of an earlier datagram, perhaps; if it is of this one it comes again
            self.socket.sendto(datagram, addr)


def listen(reactor: Any, host: str, port: int, protocol: Datagrams) -> Port:
    """Open a socket on numeric `host` and `port` (0: any) for `protocol`.

    Raises:
        CannotListenError: the address is not ours, or taken.
    """
    opened = Port(port, protocol, host, LARGEST_DATAGRAM, reactor)  # type: ignore[no-untyped-call]
    opened.startListening()  # type: ignore[no-untyped-call]
    return opened
