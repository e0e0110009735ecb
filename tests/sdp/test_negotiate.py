"""Offers, answers, and what both sides agreed on."""

from __future__ import annotations

import pytest

from b2bua.sdp.anchor import Origin, Place, anchor
from b2bua.sdp.description import Codec, Description
from b2bua.sdp.negotiate import (
    MediaTarget,
    Playable,
    answer_for_prompts,
    is_answer_to,
    media_targets,
    offer,
    playable,
    reduce_to,
)
from tests.sdp.examples import BROWSER, FAX, PHONE, SIX, audio, read, sdp

EVENTS = "rtpmap:101 telephone-event/8000"


def answer(data: bytes) -> Description:
    answered = answer_for_prompts(read(data))
    assert answered is not None
    return answered


def test_our_offer_has_g711_and_events_once_it_is_anchored() -> None:
    written = anchor(offer(), [Place("198.51.100.1", 20000)], Origin(1, 1, "198.51.100.1")).write()
    assert written == sdp(
        "v=0",
        "o=- 1 1 IN IP4 198.51.100.1",
        "s=-",
        "c=IN IP4 198.51.100.1",
        "t=0 0",
        "m=audio 20000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
    )


def test_a_codec_without_a_static_number_is_offered_with_a_dynamic_one() -> None:
    media = offer([Codec("L16", 8000), Codec("G729"), Codec("iLBC")]).media[0]
    assert media.formats == ("96", "18", "97", "101")
    assert media.find("L16") == "96"


@pytest.mark.parametrize(
    ("formats", "attributes", "taken"),
    [
        ("0 8 101", (EVENTS,), ("0", "101")),
        ("8 0", (), ("8",)),
        ("18 8 0 101", (EVENTS,), ("8", "101")),
        ("100 96", ("rtpmap:100 PCMA/8000", "rtpmap:96 telephone-event/8000"), ("100", "96")),
        ("110 0", ("rtpmap:110 telephone-event/48000",), ("0",)),
    ],
)
def test_we_answer_with_one_codec_the_first_of_the_offerer(
    formats: str, attributes: tuple[str, ...], taken: tuple[str, ...]
) -> None:
    assert answer(audio(formats, *attributes)).media[0].formats == taken


def test_our_answer_is_an_answer() -> None:
    for data in (PHONE, SIX, audio("8 0 101", EVENTS)):
        assert is_answer_to(read(data), answer(data)) is None


def test_lines_that_we_cannot_play_in_are_refused_in_our_answer() -> None:
    assert [media.rejected for media in answer(PHONE).media] == [False, True]


def test_the_first_audio_line_with_g711_is_taken() -> None:
    data = audio("18") + sdp("m=audio 5008 RTP/AVPF 8", "m=audio 5010 RTP/AVP 0")
    answered = answer(data)
    assert [media.rejected for media in answered.media] == [True, False, True]
    assert answered.media[1].protocol == "RTP/AVPF"


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("sendrecv", "sendrecv"),
        ("sendonly", "recvonly"),
        ("recvonly", "sendonly"),
        ("inactive", "inactive"),
    ],
)
def test_our_answer_mirrors_the_direction(offered: str, answered: str) -> None:
    assert answer(audio("0", offered)).direction_of(0).value == answered


@pytest.mark.parametrize(
    "data",
    [
        audio("18 4"),
        audio("0", port=0),
        audio("96", "rtpmap:96 PCMU/16000"),
        audio("300", "rtpmap:300 PCMU/8000"),
        audio("0").replace(b"RTP/AVP", b"RTP/SAVP"),
        audio("0").replace(b"m=audio", b"m=video"),
        BROWSER,
        FAX,
        sdp("v=0", "s=-"),
    ],
    ids=str,
)
def test_without_plain_g711_there_is_no_answer(data: bytes) -> None:
    assert answer_for_prompts(read(data)) is None


def test_prompts_are_played_in_the_payload_types_of_the_other_side() -> None:
    data = audio("18 100 96", "rtpmap:100 PCMA/8000", "rtpmap:96 telephone-event/8000")
    assert playable(read(data)) == Playable(0, "PCMA", 100, 96)


def test_prompts_are_played_only_in_what_both_sides_have() -> None:
    remote, ours = read(audio("8 0 101", EVENTS)), read(audio("0"))
    assert playable(remote, ours) == Playable(0, "PCMU", 0, -1)
    assert playable(remote, read(audio("18"))) is None
    assert playable(remote, read(audio("0", port=0))) is None


def test_an_offer_is_reduced_to_what_was_answered() -> None:
    reduced = reduce_to(read(PHONE), answer(PHONE))
    assert reduced.media[0].formats == ("0", "96")
    assert [v for n, v in reduced.media[0].attributes if n in ("rtpmap", "fmtp")] == [
        "0 PCMU/8000",
        "96 telephone-event/8000",
        "96 0-16",
    ]
    assert reduced.media[0].attribute("ptime") == "20"
    assert reduced.media[1].rejected


def test_a_reduced_offer_goes_by_codec_and_not_by_number() -> None:
    offered = read(audio("96 97", "rtpmap:96 iLBC/8000", "rtpmap:97 speex/8000"))
    answered = read(audio("97", "rtpmap:97 iLBC/8000"))
    assert reduce_to(offered, answered).media[0].formats == ("96",)


def test_a_line_of_which_nothing_was_accepted_is_not_offered_on() -> None:
    assert reduce_to(read(audio("18")), read(audio("0"))).media[0].rejected


def test_fax_is_reduced_by_its_format() -> None:
    assert reduce_to(read(FAX), read(FAX)) == read(FAX)


@pytest.mark.parametrize(
    ("offered", "answered", "problem"),
    [
        (PHONE, audio("0"), "1 media lines answer 2"),
        (audio("0 8"), audio("18"), "no format in common"),
        (audio("0"), audio("0").replace(b"m=audio", b"m=video"), "'video' answers 'audio'"),
        (audio("0"), audio("0").replace(b"RTP/AVP", b"RTP/SAVP"), "'RTP/SAVP' answers"),
        (audio("0", port=0), audio("0"), "not offered"),
    ],
    ids=["line count", "formats", "kind", "profile", "revived"],
)
def test_what_does_not_answer_an_offer_is_told(
    offered: bytes, answered: bytes, problem: str
) -> None:
    assert problem in str(is_answer_to(read(offered), read(answered)))


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        (PHONE, PHONE),
        (FAX, FAX),
        (audio("0"), audio("0", port=0)),
        (audio("96", "rtpmap:96 iLBC/8000"), audio("96")),
        (audio("96", "rtpmap:96 iLBC/8000"), audio("97", "rtpmap:97 ILBC/8000")),
        (audio("0", "sendonly"), audio("0", "sendrecv")),
    ],
    ids=["same", "fax", "refused", "no rtpmap", "renumbered", "careless direction"],
)
def test_what_answers_an_offer_passes(offered: bytes, answered: bytes) -> None:
    assert is_answer_to(read(offered), read(answered)) is None


def test_media_goes_to_the_address_that_holds_for_the_line() -> None:
    assert media_targets(read(PHONE)) == [
        MediaTarget("192.0.2.10", 49170, 49171),
        MediaTarget("192.0.2.11", 51372, 51373),
    ]
    assert media_targets(read(FAX)) == [MediaTarget("192.0.2.30", 40000, 0)]


@pytest.mark.parametrize(
    "data",
    [
        audio("0", port=0),
        audio("0", address="0.0.0.0"),
        audio("0").replace(b"audio 5004 RTP/AVP 0", b"message 5004 TCP/MSRP *"),
    ],
    ids=["rejected", "held", "TCP"],
)
def test_media_goes_nowhere(data: bytes) -> None:
    assert media_targets(read(data)) == [None]
