"""Telephone-events: told once, passed on or kept back, and known to each side by its own number."""

from __future__ import annotations

import pytest

from b2bua.media.interfaces import Played, Pressed
from tests.support.real import real
from tests.support.relay_rig import EVENTS, Rig, key, rtp


@real
async def test_a_key_is_told_once_and_passed(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    packets = [key(11, 8000, 160 * i, end=False) for i in range(1, 6)]
    packets += [key(11, 8000)] * 3 + [key(0, 9600)] * 3
    for packet in packets:
        a.say(packet, at_a.port)
    assert [(await b.hears()).packet for _ in packets] == packets
    assert await rig.tells_next(Pressed) == Pressed(at_a.stream, "#", 100)
    assert await rig.tells_next(Pressed) == Pressed(at_a.stream, "0", 100)


@real
async def test_a_key_whose_end_is_lost_is_told_all_the_same(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    a.say(key(4, 8000, 160, end=False), at_a.port)
    a.say(key(4, 8000, 480, end=False), at_a.port)
    assert await rig.tells_next(Pressed) == Pressed(at_a.stream, "4", 60)
    a.say(key(4, 8000), at_a.port)
    a.say(key(5, 9600), at_a.port)
    assert await rig.tells() == Pressed(at_a.stream, "5", 100)


@real
async def test_more_than_twenty_keys_a_second_are_not_told(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    for i in range(21):
        a.say(key(i % 16, 8000 * (i + 1)), at_a.port)
    told = [(await rig.tells_next(Pressed)).digit for _ in range(20)]
    assert "".join(told) == "0123456789*#ABCD0123"
    for _ in range(21):
        await b.hears()
    rig.relay.quiet(at_a.stream)
    rig.relay.press(at_a.stream, 99, "")
    assert await rig.tells() == Played(at_a.stream, 99)


@real
async def test_blocked_keys_are_told_and_not_passed(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair(block_digits="*D")
    for code in (10, 1, 15, 2):
        a.say(key(code, 8000 * code), at_a.port)
    assert [(await b.hears()).payload[0] for _ in range(2)] == [1, 2]


@real
async def test_a_key_pressed_before_the_link_is_not_passed(rig: Rig) -> None:
    """RFC 4733 section 2.5.1.4: its end is sent again, when what it asked for is done already."""
    a, at_a, b, at_b = rig.pair()
    rig.relay.unlink(at_a.stream)
    a.say(key(1, 8000), at_a.port)
    assert await rig.tells_next(Pressed) == Pressed(at_a.stream, "1", 100)
    rig.relay.link(at_a.stream, at_b.stream)
    for packet in (key(1, 8000), key(1, 8000), key(2, 9600), key(1, 8000), key(3, 11200)):
        a.say(packet, at_a.port)
    assert [(await b.hears()).packet for _ in range(2)] == [key(2, 9600), key(3, 11200)]


@real
async def test_each_side_gets_its_own_event_type(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    rig.aim(at_b, b, event_type=97)
    a.say(key(1, 8000), at_a.port)
    b.say(key(2, 8000, payload_type=97), at_b.port)
    assert (await b.hears()).packet == key(1, 8000, payload_type=97)
    assert (await a.hears()).packet == key(2, 8000)


@real
async def test_without_an_event_type_there_are_no_keys(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair(event_type=-1)
    rig.aim(at_b, b, event_type=97)
    a.say(key(1, 8000), at_a.port)
    assert (await b.hears()).packet == key(1, 8000)


@real
async def test_what_is_pressed_is_heard_as_keys_at_the_other_end(rig: Rig) -> None:
    """Two streams aimed at each other: what one presses the other collects."""
    one, other = rig.stream(), rig.stream()
    party = rig.party()
    for opened, far in ((one, other), (other, one)):
        party.port = far.port
        rig.aim(opened, party)
    rig.relay.press(one.stream, 5, "1w#")
    assert await rig.tells_next(Pressed) == Pressed(other.stream, "1", 100)
    assert await rig.tells_next(Pressed) == Pressed(other.stream, "#", 100)
    assert await rig.tells_next(Played) == Played(one.stream, 5)


@real
async def test_a_pressed_key_is_five_updates_and_three_ends(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    rig.relay.press(at_a.stream, 1, "*")
    heard = [await a.hears() for _ in range(8)]
    assert {packet.payload_type for packet in heard} == {EVENTS}
    assert [packet.marker for packet in heard] == [True] + [False] * 7
    assert len({packet.timestamp for packet in heard}) == 1
    durations = [160, 320, 480, 640, 800, 800, 800, 800]
    ends = [0x0A] * 5 + [0x8A] * 3
    assert [packet.payload for packet in heard] == [
        bytes([10, end, duration >> 8, duration & 255])
        for end, duration in zip(ends, durations, strict=True)
    ]
    assert await rig.tells() == Played(at_a.stream, 1)


@real
@pytest.mark.parametrize(("payload_type", "silence"), [(0, b"\xff"), (8, b"\xd5")])
async def test_without_an_event_type_keys_are_tones(
    rig: Rig, payload_type: int, silence: bytes
) -> None:
    a, at_a, _, _ = rig.pair(event_type=-1, payload_type=payload_type)
    rig.relay.press(at_a.stream, 1, "5")
    heard = [await a.hears() for _ in range(10)]
    assert {packet.payload_type for packet in heard} == {payload_type}
    assert [packet.payload == silence * 160 for packet in heard] == [False] * 5 + [True] * 5
    assert await rig.tells() == Played(at_a.stream, 1)


@real
@pytest.mark.parametrize("digits", ["a", "1,2", "E", "1" * 65])
async def test_what_is_no_key_cannot_be_pressed(rig: Rig, digits: str) -> None:
    opened = rig.stream()
    with pytest.raises(ValueError, match="only 0-9A-D"):
        rig.relay.press(opened.stream, 1, digits)


@real
async def test_a_short_event_is_passed_and_is_no_key(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    short = rtp(payload=b"\x05\x8a\x03", payload_type=EVENTS)
    a.say(short, at_a.port)
    assert (await b.hears()).packet == short
