"""Where requests and responses go."""

from __future__ import annotations

import pytest

from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.nexthop import Hop, request_hop, response_hop, stamp_received
from b2bua.sip.uri import Uri, read_uri
from b2bua.sip.values import read_name_addr, read_via

SOURCE = Hop("udp", "198.51.100.7", 33_000)


@pytest.mark.parametrize(
    ("uri", "hop"),
    [
        ("sip:h", Hop("", "h", 0)),
        ("sip:h:5060", Hop("udp", "h", 5060)),
        ("sip:h;transport=udp", Hop("udp", "h", 0)),
        ("sip:192.0.2.1", Hop("udp", "192.0.2.1", 5060)),
        ("sips:192.0.2.1", Hop("tls", "192.0.2.1", 5061)),
        ("sips:h:5071", Hop("tls", "h", 5071)),
        ("sip:a@h:5070;transport=TCP", Hop("tcp", "h", 5070)),
        ("sip:h;transport=tls", Hop("tls", "h", 0)),
        ("sips:h", Hop("tls", "h", 0)),
        ("sips:h;transport=tcp", Hop("tls", "h", 0)),
        ("sips:h;transport=udp", Hop("tls", "h", 0)),
        ("sips:h;transport=ws", Hop("wss", "h", 443)),
        ("sip:h;transport=ws", Hop("ws", "h", 80)),
        ("sip:h;transport=sctp", Hop("sctp", "h", 5060)),
        ("sip:h;maddr=192.0.2.9", Hop("udp", "192.0.2.9", 5060)),
        ("sip:h;maddr=[::1]", Hop("udp", "::1", 5060)),
        ("sip:[2001:db8::1]:5070", Hop("udp", "2001:db8::1", 5070)),
    ],
)
def test_a_request_goes_where_its_uri_says(uri: str, hop: Hop) -> None:
    read = read_uri(uri)
    assert isinstance(read, Uri)
    assert request_hop(read) == hop


@pytest.mark.parametrize("route", ["<sip:p:5080;lr;transport=tcp>", "<sip:p:5080;transport=tcp>"])
def test_the_first_route_comes_before_the_uri(route: str) -> None:
    routes = [read_name_addr(route), read_name_addr("<sip:q;lr>")]
    assert request_hop(Uri("sip", "h"), routes) == Hop("tcp", "p", 5080)


def test_a_route_of_another_scheme_is_our_fault() -> None:
    with pytest.raises(ValueError, match="Route"):
        request_hop(Uri("sip", "h"), [read_name_addr("<tel:+1>")])


@pytest.mark.parametrize(
    ("via", "hop"),
    [
        ("SIP/2.0/UDP h", Hop("udp", "198.51.100.7", 5060)),
        ("SIP/2.0/UDP h:5080", Hop("udp", "198.51.100.7", 5080)),
        ("SIP/2.0/UDP h:5080;rport", SOURCE),
        ("SIP/2.0/UDP h:5080;rport=33000", SOURCE),
        ("SIP/2.0/UDP h:5080;received=203.0.113.1", Hop("udp", "198.51.100.7", 5080)),
        ("SIP/2.0/UDP h:5080;maddr=192.0.2.9", Hop("udp", "192.0.2.9", 5080)),
        ("SIP/2.0/UDP h;maddr=[2001:db8::9]", Hop("udp", "2001:db8::9", 5060)),
        ("SIP/2.0/UDP h;maddr=224.0.1.75", Hop("udp", "198.51.100.7", 5060)),
        ("SIP/2.0/UDP h;maddr=255.255.255.255", Hop("udp", "198.51.100.7", 5060)),
        ("SIP/2.0/UDP h;maddr=0.0.0.0", Hop("udp", "198.51.100.7", 5060)),
        ("SIP/2.0/UDP h;maddr=example.com", Hop("udp", "198.51.100.7", 5060)),
        ("SIP/2.0/UDP h;maddr=1.2.3", Hop("udp", "198.51.100.7", 5060)),
    ],
)
def test_a_response_on_udp_goes_to_the_source_and_a_port_of_the_via(via: str, hop: Hop) -> None:
    assert response_hop(read_via(via), SOURCE) == hop


@pytest.mark.parametrize("transport", ["tcp", "tls", "ws", "wss"])
def test_a_response_on_a_stream_goes_back_on_its_connection(transport: str) -> None:
    source = Hop(transport, "198.51.100.7", 33_000, connection=4)
    assert response_hop(read_via("SIP/2.0/TCP h:5080;maddr=192.0.2.9"), source) == source


@pytest.mark.parametrize(
    ("via", "stamped"),
    [
        ("SIP/2.0/UDP h;branch=x", "SIP/2.0/UDP h;branch=x;received=198.51.100.7"),
        ("SIP/2.0/UDP 198.51.100.7", "SIP/2.0/UDP 198.51.100.7"),
        ("SIP/2.0/UDP 198.51.100.7;rport", None),
        ("SIP/2.0/UDP h;rport;branch=x", None),
        ("SIP/2.0/UDP h;rport=1;received=203.0.113.1", None),
        ("SIP/2.0/UDP 198.51.100.7;received=203.0.113.1", "SIP/2.0/UDP 198.51.100.7"),
    ],
)
def test_the_top_via_is_stamped_with_the_source(via: str, stamped: str | None) -> None:
    request = Request("BYE", Uri("sip", "h"), Headers([("Via", f"{via}, SIP/2.0/UDP lower")]))
    stamp_received(request, SOURCE)
    if stamped is None:
        assert (request.via.received, request.via.rport) == (SOURCE.host, SOURCE.port)
    else:
        assert str(request.via) == stamped
    assert str(request.vias[1]) == "SIP/2.0/UDP lower"
    assert response_hop(request.via, SOURCE).host == SOURCE.host


def test_a_via_that_needs_no_stamp_stays_as_it_was_written() -> None:
    request = Request("BYE", Uri("sip", "h"), Headers([("Via", "SIP / 2.0 / UDP 198.51.100.7")]))
    stamp_received(request, SOURCE)
    assert request.headers.get("Via") == "SIP / 2.0 / UDP 198.51.100.7"
