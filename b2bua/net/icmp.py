"""What the network says it could not deliver: ICMP errors, as Linux queues them on a UDP socket.

RFC 3261 section 18.4 has the transport tell its user of them, so that a request to where nobody
listens fails at once and not after 64*T1.  The kernel keeps each error until it is read, with the
address that our datagram was for and as much of the datagram as came back.

See ip(7), `IP_RECVERR`.  Elsewhere than on Linux nothing is queued and the timers have to do.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass

# The kernel's figures; Python's socket module has names for few of them.
_IP_RECVERR = 11
_IPV6_RECVERR = 25
_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err
_FROM_ICMP, _FROM_ICMP6 = 2, 3
_UNREACHABLE, _PARAMETER_PROBLEM = 3, 12
_FRAGMENTATION_NEEDED = 4  # a code of the former: the kernel sends smaller fragments from then on
_UNREACHABLE6, _PARAMETER_PROBLEM6 = 1, 4

MOST_AT_ONCE = 256
"""Errors read in one turn; the rest wait for the next."""
_QUOTE_BYTES = 2_048
_ANCILLARY_BYTES = 256


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A datagram of ours that came to nothing: its first octets, and where it was to go."""

    quote: bytes
    host: str
    port: int


def listen_for_errors(sock: socket.socket) -> None:
    """Have the kernel queue ICMP errors for what `sock` sends."""
    if sys.platform != "linux":
        return
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def take_errors(sock: socket.socket) -> list[Undelivered]:
    """Return what could not be delivered, oldest first; never waits.

    Errors that say nothing of the destination (a hop limit that ran out) are left out (18.4).
    """
    found: list[Undelivered] = []
    if sys.platform != "linux":
        return found
    for _ in range(MOST_AT_ONCE):
        try:
            quote, ancillary, _flags, address = sock.recvmsg(
                _QUOTE_BYTES, _ANCILLARY_BYTES, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT
            )
        except OSError:
            break
        if address and any(_is_final(level, kind, data) for level, kind, data in ancillary):
            found.append(Undelivered(quote, address[0], address[1]))
    return found


def _is_final(level: int, kind: int, data: bytes) -> bool:
    if (level, kind) not in (
        (socket.IPPROTO_IP, _IP_RECVERR),
        (socket.IPPROTO_IPV6, _IPV6_RECVERR),
    ):
        return False
    if len(data) < _ERROR.size:
        return False
    fields: tuple[int, ...] = _ERROR.unpack_from(data)
    origin, type_, code = fields[1:4]
    if origin == _FROM_ICMP:
        is_unreachable = type_ == _UNREACHABLE and code != _FRAGMENTATION_NEEDED
        return is_unreachable or type_ == _PARAMETER_PROBLEM
    return origin == _FROM_ICMP6 and type_ in (_UNREACHABLE6, _PARAMETER_PROBLEM6)
