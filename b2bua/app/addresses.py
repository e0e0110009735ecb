"""Addresses as the settings write them: listening places, networks, port ranges, URLs."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

OFFERED_TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")


class Place(NamedTuple):
    """A local address and port.  `host` is numeric, IPv6 without brackets."""

    host: str
    port: int


class Ports(NamedTuple):
    """An inclusive range of UDP ports."""

    low: int
    high: int


def read_place(text: str) -> Place:
    """Read `ADDRESS:PORT`, with brackets around an IPv6 address.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    found = re.fullmatch(r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<v4>[^:\[\]]+)):(?P<port>[0-9]{1,5})", text)
    if found is None:
        raise ValueError("this should be ADDRESS:PORT, for example 0.0.0.0:5060 or [::]:5060")
    host = read_address(found["v6"] or found["v4"])
    if (host.version == 6) != bool(found["v6"]):
        raise ValueError("brackets belong around an IPv6 address and nothing else")
    port = int(found["port"])
    if port > 65_535:
        raise ValueError(f"{port} is not a port")
    return Place(str(host), port)


def read_listen(text: str) -> tuple[str, Place]:
    """Read `TRANSPORT:ADDRESS:PORT`.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    transport, _, rest = text.partition(":")
    if transport not in OFFERED_TRANSPORTS:
        raise ValueError(
            "this should begin with udp:, tcp:, tls:, ws: or wss:, for example udp:0.0.0.0:5060"
        )
    return transport, read_place(rest)


def read_address(text: str) -> Address:
    """Read a numeric IPv4 or IPv6 address.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a numeric IPv4 or IPv6 address") from None


def read_network(text: object) -> Network:
    """Read a network, or a single address, for example `10.0.0.0/8` or `::1`.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    if isinstance(text, Network):
        return text
    try:
        return ipaddress.ip_network(text if isinstance(text, str) else "")
    except ValueError as problem:
        raise ValueError(f"this is not a network such as 10.0.0.0/8: {problem}") from None


def read_ports(text: object) -> Ports:
    """Read `LOW-HIGH`: at least one even port with the odd one above it.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    if isinstance(text, Ports):
        return text
    found = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", text if isinstance(text, str) else "")
    if found is None:
        raise ValueError('this should be "LOW-HIGH", for example "20000-29999"')
    low, high = int(found[1]), int(found[2])
    if not 1_024 <= low <= high <= 65_535:
        raise ValueError("the ports should rise, from 1024 at least to 65535 at most")
    if high - (low + low % 2) < 1:
        raise ValueError("there is no even port with an odd one above it in this range")
    return Ports(low, high)


def read_web_url(text: str, *, file_allowed: bool = False) -> str:
    """Check an absolute http or https URL (or a file one, where allowed); empty passes.

    Raises:
        ValueError: a sentence that says what is wrong.
    """
    if not text:
        return text
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as problem:
        raise ValueError(f"this is not a URL: {problem}") from None
    if any(character <= " " or character == "\x7f" for character in text):
        raise ValueError("a URL has no spaces or control characters")
    if file_allowed and parts.scheme == "file" and not host and parts.path.startswith("/"):
        return text
    if parts.scheme not in ("http", "https") or not host:
        offered = "http://, https:// or file:///" if file_allowed else "http:// or https://"
        raise ValueError(f"this should be a URL that begins with {offered}")
    return text


def plain_form(address: str) -> Address:
    """Return the address without the IPv4-mapped form that dual-stack sockets show.

    Raises:
        ValueError: `address` is not numeric.
    """
    read = ipaddress.ip_address(address.partition("%")[0])
    return getattr(read, "ipv4_mapped", None) or read
