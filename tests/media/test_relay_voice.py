"""What a stream says by itself: prompts at a steady pace, one at a time, each told when it ends."""

from __future__ import annotations

import pytest

from b2bua.media.interfaces import Kind, Notice, Played, Silent
from tests.support.real import real
from tests.support.relay_rig import Rig, rtp

PROMPT = bytes(range(250)) + bytes(150)


@real
async def test_a_prompt_arrives_whole_and_in_order(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair(payload_type=8)
    rig.relay.play(at_a.stream, 7, PROMPT)
    heard = [await a.hears() for _ in range(3)]
    assert b"".join(packet.payload for packet in heard) == PROMPT + b"\xd5" * 80
    assert {packet.payload_type for packet in heard} == {8}
    assert [packet.marker for packet in heard] == [True, False, False]
    first = heard[0]
    assert [(p.sequence - first.sequence) & 0xFFFF for p in heard] == [0, 1, 2]
    assert [(p.timestamp - first.timestamp) & 0xFFFFFFFF for p in heard] == [0, 160, 320]
    assert await rig.tells() == Played(at_a.stream, 7)


@real
async def test_a_prompt_does_not_drift(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    rig.relay.play(at_a.stream, 7, bytes(160 * 50))
    heard = [await a.hears() for _ in range(50)]
    took = heard[-1].at - heard[0].at
    spoken = ((heard[-1].timestamp - heard[0].timestamp) & 0xFFFFFFFF) / 8000
    assert abs(took - spoken) < 0.1
    assert spoken >= 49 * 0.02 - 0.0001


@real
async def test_two_prompts_are_one_stream(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    rig.relay.play(at_a.stream, 1, bytes(160))
    first = await a.hears()
    await rig.tells_next(Played)
    rig.relay.play(at_a.stream, 2, bytes(160))
    second = await a.hears()
    assert first.packet[8:12] == second.packet[8:12]
    assert (second.sequence - first.sequence) & 0xFFFF == 1
    passed = (second.timestamp - first.timestamp) & 0xFFFFFFFF
    assert 160 <= passed < 8000
    assert second.marker


@real
async def test_a_loop_has_no_seam_and_ends_when_told(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    rig.relay.play(at_a.stream, 3, PROMPT[:250], loop=True)
    heard = b"".join([(await a.hears()).payload for _ in range(8)])
    assert heard == (PROMPT[:250] * 6)[: 8 * 160]
    rig.relay.quiet(at_a.stream)
    assert await rig.tells() == Played(at_a.stream, 3)


@real
async def test_what_is_played_later_replaces_what_plays(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    rig.relay.play(at_a.stream, 1, b"\x01" * 160, loop=True)
    await a.hears()
    rig.relay.play(at_a.stream, 2, b"\x02" * 160)
    rig.relay.press(at_a.stream, 3, "")
    told: list[Notice] = [await rig.tells() for _ in range(3)]
    assert told == [Played(at_a.stream, token) for token in (1, 2, 3)]


@real
async def test_quiet_without_a_prompt_tells_nothing(rig: Rig) -> None:
    _, at_a, _, _ = rig.pair()
    rig.relay.quiet(at_a.stream)
    rig.relay.play(at_a.stream, 4, b"")
    assert await rig.tells() == Played(at_a.stream, 4)


@real
async def test_a_prompt_waits_for_an_aim(rig: Rig) -> None:
    a, opened = rig.party(), rig.stream()
    rig.relay.play(opened.stream, 1, PROMPT)
    rig.aim(opened, a)
    heard = b"".join([(await a.hears()).payload for _ in range(3)])
    assert heard[:400] == PROMPT


@real
async def test_a_prompt_goes_on_where_the_stream_is_aimed_anew(rig: Rig) -> None:
    a, at_a, _, _ = rig.pair()
    moved = rig.party()
    rig.relay.play(at_a.stream, 1, bytes(1600))
    await a.hears()
    rig.aim(at_a, moved)
    assert not (await moved.hears()).marker
    await rig.tells_next(Played)


@real
async def test_while_a_prompt_plays_nothing_else_is_sent(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    rig.relay.play(at_a.stream, 1, b"\x01" * 160, loop=True)
    b.say(rtp(1), at_b.port)
    a.say(rtp(2), at_a.port)
    assert (await b.hears()).packet == rtp(2)
    assert {(await a.hears()).payload for _ in range(5)} == {b"\x01" * 160}
    rig.relay.quiet(at_a.stream)
    await rig.tells_next(Played)
    b.say(rtp(3), at_b.port)
    while (heard := await a.hears()).payload == b"\x01" * 160:
        pass
    assert heard.packet == rtp(3)
    assert rig.relay.counts(at_b.stream).received_packets == 2


@real
async def test_a_closed_stream_tells_nothing_more(rig: Rig) -> None:
    _, at_a, _, at_b = rig.pair()
    rig.relay.play(at_a.stream, 1, b"\x01" * 160, loop=True)
    rig.relay.quiet(at_a.stream)
    rig.relay.close(at_a.stream)
    rig.relay.play(at_b.stream, 2, b"")
    assert await rig.tells() == Played(at_b.stream, 2)


@real
async def test_raw_streams_say_nothing(rig: Rig) -> None:
    raw = rig.relay.open(Kind.RAW)
    with pytest.raises(ValueError, match="only an RTP stream"):
        rig.relay.play(raw.stream, 1, b"x")


@real
async def test_silence_is_told_once(rig: Rig) -> None:
    _, at_a, _, at_b = rig.pair()
    rig.relay.watch(at_a.stream, 0.05)
    rig.relay.watch(at_b.stream, 0.2)
    assert await rig.tells() == Silent(at_a.stream)
    assert await rig.tells() == Silent(at_b.stream)


@real
async def test_silence_is_counted_from_the_last_packet(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    rig.relay.watch(at_a.stream, 0.3)
    rig.relay.watch(at_b.stream, 0.1)
    assert await rig.tells() == Silent(at_b.stream)
    a.say(rtp(1), at_a.port)
    await b.hears()
    rig.relay.watch(at_b.stream, 0.2)
    told = [await rig.tells() for _ in range(3)]
    assert told[1:] == [Silent(at_b.stream), Silent(at_a.stream)]


@real
async def test_who_is_no_longer_watched_is_not_told_of(rig: Rig) -> None:
    _, at_a, _, at_b = rig.pair()
    rig.relay.watch(at_a.stream, 0.05)
    rig.relay.watch(at_a.stream, 0)
    rig.relay.watch(at_b.stream, 0.1)
    assert await rig.tells() == Silent(at_b.stream)
