"""Copies of what streams receive: what every relay promises of them."""

from __future__ import annotations

import time

import pytest

from b2bua.media.interfaces import Kind
from b2bua.media.tapped import Tapped, read_tapped
from tests.support.real import real
from tests.support.relay_rig import EVENTS, Party, Rig, key, moment, rtp


async def _taken(rig: Rig, tap: int, count: int) -> list[Tapped]:
    found: list[Tapped] = []

    def all_are_here() -> bool:
        found.extend(read_tapped(rig.relay.take(tap)))
        return len(found) >= count

    await moment(all_are_here)
    return found


@real
async def test_both_voices_are_copied_as_they_were_sent(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    tap = rig.relay.open_tap()
    rig.relay.tap(at_a.stream, tap, 0)
    rig.relay.tap(at_b.stream, tap, 1)
    before = time.monotonic_ns()
    a.say(rtp(65535, b"from a", timestamp=2**32 - 1, ssrc=8, payload_type=8), at_a.port)
    await b.hears()
    b.say(rtp(1, b"from b", timestamp=5, ssrc=9), at_b.port)
    await a.hears()
    one, other = await _taken(rig, tap, 2)
    assert before <= one.arrived_ns <= other.arrived_ns <= time.monotonic_ns()
    arrived = one.arrived_ns, other.arrived_ns
    assert one == Tapped(0, arrived[0], 8, 65535, 2**32 - 1, 8, b"from a")
    assert other == Tapped(1, arrived[1], 0, 1, 5, 9, b"from b")
    assert rig.relay.take(tap) == b""


@real
async def test_keys_and_what_is_dropped_are_not_copied(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    tap = rig.relay.open_tap()
    rig.relay.tap(at_a.stream, tap, 0)
    Party.say(rig.party(), rtp(1, b"a stranger"), at_a.port)
    a.say(b"no rtp", at_a.port)
    a.say(key(5, 160, payload_type=EVENTS), at_a.port)
    a.say(rtp(9, b"the end"), at_a.port)
    while (await b.hears()).sequence != 9:
        pass
    (copied,) = await _taken(rig, tap, 1)
    assert copied.payload == b"the end"


@real
async def test_what_was_copied_outlives_the_stream(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    tap = rig.relay.open_tap()
    rig.relay.tap(at_a.stream, tap, 3)
    a.say(rtp(), at_a.port)
    await b.hears()
    rig.relay.close(at_a.stream)
    (copied,) = await _taken(rig, tap, 1)
    assert copied.channel == 3
    rig.relay.close_tap(tap)
    with pytest.raises(LookupError):
        rig.relay.take(tap)
    rig.relay.close_tap(tap)


@real
async def test_a_stream_is_tapped_until_it_is_told_otherwise(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    tap = rig.relay.open_tap()
    rig.relay.tap(at_a.stream, tap, 0)
    rig.relay.tap(at_b.stream, tap, 1)
    rig.relay.tap(at_a.stream, 0, 0)
    a.say(rtp(1), at_a.port)
    await b.hears()
    b.say(rtp(2), at_b.port)
    await a.hears()
    assert [copied.channel for copied in await _taken(rig, tap, 1)] == [1]


@real
async def test_only_rtp_is_tapped_and_only_to_a_tap(rig: Rig) -> None:
    raw, stream, tap = rig.relay.open(Kind.RAW), rig.stream(), rig.relay.open_tap()
    with pytest.raises(ValueError, match="only"):
        rig.relay.tap(raw.stream, tap, 0)
    with pytest.raises(LookupError):
        rig.relay.tap(stream.stream, tap + 1, 0)
    with pytest.raises(LookupError):
        rig.relay.tap(stream.stream + 1, tap, 0)
