"""Which media addresses we refuse to send to (limits: SDP targets).

Whoever writes an SDP says where our packets go.  Nobody may aim them at this machine's own
services, at everybody (multicast, broadcast), or at ports where no media lives.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from b2bua.sdp.description import Description
from b2bua.sdp.negotiate import media_targets

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

PORT_MIN = 1024
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
_THIS_NETWORK = IPv4Network("0.0.0.0/8")  # RFC 1122 section 3.2.1.3
_RESERVED = IPv4Network("240.0.0.0/4")  # RFC 1112 section 4, with the limited broadcast address


def refused_target(
    address: str,
    port: int,
    *,
    our_addresses: Collection[str],
    allow: Collection[Network] = (),
    port_min: int = PORT_MIN,
    our_ports: Container[int] = frozenset(),
) -> str | None:
    """Return why media must not be sent to `address` and `port`, or None if it may.

    `our_addresses` are the numeric addresses we send media from and listen on; `our_ports` the
    ports on them that are no peer's (SIP, HTTP).  A network in `allow` passes whatever its kind,
    but never with a port below `port_min` or one of ours.
    """
    target = _read(address)
    if target is None:
        return "not a numeric address"
    if port < port_min:
        return f"a port below {port_min}"
    if port in our_ports and (target.is_loopback or target in map(_read, our_addresses)):
        return "our own listening port"
    return _kind_refused(address, tuple(our_addresses), tuple(allow))


def refused_media(
    description: Description,
    *,
    our_addresses: Collection[str],
    allow: Collection[Network] = (),
    port_min: int = PORT_MIN,
    our_ports: Container[int] = frozenset(),
) -> str | None:
    """Return why the first refused RTP or RTCP target of `description` is refused, or None."""
    for target in filter(None, media_targets(description)):
        for port in filter(None, (target.port, target.rtcp_port)):
            problem = refused_target(
                target.address,
                port,
                our_addresses=our_addresses,
                allow=allow,
                port_min=port_min,
                our_ports=our_ports,
            )
            if problem is not None:
                return f"media to {target.address[:64]!a} port {port}: {problem}"
    return None


# Media comes from few addresses, over and over: 1 us instead of 15.
@lru_cache(maxsize=4096)
def _kind_refused(
    address: str, our_addresses: tuple[str, ...], allow: tuple[Network, ...]
) -> str | None:
    target, ours = _read(address), [own for own in map(_read, our_addresses) if own is not None]
    assert target is not None, "what is no address has been refused before"
    if any(target in network for network in allow):
        return None
    if target.is_unspecified or target in _THIS_NETWORK:
        return "an unspecified address"
    if target.is_loopback and not any(own.is_loopback for own in ours):
        return "a loopback address"
    if target.is_link_local:
        return "a link-local address"
    if target.is_multicast:
        return "a multicast address"
    if target in _RESERVED:
        return "a broadcast or reserved address"
    return None


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    """Return the address, None where there is none; of an IPv4 one in IPv6 the IPv4 one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
