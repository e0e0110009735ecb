"""Where a message goes next.

Requests go by Route or Request-URI (RFC 3261 section 8.1.2, RFC 3263 section 4 without its DNS),
responses by the top Via (18.2.2, RFC 3581).  A `Hop` may hold a name; whoever sends resolves it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from b2bua.sip.grammar import split_list
from b2bua.sip.message import Request
from b2bua.sip.uri import Uri
from b2bua.sip.values import NameAddr, Via

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061, "ws": 80, "wss": 443}
RELIABLE = frozenset({"tcp", "tls", "ws", "wss"})
SECURE = frozenset({"tls", "wss"})
WEBSOCKETS = frozenset({"ws", "wss"})
_LOCATED = frozenset({"", "udp", "tcp", "tls"})
_SECURED = {"udp": "tls", "tcp": "tls", "ws": "wss"}


@dataclass(frozen=True, slots=True)
class Hop:
    """One place to send to, or where something came from.

    `transport` is in lower case, `host` a numeric address (IPv6 without brackets) or a name,
    `connection` the number of an open stream connection, 0 for none.  `domain` is the name that a
    TLS peer's certificate must show, empty where that is `host`.  `is_flow`: the peer is reached
    this way or not at all, whatever its Contact says (RFC 5626).
    """

    transport: str
    host: str
    port: int
    connection: int = 0
    domain: str = ""
    is_flow: bool = False


def request_hop(uri: Uri, routes: Sequence[NameAddr] = ()) -> Hop:
    """Return where a request with this Request-URI and these Route values goes first.

    The first Route decides if there is one: to a loose router as to a strict one.  A transport
    that nobody serves comes back as it is named, and fails where it would be sent.  A name without
    a port leaves it to the DNS: its port is 0, and its transport "" if none is said (RFC 3263).

    Raises:
        ValueError: the first Route is not a SIP URI.
    """
    target = routes[0].uri if routes else uri
    if not isinstance(target, Uri):
        raise ValueError("the first Route is not a SIP URI")  # noqa: TRY004
    transport = (target.param("transport") or "").lower()
    if target.scheme == "sips":
        transport = _SECURED.get(transport, transport) or "tls"
    host = (target.param("maddr") or target.host).strip("[]")
    if target.port is None and transport in _LOCATED and not _is_number(host):
        return Hop(transport, host, 0)
    transport = transport or "udp"
    return Hop(transport, host, target.port or DEFAULT_PORTS.get(transport, 5060))


def response_hop(via: Via, source: Hop) -> Hop:
    """Return where a response goes whose request had `via` on top and came from `source`.

    A stream's response goes back on its connection.  On UDP it goes to the source's address; to
    the source's port if `rport` was asked for, else to the port of sent-by.  `maddr` is honoured
    when it is a numeric unicast address, so that nobody can make us resolve names or reach groups.
    """
    if source.transport in RELIABLE:
        return source
    if via.rport is not None:
        return source
    port = via.port or DEFAULT_PORTS.get(source.transport, 5060)
    return Hop(source.transport, _unicast(via.param("maddr")) or source.host, port)


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()  # no domain has a top label of digits


def _unicast(maddr: str | None) -> str | None:
    if not maddr or re.fullmatch(r"[0-9A-Fa-f:.\[\]]{2,45}", maddr) is None:
        return None
    try:
        address = ip_address(maddr.strip("[]"))
    except ValueError:
        return None
    if address.is_multicast or address.is_unspecified or address.packed == b"\xff" * 4:
        return None
    return str(address)


def stamp_received(request: Request, source: Hop) -> None:
    """Note on the top Via where the request came from (18.2.1, RFC 3581 section 4).

    What the peer itself wrote into `received` and `rport` is not believed.
    """
    via = request.via
    stamped = via.without_params("received")
    if via.rport is not None:
        stamped = stamped.with_params(received=source.host, rport=str(source.port))
    elif via.host != source.host:
        stamped = stamped.with_params(received=source.host)
    if stamped != via:
        rest = split_list(request.headers.get_all("Via")[0])[1:]
        request.headers.set_first("Via", ", ".join([str(stamped), *rest]))
