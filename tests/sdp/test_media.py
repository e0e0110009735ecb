"""What a media line says: codecs, ports, profiles."""

from __future__ import annotations

import pytest

from b2bua.sdp.description import TELEPHONE_EVENT, Codec, Media, MediaDirection
from tests.sdp.examples import audio, read


def line(data: bytes) -> Media:
    return read(data).media[0]


def test_a_static_payload_type_needs_no_rtpmap() -> None:
    media = line(audio("0 8 18 4"))
    assert [str(media.codecs[f]) for f in media.formats] == [
        "PCMU/8000",
        "PCMA/8000",
        "G729/8000",
        "G723/8000",
    ]


def test_an_rtpmap_wins_over_the_static_table() -> None:
    assert line(audio("0", "rtpmap:0 G729/8000")).codec("0") == Codec("G729")


def test_names_of_codecs_have_no_case() -> None:
    media = line(audio("100 96", "rtpmap:100 pcmu/8000", "rtpmap:96 TELEPHONE-EVENT/8000"))
    assert media.find("PCMU") == "100"
    assert media.find("telephone-event") == "96"


def test_a_telephone_event_of_another_rate_is_another_codec() -> None:
    mapped = "rtpmap:110 telephone-event/48000", "rtpmap:126 telephone-event/8000"
    media = line(audio("110 126", *mapped))
    assert media.find("telephone-event") == "126"
    assert media.find("telephone-event", 48000) == "110"


def test_channels_are_part_of_a_codec() -> None:
    media = line(audio("111", "rtpmap:111 opus/48000/2"))
    assert str(media.codec("111")) == "OPUS/48000/2"
    assert media.find("opus", 48000) is None


@pytest.mark.parametrize(
    "rtpmap", ["96", "96 ", "96 /8000", "96 X", "96 X/", "96 X/0", "96 X/eight", "96 X/99999999"]
)
def test_a_broken_rtpmap_names_no_codec(rtpmap: str) -> None:
    assert line(audio("96", f"rtpmap:{rtpmap}")).codec("96") is None


@pytest.mark.parametrize("written", ["1-1", "-1", "128", "1e1", "x", "9" * 11, "\u0661"])
def test_what_is_no_payload_type_names_no_codec(written: str) -> None:
    """RFC 3551: seven bits; whoever uses one may take it for a number."""
    media = line(audio(f"0 {written}", f"rtpmap:{written} telephone-event/8000"))
    assert media.find("telephone-event") is None
    assert list(media.codecs) == ["0"]


def test_an_rtpmap_for_a_format_that_is_not_listed_is_nothing() -> None:
    assert line(audio("0", "rtpmap:101 telephone-event/8000")).find("telephone-event") is None


@pytest.mark.parametrize(
    ("port", "attributes", "rtcp_port"),
    [
        (5004, (), 5005),
        (5004, ("rtcp:6000",), 6000),
        (5004, ("rtcp:6000 IN IP4 192.0.2.9",), 6000),
        (5004, ("rtcp:",), 5005),
        (5004, ("rtcp:0",), 5005),
        (5004, ("rtcp:banana",), 5005),
        (65535, (), 0),
        (0, (), 0),
    ],
)
def test_rtcp_goes_where_it_is_asked_to_or_to_the_next_port(
    port: int, attributes: tuple[str, ...], rtcp_port: int
) -> None:
    assert line(audio("0", *attributes, port=port)).rtcp_port == rtcp_port


@pytest.mark.parametrize(
    ("protocol", "rtp", "secure", "datagram"),
    [
        ("RTP/AVP", True, False, True),
        ("rtp/avpf", True, False, True),
        ("RTP/SAVP", True, True, True),
        ("UDP/TLS/RTP/SAVPF", True, True, True),
        ("TCP/RTP/AVP", True, False, False),
        ("udptl", False, False, True),
        ("UDPTL", False, False, True),
        ("UDP/BFCP", False, False, True),
        ("TCP/MSRP", False, False, False),
        ("xyz", False, False, False),
    ],
)
def test_a_profile_says_what_runs_over_it(
    protocol: str, rtp: bool, secure: bool, datagram: bool
) -> None:
    media = Media("audio", 5004, protocol, ("0",))
    assert (media.is_rtp, media.is_secure, media.is_datagram) == (rtp, secure, datagram)


@pytest.mark.parametrize(
    ("attributes", "ptime"), [((), None), (("ptime:30",), 30), (("ptime:x",), None)]
)
def test_ptime_is_in_milliseconds(attributes: tuple[str, ...], ptime: int | None) -> None:
    assert line(audio("0", *attributes)).ptime == ptime


def test_a_flag_differs_from_an_absent_attribute() -> None:
    media = line(audio("0", "rtcp-mux"))
    assert media.attribute("rtcp-mux") == ""
    assert media.attribute("mid") is None


def test_a_mirrored_direction_changes_sides() -> None:
    pairs = {direction: direction.mirrored for direction in MediaDirection}
    assert pairs[MediaDirection.SENDONLY] is MediaDirection.RECVONLY
    assert pairs[MediaDirection.RECVONLY] is MediaDirection.SENDONLY
    assert pairs[MediaDirection.SENDRECV] is MediaDirection.SENDRECV
    assert pairs[MediaDirection.INACTIVE] is MediaDirection.INACTIVE


def test_telephone_event_is_written_as_the_rfc_does() -> None:
    assert str(TELEPHONE_EVENT) == "telephone-event/8000"
