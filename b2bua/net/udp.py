"""SIP over UDP: one datagram, one message (RFC 3261 section 18)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import udp
from twisted.internet.protocol import DatagramProtocol

from b2bua.net.local import Local
from b2bua.sip.message import Message
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import Limits, Malformed, read_datagram

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # the kernel may grant less
LARGEST_DATAGRAM = 65_535

Receive = Callable[[Message | Malformed, Hop, Local], None]


class Datagrams(DatagramProtocol):
    """One UDP socket.

    `local_for` tells what our end is called for a peer's address.  `number` is put into every
    `Hop`, so that an answer leaves from the socket on which the request came (RFC 3581 section 4).
    """

    def __init__(
        self, receive: Receive, local_for: Callable[[str], Local], limits: Limits, number: int = 0
    ) -> None:
        self._receive = receive
        self._local_for = local_for
        self._limits = limits
        self._number = number

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


class Port(udp.Port):
    """A UDP port for IPv4 or for IPv6 alone, so that both wildcard addresses can be bound.

    Its one caller gives it numeric addresses of the right family, so `write` checks nothing.
    """

    def createInternetSocket(self) -> socket.socket:  # noqa: N802
        made: socket.socket = super().createInternetSocket()
        if self.addressFamily == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        return made

    def write(self, datagram: bytes, addr: tuple[str, int] | None = None) -> None:
        assert addr is not None, "the port is not connected to one peer"
        self.socket.sendto(datagram, addr)


def listen(reactor: Any, host: str, port: int, protocol: Datagrams) -> Port:
    """Open a socket on numeric `host` and `port` (0: any) for `protocol`.

    Raises:
        CannotListenError: the address is not ours, or taken.
    """
    opened = Port(port, protocol, host, LARGEST_DATAGRAM, reactor)  # type: ignore[no-untyped-call]
    opened.startListening()  # type: ignore[no-untyped-call]
    return opened
