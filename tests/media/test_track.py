"""Where packets are heard in a recording: lost, reordered, wrapped, from another clock."""

from __future__ import annotations

from array import array
from itertools import pairwise

import pytest

from b2bua.media.tapped import Tapped
from b2bua.media.tones import RATE
from b2bua.media.track import APART, Track

BEGAN = 5_000_000_000
MS = 1_000_000
FRAME = 160


def packet(
    arrived_ms: float, sequence: int = 0, timestamp: int | None = None, ssrc: int = 1
) -> Tapped:
    stamp = sequence * FRAME if timestamp is None else timestamp
    arrived_ns = BEGAN + int(arrived_ms * MS)
    return Tapped(0, arrived_ns, 0, sequence % 2**16, stamp % 2**32, ssrc, b"")


def sound(value: int, samples: int = FRAME) -> bytes:
    return array("h", [value] * samples).tobytes()


def runs(pcm: bytes) -> list[tuple[int, int]]:
    """Return what is heard as (value, samples) from beginning to end."""
    samples = array("h", pcm).tolist()
    edges = [i for i in range(len(samples)) if i == 0 or samples[i] != samples[i - 1]]
    return [(samples[a], b - a) for a, b in pairwise([*edges, len(samples)])]


@pytest.fixture
def track() -> Track:
    return Track(BEGAN)


def test_packets_follow_each_other_whatever_the_jitter(track: Track) -> None:
    for sequence, arrived in enumerate((20, 41, 95, 96, 110)):
        track.put(packet(arrived, sequence), sound(sequence + 1))
    assert runs(track.take(6 * FRAME)) == [(0, 160), *((n, 160) for n in range(1, 6))]


def test_a_lost_packet_is_silence(track: Track) -> None:
    for sequence in (0, 1, 3):
        track.put(packet(20 * sequence, sequence), sound(sequence + 1))
    assert runs(track.take(4 * FRAME)) == [(1, 160), (2, 160), (0, 160), (4, 160)]


def test_packets_in_another_order_find_their_places(track: Track) -> None:
    for sequence in (1, 0, 3, 2, 2):
        track.put(packet(60, sequence), sound(sequence + 1))
    assert runs(track.take(60 * 8 + 3 * FRAME))[1:] == [(1, 160), (2, 160), (3, 160), (4, 160)]


def test_the_timestamp_may_wrap(track: Track) -> None:
    for n in range(3):
        track.put(packet(20 * n, n, timestamp=2**32 - FRAME + n * FRAME), sound(n + 1))
    assert runs(track.take(3 * FRAME)) == [(1, 160), (2, 160), (3, 160)]


def test_another_ssrc_goes_on_where_it_arrives(track: Track) -> None:
    track.put(packet(0, 0, timestamp=7), sound(1))
    track.put(packet(100, 1, timestamp=4_000_000_000, ssrc=2), sound(2))
    track.put(packet(121, 2, timestamp=4_000_000_160, ssrc=2), sound(3))
    assert runs(track.take(1120)) == [(1, 160), (0, 640), (2, 160), (3, 160)]


@pytest.mark.parametrize("jump", [APART + 1, -APART - 1, 2**31 - 1, -(2**31) + 1])
def test_a_jump_of_the_clock_makes_no_silence(track: Track, jump: int) -> None:
    track.put(packet(1000, 0, timestamp=0), sound(1))
    track.put(packet(1020, 1, timestamp=FRAME + jump), sound(2))
    track.put(packet(1040, 2, timestamp=2 * FRAME + jump), sound(3))
    assert runs(track.take(RATE + 3 * FRAME))[1:] == [(1, 160), (2, 160), (3, 160)]


def test_a_pause_of_the_speaker_is_as_long_as_it_was(track: Track) -> None:
    track.put(packet(0, 0), sound(1))
    track.put(packet(3_000, 1, timestamp=3 * RATE), sound(2))
    assert runs(track.take(3 * RATE + FRAME)) == [(1, 160), (0, 3 * RATE - 160), (2, 160)]


def test_a_clock_that_runs_too_fast_is_never_far_from_the_truth(track: Track) -> None:
    """Twice as many samples as there is time for: what is too much is overwritten."""
    for n in range(500):
        track.put(packet(10 * n, n), sound(1))
    assert len(track._pcm) // 2 <= 500 * 80 + APART + FRAME


def test_what_comes_after_its_place_was_taken_is_late(track: Track) -> None:
    track.put(packet(0, 0), sound(1))
    track.take(240)
    track.put(packet(30, 1), sound(2))
    track.put(packet(31, 0), sound(3))
    assert runs(track.take(80)) == [(2, 80)]
    assert track.late == 1


def test_a_packet_from_before_the_beginning_is_the_beginning(track: Track) -> None:
    track.put(packet(-50, 0), sound(1))
    assert runs(track.take(FRAME)) == [(1, 160)]
