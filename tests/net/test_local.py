"""What we are called in Via and Contact, and which socket a message leaves from."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.net.local import CACHE_ENTRIES, CACHE_SECONDS, Listener, Local, Locals, route_source

V4 = Listener("udp", "0.0.0.0", 5060, 1)
V6 = Listener("udp", "::", 5060, 2)
PRIVATE = Listener("udp", "10.0.0.1", 5070, 3)
TCP = Listener("tcp", "0.0.0.0", 5062, 4)

SOURCES = {"192.0.2.9": "192.0.2.1", "10.0.0.9": "10.0.0.1", "2001:db8::9": "2001:db8::1"}


def known_as(*listeners: Listener, advertise: str = "") -> Locals:
    locals_ = Locals(Clock(), advertise, SOURCES.get)
    for listener in listeners:
        locals_.add(listener)
    return locals_


@pytest.mark.parametrize(
    ("transport", "host", "listener", "local"),
    [
        ("udp", "192.0.2.9", V4, Local("udp", "192.0.2.1", 5060)),
        ("udp", "2001:db8::9", V6, Local("udp", "2001:db8::1", 5060)),
        ("udp", "10.0.0.9", PRIVATE, Local("udp", "10.0.0.1", 5070)),
        ("tcp", "192.0.2.9", TCP, Local("tcp", "192.0.2.1", 5062)),
        ("udp", "203.0.113.9", V4, Local("udp", "127.0.0.1", 5060)),  # no route
        ("udp", "peer.example", V4, Local("udp", "127.0.0.1", 5060)),
        ("tcp", "2001:db8::9", None, Local("tcp", "2001:db8::1", 5060)),
        ("tls", "192.0.2.9", None, Local("tls", "192.0.2.1", 5061)),
    ],
)
def test_the_listener_that_a_route_would_use_is_the_peer_s(
    transport: str, host: str, listener: Listener | None, local: Local
) -> None:
    assert known_as(V4, V6, PRIVATE, TCP).choose(transport, host) == (listener, local)


def test_a_name_is_thought_to_be_where_the_default_route_leads() -> None:
    """Its Contact is written before it is located; a wildcard and loopback would be of no use."""
    locals_ = Locals(Clock(), "", {"192.0.2.1": "10.0.0.7"}.get)
    locals_.add(V4)
    assert locals_.choose("udp", "peer.example")[1] == Local("udp", "10.0.0.7", 5060)


@pytest.mark.parametrize(
    ("listeners", "transport"), [((TCP, V4), "udp"), ((TCP,), "tcp"), ((), "udp")]
)
def test_a_name_that_says_no_transport_sees_udp_or_what_there_is(
    listeners: tuple[Listener, ...], transport: str
) -> None:
    assert known_as(*listeners).choose("", "peer.example")[1].transport == transport


@pytest.mark.parametrize(
    ("advertise", "host", "called"),
    [
        ("sip.example.com", "192.0.2.9", "sip.example.com"),
        ("sip.example.com", "2001:db8::9", "sip.example.com"),
        ("198.51.100.1", "192.0.2.9", "198.51.100.1"),
        ("198.51.100.1", "2001:db8::9", "2001:db8::1"),
        ("[2001:db8::5]", "2001:db8::9", "2001:db8::5"),
    ],
)
def test_the_advertised_host_stands_for_its_own_family(
    advertise: str, host: str, called: str
) -> None:
    assert known_as(V4, V6, advertise=advertise).choose("udp", host)[1].host == called


def test_a_request_is_answered_as_its_listener_is_seen() -> None:
    locals_ = known_as(V4, PRIVATE)
    assert locals_.seen_by("10.0.0.9", V4) == Local("udp", "10.0.0.1", 5060)
    assert locals_.seen_by("192.0.2.9", PRIVATE) == Local("udp", "10.0.0.1", 5070)


def test_a_route_is_asked_for_once_a_minute_and_host(clock: Clock) -> None:
    asked: list[str] = []
    locals_ = Locals(clock, "", asked.append)
    locals_.add(V4)
    for _ in range(3):
        locals_.choose("udp", "192.0.2.9")
    assert len(asked) == 1
    clock.advance(CACHE_SECONDS)
    locals_.choose("udp", "192.0.2.9")
    assert len(asked) == 2


def test_many_peers_do_not_fill_the_memory(clock: Clock) -> None:
    locals_ = Locals(clock, "", lambda _: "192.0.2.1")
    locals_.add(V4)
    for number in range(CACHE_ENTRIES + 10):
        locals_.seen_by(f"10.0.{number >> 8}.{number & 255}", V4)
    assert len(locals_._seen) <= CACHE_ENTRIES


def test_udp_needs_a_listener_of_the_family_and_a_stream_does_not() -> None:
    locals_ = known_as(V4)
    assert locals_.speaks("udp", "192.0.2.9")
    assert not locals_.speaks("udp", "2001:db8::9")
    assert locals_.speaks("tcp", "2001:db8::9")


@pytest.mark.real
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_knows_the_route_to_itself(host: str) -> None:
    assert route_source(host) == host
