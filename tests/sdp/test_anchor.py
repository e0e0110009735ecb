"""Our relay stands between the two sides and nothing leads past it."""

from __future__ import annotations

import pytest

from b2bua.sdp.anchor import PAST_THE_RELAY, Origin, Place, anchor
from b2bua.sdp.description import Description
from tests.sdp.examples import BROWSER, FAX, PHONE, SIX, audio, read, sdp

US = Origin(77, 3, "198.51.100.1")


def places(description: Description) -> list[Place]:
    return [Place("198.51.100.1", 20000 + 2 * at) for at in range(len(description.media))]


def anchored(data: bytes) -> bytes:
    description = read(data)
    return anchor(description, places(description), US).write()


def test_codecs_cross_and_addresses_do_not() -> None:
    assert anchored(PHONE) == sdp(
        "v=0",
        "o=- 77 3 IN IP4 198.51.100.1",
        "s=-",
        "c=IN IP4 198.51.100.1",
        "b=AS:192",
        "t=0 0",
        "a=sendrecv",
        "m=audio 20000 RTP/AVP 18 0 8 96",
        "a=rtpmap:18 G729/8000",
        "a=fmtp:18 annexb=no",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:96 telephone-event/8000",
        "a=fmtp:96 0-16",
        "a=ptime:20",
        "m=video 20002 RTP/AVP 31 97",
        "b=TIAS:90000",
        "a=rtpmap:97 H264/90000",
        "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1",
        "a=recvonly",
    )


def test_ice_and_bundle_and_muxed_rtcp_do_not_cross() -> None:
    written = read(anchored(BROWSER))
    names = {n for n, _ in (*written.attributes, *written.media[0].attributes)}
    assert not names & PAST_THE_RELAY
    assert b"BUNDLE" not in written.write()
    assert b"192.0.2.20" not in written.write()
    assert ("group", "LS 0 1") in written.attributes
    assert written.media[0].attribute("setup") == "actpass"
    assert written.media[0].attribute("rtcp-rsize") == ""


def test_a_rejected_line_stays_rejected() -> None:
    assert read(anchored(BROWSER)).media[1].rejected


def test_a_line_without_a_place_is_rejected() -> None:
    description = anchor(read(PHONE), [Place("198.51.100.1", 20000), None], US)
    assert [media.port for media in description.media] == [20000, 0]
    assert description.media[1].attributes == ()


def test_fax_attributes_cross() -> None:
    before, after = read(FAX), read(anchored(FAX))
    assert after.media[0].attributes == before.media[0].attributes
    assert (after.media[0].protocol, after.media[0].formats) == ("udptl", ("t38",))


def test_v6_is_written_as_ip6() -> None:
    written = anchor(read(SIX), [Place("2001:db8::99", 20000)], Origin(1, 1, "2001:db8::99"))
    assert b"c=IN IP6 2001:db8::99\r\n" in written.write()
    assert b"o=- 1 1 IN IP6 2001:db8::99\r\n" in written.write()


def test_a_place_of_another_family_than_the_origin_is_written_at_its_line() -> None:
    written = anchor(read(SIX), [Place("2001:db8::99", 20000)], US)
    assert written.connection_of(0) == "2001:db8::99"
    assert written.connection == "198.51.100.1"


@pytest.mark.parametrize(
    ("attributes", "direction"),
    [((), "sendonly"), (("sendrecv",), "sendonly"), (("recvonly",), "inactive")],
)
def test_hold_by_address_becomes_hold_by_attribute(
    attributes: tuple[str, ...], direction: str
) -> None:
    media = read(anchored(audio("0", *attributes, address="0.0.0.0"))).media[0]
    assert media.direction is not None
    assert media.direction.value == direction
    assert [n for n, _ in media.attributes].count(direction) == 1


def test_a_range_of_ports_becomes_one_port() -> None:
    written = anchored(audio("0").replace(b"5004", b"5004/2"))
    assert b"m=audio 20000 RTP/AVP 0\r\n" in written


def test_there_is_one_place_for_each_line() -> None:
    with pytest.raises(ValueError, match="1 places for 2"):
        anchor(read(PHONE), [None], US)
