"""Which addresses a customer's URL may reach: the public Internet, never our own network.

Default deny: an address is permitted when it is globally reachable by the IANA special-purpose
registries, when it belongs to no host of ours, and, where it carries an IPv4 address (mapped,
translated, NAT64, 6to4, ISATAP), when that one is permitted too.  `allow` names exceptions, and
`deny` exceptions from these.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# RFC 6890 and the IANA IPv4 Special-Purpose Address Registry.
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host; many kernels take it for loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",
        "168.63.129.16/32",  # the platform behind every Azure machine, under a public address
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# Where an IPv6 address carries an IPv4 one: the prefix, and the last bit of the IPv4 part.
_CARRIERS = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped (RFC 4291 section 2.5.5.2)
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated (RFC 2765)
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64 (RFC 6052)
    (IPv6Network("2002::/16"), 80),  # 6to4 (RFC 3056)
)
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})  # RFC 5214 section 6.1

_GLOBAL_V6 = (IPv6Network("2000::/3"), *(prefix for prefix, _ in _CARRIERS))
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "3fff::/20",
    )
)


def is_own_address(address: Address) -> bool:
    """Whether packets to `address` would stay on this machine.

    A datagram socket is pointed at it, which sends nothing: the kernel picks the source address,
    and for an address of our own it picks that very address.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return bool(probe.getsockname()[0] == str(address))
    except OSError:
        return False


class EgressPolicy:
    """Says which hosts and addresses may be connected to.

    `allow` are networks like "127.0.0.0/8" that are permitted although the rest refuses them, and
    `deny` those that are refused whatever else is said.  `hosts`, unless it is empty, are the only
    ones a URL may name: names, "*." before one for all names below it, or addresses.  `is_own`
    tells the addresses of this machine.

    Raises:
        ValueError: an entry of `allow` or `deny` is no network.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        is_own: Callable[[Address], bool] = is_own_address,
        *,
        deny: Iterable[str] = (),
        hosts: Iterable[str] = (),
    ) -> None:
        self._allow: tuple[Network, ...] = tuple(ip_network(text) for text in allow)
        self._deny: tuple[Network, ...] = tuple(ip_network(text) for text in deny)
        self._hosts = tuple(host.lower() for host in hosts)
        self._is_own = is_own

    def permits_host(self, host: str) -> bool:
        """Whether a URL may name `host`, lower-case ASCII and an IPv6 address without brackets."""
        return not self._hosts or any(
            host.endswith(one[1:]) if one.startswith("*.") else host == one for one in self._hosts
        )

    def permits(self, address: str) -> bool:
        """Whether `address`, numeric, may be connected to.  Anything else is not permitted."""
        try:
            read = ip_address(address)
        except ValueError:
            return False
        if isinstance(read, IPv6Address) and read.scope_id is not None:
            return False
        carried = _carried(read)
        if _is_in(read, self._deny) or (carried is not None and _is_in(carried, self._deny)):
            return False
        if self._is_allowed(read) or (carried is not None and self._is_allowed(carried)):
            return True
        return _is_public(read, carried) and not any(
            self._is_own(one) for one in (read, carried) if one is not None
        )

    def _is_allowed(self, address: Address) -> bool:
        return _is_in(address, self._allow)


def _is_public(address: Address, carried: IPv4Address | None) -> bool:
    if carried is not None and _is_in(carried, _REFUSED_V4):
        return False
    if isinstance(address, IPv4Address):
        return not _is_in(address, _REFUSED_V4)
    return _is_in(address, _GLOBAL_V6) and not _is_in(address, _REFUSED_V6)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    number = int(address)
    for prefix, shift in _CARRIERS:
        if address in prefix:
            return IPv4Address(number >> shift & 0xFFFF_FFFF)
    if number >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(number & 0xFFFF_FFFF)
    return None
