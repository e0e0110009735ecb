"""Reading and writing RFC 8866: nothing lost, nothing raised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.sdp.description import (
    Description,
    Limits,
    Media,
    MediaDirection,
    SdpFault,
    read_description,
)
from tests.sdp.examples import BROWSER, FAX, PHONE, SIX, audio, fault, read, sdp

EXAMPLES = {"phone": PHONE, "browser": BROWSER, "fax": FAX, "six": SIX}


@pytest.mark.parametrize("data", EXAMPLES.values(), ids=EXAMPLES)
def test_a_description_is_written_back_as_it_came(data: bytes) -> None:
    assert read(data).write() == data


@pytest.mark.parametrize("data", EXAMPLES.values(), ids=EXAMPLES)
def test_lines_may_end_in_lf_alone(data: bytes) -> None:
    assert read(data.replace(b"\r\n", b"\n")) == read(data)


@pytest.mark.parametrize("data", EXAMPLES.values(), ids=EXAMPLES)
def test_every_beginning_of_a_description_is_read_or_refused(data: bytes) -> None:
    for size in range(len(data)):
        assert isinstance(read_description(data[:size]), Description | SdpFault)


def test_what_stands_above_and_below_a_media_line_is_told_apart() -> None:
    description = read(PHONE)
    audio_line, video = description.media
    assert description.connection == "192.0.2.10"
    assert (audio_line.connection, video.connection) == (None, "192.0.2.11")
    assert description.connection_of(0) == "192.0.2.10"
    assert description.connection_of(1) == "192.0.2.11"
    assert video.others == (("b", "TIAS:90000"),)
    assert description.attributes == (("sendrecv", None),)


def test_a_line_inherits_the_direction_of_the_session_unless_it_has_its_own() -> None:
    description = read(PHONE)
    assert description.direction_of(0) is MediaDirection.SENDRECV
    assert description.direction_of(1) is MediaDirection.RECVONLY
    held = read(PHONE.replace(b"a=sendrecv", b"a=inactive"))
    assert held.direction_of(0) is MediaDirection.INACTIVE


def test_without_any_direction_both_send() -> None:
    assert read(audio("0")).direction_of(0) is MediaDirection.SENDRECV


@pytest.mark.parametrize(
    ("attribute", "address", "direction"),
    [
        ("sendrecv", "0.0.0.0", MediaDirection.SENDONLY),
        ("sendonly", "0.0.0.0", MediaDirection.SENDONLY),
        ("recvonly", "0.0.0.0", MediaDirection.INACTIVE),
        ("inactive", "192.0.2.1", MediaDirection.INACTIVE),
        ("sendonly", "192.0.2.1", MediaDirection.SENDONLY),
        ("sendrecv", "hold.invalid", MediaDirection.SENDONLY),
    ],
)
def test_hold_is_seen_in_all_its_forms(
    attribute: str, address: str, direction: MediaDirection
) -> None:
    assert read(audio("0", attribute, address=address)).direction_of(0) is direction


def test_hold_by_an_unspecified_v6_address() -> None:
    description = read(SIX.replace(b"c=IN IP6 2001:db8::1", b"c=IN IP6 ::"))
    assert description.direction_of(0) is MediaDirection.SENDONLY


def test_origin_name_and_time_may_be_missing_and_are_written_again() -> None:
    description = read(sdp("v=0", "c=IN IP4 192.0.2.1", "m=audio 5004 RTP/AVP 0"))
    written = description.write().split(b"\r\n")
    assert written[:5] == [
        b"v=0",
        b"o=- 0 0 IN IP4 0.0.0.0",
        b"s=-",
        b"c=IN IP4 192.0.2.1",
        b"t=0 0",
    ]
    assert read(description.write()) == description


def test_lines_out_of_order_are_written_in_order() -> None:
    written = read(
        sdp("v=0", "t=0 0", "a=tool:x", "s=-", "o=- 1 1 IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1")
    ).write()
    assert [line[:1] for line in written.split(b"\r\n")] == [
        b"v",
        b"o",
        b"s",
        b"c",
        b"t",
        b"a",
        b"",
    ]


def test_repeats_and_zones_stay_beside_their_times() -> None:
    data = sdp("v=0", "o=- 1 1 IN IP4 a", "s=-", "t=1 2", "r=7d 1h 0", "t=3 4", "z=1 -1h")
    assert read(data).write() == data


def test_unknown_letters_and_attributes_survive() -> None:
    data = audio("0") + sdp("q=what is this", "a=x-new:thing:with:colons", "a=flag", "a=empty:")
    assert read(data).write() == data


def test_octets_that_are_not_utf_8_survive() -> None:
    data = audio("0") + b"a=title:\xff\xfe caf\xe9\r\n"
    assert read(data).write() == data


def test_a_range_of_ports_is_read() -> None:
    line = read(audio("0").replace(b"m=audio 5004", b"m=audio 5004/2")).media[0]
    assert (line.port, line.port_count) == (5004, 2)


def test_a_time_to_live_is_not_part_of_the_address() -> None:
    assert read(audio("0", address="224.2.1.1/127/3")).connection == "224.2.1.1"


def test_a_refused_line_needs_neither_address_nor_formats() -> None:
    description = read(sdp("v=0", "o=- 1 1 IN IP4 a", "s=-", "t=0 0", "m=audio 0 RTP/AVP"))
    assert description.media[0].rejected
    assert b"m=audio 0 RTP/AVP 0\r\n" in description.write()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "v=0"),
        (b"\0\0\0", "letter"),
        (sdp("v=1"), "v=0"),
        (sdp("o=- 1 1 IN IP4 a", "v=0"), "v=0"),
        (sdp("v=0", "v=0"), "second v="),
        (sdp("v=0", "s=-", "s=-"), "second s="),
        (sdp("v=0", "o=a", "o=a"), "second o="),
        (sdp("v=0", "hello"), "letter"),
        (sdp("v=0", " s=-"), "letter"),
        (sdp("v=0", "1=-"), "letter"),
        (sdp("v=0", "c=IN IP4"), "c= line"),
        (sdp("v=0", "c=ATM NSAP 47.0091"), "c= line"),
        (sdp("v=0", "c=IN IP4 1.2.3.4 5"), "c= line"),
        (audio("0").replace(b"5004", b"65536"), "no port"),
        (audio("0").replace(b"5004", b"-1"), "no port"),
        (audio("0").replace(b"5004", b"5_4"), "no port"),
        (audio("0").replace(b"5004", "٥٠٠٤".encode()), "no port"),
        (audio("0").replace(b"5004", b"5004/0"), "no port"),
        (audio("0").replace(b"5004", b"5004/"), "no port"),
        (audio("0").replace(b"5004", b"9" * 5000), "no port"),
        (audio(""), "without formats"),
        (sdp("v=0", "m=audio"), "m= line"),
        (sdp("v=0", "m=audio 5004 RTP/AVP 0"), "no c= line"),
        (audio("0") + b"a=x\rm=audio 1 RTP/AVP 0\r\n", "control"),
        (audio("0") + b"a=x\0y\r\n", "control"),
        (audio("0") + b"a=x\x0by\r\n", "control"),
        (audio("0") + b"a=x\xc2\x85y\r\n", "control"),
        (audio("0") + b"a=x\xe2\x80\xa8y\r\n", "control"),
    ],
)
def test_what_is_not_a_description_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    assert reason in fault(data)


@pytest.mark.parametrize(
    ("most", "one_more", "reason"),
    [
        (audio("0") + sdp(*["m=video 0 RTP/AVP 31"] * 49), sdp("m=video 0 RTP/AVP 31"), "50 media"),
        (audio("0") + sdp(*["a=x"] * 994), sdp("a=x"), "1000 lines"),
        (audio("0") + b"a=" + b"x" * (65536 - len(audio("0")) - 4) + b"\r\n", b"\n", "65536 bytes"),
    ],
    ids=["media lines", "lines", "bytes"],
)
def test_sizes_are_bounded_at_n_and_n_plus_1(most: bytes, one_more: bytes, reason: str) -> None:
    read(most)
    assert reason in fault(most + one_more)


def test_the_number_of_formats_is_bounded() -> None:
    limits = Limits(formats=3)
    assert isinstance(read_description(audio("0 8 18"), limits), Description)
    assert isinstance(read_description(audio("0 8 18 3"), limits), SdpFault)


def test_a_control_character_stops_at_the_writer() -> None:
    bad = Media("audio", 5004, "RTP/AVP", ("0",), attributes=(("x", "y\r\na=z"),))
    with pytest.raises(ValueError, match="control character"):
        Description(connection="192.0.2.1", media=(bad,)).write()


@given(st.binary(max_size=400))
def test_any_bytes_give_a_description_or_a_fault(data: bytes) -> None:
    assert isinstance(read_description(data), Description | SdpFault)


LETTERS = st.sampled_from("vosiuepcbtrzkamxZ")
VALUES = st.one_of(
    st.text(max_size=20).filter(lambda text: not set(text) & set("\r\n\0")),
    st.sampled_from(
        [
            "IN IP4 192.0.2.1",
            "IN IP6 ::1",
            "audio 4000 RTP/AVP 0 8",
            "image 4002 udptl t38",
            "video 0 RTP/AVP 31",
            "rtpmap:0 PCMU/8000",
            "sendonly",
            "- 1 1 IN IP4 x",
        ]
    ),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(LETTERS, VALUES), max_size=20))
def test_what_is_read_is_written_and_read_the_same(lines: list[tuple[str, str]]) -> None:
    text = "v=0\r\n" + "".join(f"{letter}={value}\r\n" for letter, value in lines)
    description = read_description(text.encode("utf-8", "surrogatepass"))
    if isinstance(description, Description):
        assert read_description(description.write()) == description
