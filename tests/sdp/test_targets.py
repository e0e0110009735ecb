"""Where we refuse to send media to."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from b2bua.sdp.targets import refused_media, refused_target
from tests.sdp.examples import audio, read

PUBLIC = ["198.51.100.1"]


@pytest.mark.parametrize("address", ["192.0.2.1", "10.1.2.3", "2001:db8::1", "fd00::1"])
def test_ordinary_and_private_addresses_pass(address: str) -> None:
    assert refused_target(address, 5004, our_addresses=PUBLIC, allow=[]) is None


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", "broadcast"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("media.example", "numeric"),
        ("2130706433", "numeric"),
        ("127.1", "numeric"),
        ("0177.0.0.1", "numeric"),
        ("192.0.2.1 ", "numeric"),
        ("", "numeric"),
    ],
)
def test_addresses_that_are_no_peers_are_refused(address: str, reason: str) -> None:
    assert reason in str(refused_target(address, 5004, our_addresses=PUBLIC, allow=[]))


def test_loopback_passes_where_our_own_media_address_is_loopback() -> None:
    assert refused_target("127.0.0.1", 5004, our_addresses=["127.0.0.1"], allow=[]) is None
    assert refused_target("::1", 5004, our_addresses=["127.0.0.1"], allow=[]) is None


@pytest.mark.parametrize(("port", "passes"), [(1, False), (1023, False), (1024, True)])
def test_ports_below_the_least_are_refused(port: int, passes: bool) -> None:
    refused = refused_target("192.0.2.1", port, our_addresses=PUBLIC, allow=[])
    assert (refused is None) is passes


def test_the_least_port_can_be_set() -> None:
    assert refused_target("192.0.2.1", 80, our_addresses=PUBLIC, allow=[], port_min=1) is None


def test_an_allowed_network_passes() -> None:
    allow = [ip_network("169.254.0.0/16"), ip_network("::1/128")]
    assert refused_target("169.254.1.1", 5004, our_addresses=PUBLIC, allow=allow) is None
    assert refused_target("::1", 5004, our_addresses=PUBLIC, allow=allow) is None
    assert refused_target("127.0.0.1", 5004, our_addresses=PUBLIC, allow=allow) is not None


@pytest.mark.parametrize(
    ("address", "port", "passes"),
    [
        ("198.51.100.1", 5060, False),
        ("::ffff:198.51.100.1", 5060, False),
        ("127.0.0.1", 5060, False),
        ("198.51.100.1", 5062, True),
        ("192.0.2.1", 5060, True),
    ],
)
def test_our_own_listening_ports_are_refused_even_where_allowed(
    address: str, port: int, passes: bool
) -> None:
    everything = [ip_network("0.0.0.0/0")]
    refused = refused_target(
        address, port, our_addresses=PUBLIC, allow=everything, our_ports={5060}
    )
    assert (refused is None) is passes


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (audio("0"), None),
        (audio("0", port=0, address="127.0.0.1"), None),
        (audio("0", address="0.0.0.0"), None),
        (audio("0", address="127.0.0.1"), "port 5004: a loopback"),
        (audio("0", "rtcp:22"), "port 22: a port below"),
    ],
    ids=["good", "rejected", "held", "loopback", "rtcp"],
)
def test_a_description_is_refused_for_its_first_bad_target(data: bytes, reason: str | None) -> None:
    refused = refused_media(read(data), our_addresses=PUBLIC)
    assert refused is None if reason is None else reason in str(refused)
