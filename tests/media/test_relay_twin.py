"""Two implementations, one truth: the relay in C and its twin judge the same packets alike."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from b2bua.media.interfaces import Counts, Pressed
from b2bua.media.relay import Relay
from tests.support.pure_relay import PureRelay
from tests.support.real import real
from tests.support.relay_rig import EVENTS, Heard, MakeRelay, Rig, key, rtp

PACKETS = 60  # few enough that the limit of keys a second is not reached
LAST = rtp(payload=b"the last one")
LAST_KEY = rtp(payload=b"\x0f\x8a\x03\x20", payload_type=EVENTS, ssrc=99)
SEED_PACKETS = [
    rtp(5),
    rtp(6, ssrc=1),
    key(3, 8000),
    key(3, 8000, 160, end=False),
    key(16, 9600),
    b"\x91" + rtp(payload=b"csrc\xbe\xde\x00\x01word")[1:],
    b"\xb0" + rtp(payload=b"\xbe\xde\x00\x00\x05\x8a\x03\x20\x00\x00\x00\x04")[1:],
    bytes([0x80, 201, 0, 1, 1, 2, 3, 4]),
]
EDGES = [0, 1, 0x7F, 0x80, 0x90, 0xC8, 0xFF]


def mutated(numbers: random.Random) -> bytes:
    packet = bytearray(numbers.choice(SEED_PACKETS))
    for _ in range(numbers.randrange(4)):
        at = numbers.randrange(min(len(packet), 20))
        packet[at] = numbers.choice([*EDGES, numbers.randrange(256)])
    return bytes(packet[: numbers.choice([len(packet)] * 5 + [numbers.randrange(len(packet))])])


async def judged(make: MakeRelay, seed: int) -> tuple[list[bytes], Counts, list[Pressed]]:
    """Return what one relay passes on, counts and tells of packets from friend and stranger."""
    numbers = random.Random(seed)
    rig = Rig(make)
    rig.relay = rig.start(limit=0)
    a, at_a, b, at_b = rig.pair(block_digits="7", nat=seed % 2 == 1)
    rig.aim(at_b, b, event_type=97)
    stranger = rig.party()
    for _ in range(PACKETS):
        sender = numbers.choice([a, a, a, stranger])
        sender.say(mutated(numbers), at_a.port)
    a.say(LAST, at_a.port)
    passed: list[Heard] = []
    while not passed or passed[-1].packet != LAST:
        passed.append(await b.hears())
    a.say(LAST_KEY, at_a.port)
    pressed = [await rig.tells_next(Pressed)]
    while pressed[-1].digit != "D":
        pressed.append(await rig.tells_next(Pressed))
    counts = rig.relay.counts(at_a.stream)
    await rig.end()
    return [h.packet for h in passed], replace(counts, last_received_ms_ago=0), pressed


@real
@pytest.mark.parametrize("seed", range(20))
async def test_both_judge_alike(seed: int) -> None:
    in_c, in_python = await judged(Relay, seed), await judged(PureRelay, seed)
    assert in_c[0] == in_python[0]
    assert in_c[1] == in_python[1]
    assert [press.digit for press in in_c[2]] == [press.digit for press in in_python[2]]
