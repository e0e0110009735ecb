"""Who is heard, and where packets go: the limits' rules of the source, on the wire."""

from __future__ import annotations

from tests.support.real import real
from tests.support.relay_rig import EVENTS, Party, Rig, moment, rtp


def order(count: int, first: int = 0, ssrc: int = 9) -> list[bytes]:
    return [rtp(first + i, ssrc=ssrc) for i in range(count)]


def say_all(party: Party, packets: list[bytes], port: int) -> None:
    for packet in packets:
        party.say(packet, port)


@real
async def test_strangers_are_not_heard(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    stranger = rig.party()
    say_all(stranger, order(20), at_a.port)
    a.say(rtp(1), at_a.port)
    assert (await b.hears()).packet == rtp(1)
    b.say(rtp(2), at_b.port)
    assert (await a.hears()).packet == rtp(2)
    assert rig.relay.counts(at_a.stream).dropped_packets == 20


@real
async def test_behind_nat_the_fourth_packet_in_order_is_heard(rig: Rig) -> None:
    _, at_a, b, at_b = rig.pair(nat=True)
    behind_nat = rig.party()
    say_all(behind_nat, order(5), at_a.port)
    assert [(await b.hears()).packet for _ in range(2)] == order(5)[3:]
    b.say(rtp(7), at_b.port)
    assert (await behind_nat.hears()).packet == rtp(7)
    assert rig.relay.counts(at_a.stream).dropped_packets == 3


@real
async def test_before_the_fourth_packet_the_signalled_address_is_sent_to(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair(nat=True)
    say_all(rig.party(), order(3), at_a.port)
    await moment(lambda: rig.relay.counts(at_a.stream).dropped_packets == 3)
    b.say(rtp(7), at_b.port)
    assert (await a.hears()).packet == rtp(7)


@real
async def test_packets_out_of_order_are_not_heard_behind_nat(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair(nat=True)
    stranger = rig.party()
    say_all(stranger, [rtp(i * 2) for i in range(10)], at_a.port)
    say_all(stranger, [rtp(i, ssrc=i // 3) for i in range(30)], at_a.port)
    say_all(stranger, [rtp(i, payload_type=96 + i // 3) for i in range(30)], at_a.port)
    a.say(rtp(1), at_a.port)
    assert (await b.hears()).packet == rtp(1)


@real
async def test_what_is_locked_stays_until_the_next_aim(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair(nat=True)
    first, second = rig.party(), rig.party()
    say_all(first, order(4), at_a.port)
    say_all(second, order(10), at_a.port)
    first.say(rtp(1000), at_a.port)
    assert [(await b.hears()).packet for _ in range(2)] == [order(4)[3], rtp(1000)]
    rig.aim(at_a, a, nat=True)
    say_all(second, order(4), at_a.port)
    assert (await b.hears()).packet == order(4)[3]
    b.say(rtp(8), at_b.port)
    assert (await second.hears()).packet == rtp(8)


@real
async def test_a_live_signalled_source_is_never_left(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair(nat=True)
    attacker = rig.party()
    a.say(rtp(1), at_a.port)
    say_all(attacker, order(100), at_a.port)
    a.say(rtp(2), at_a.port)
    assert [(await b.hears()).packet for _ in range(2)] == [rtp(1), rtp(2)]
    b.say(rtp(3), at_b.port)
    assert (await a.hears()).packet == rtp(3)


@real
async def test_a_signalled_source_that_comes_late_takes_its_stream_back(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair(nat=True)
    attacker = rig.party()
    say_all(attacker, order(4), at_a.port)
    a.say(rtp(500), at_a.port)
    say_all(attacker, order(100, first=4), at_a.port)
    a.say(rtp(501), at_a.port)
    heard = [(await b.hears()).packet for _ in range(3)]
    assert heard == [order(4)[3], rtp(500), rtp(501)]
    b.say(rtp(3), at_b.port)
    assert (await a.hears()).packet == rtp(3)


@real
async def test_rtcp_of_strangers_is_not_heard(rig: Rig) -> None:
    report = bytes([0x80, 201, 0, 1, 1, 2, 3, 4])
    a, at_a, b, at_b = rig.pair(nat=True)
    b_control, stranger, control = rig.party(), rig.party(), rig.party()
    rig.aim(at_b, b, rtcp_port=b_control.port)
    rig.aim(at_a, a, rtcp_port=control.port, nat=True)
    stranger.say(report, at_a.port + 1)
    control.say(report[:4] + b"ours", at_a.port + 1)
    assert (await b_control.hears()).packet == report[:4] + b"ours"
    b_control.say(report, at_b.port + 1)
    assert (await control.hears()).packet == report


@real
async def test_rtcp_follows_where_rtp_was_locked(rig: Rig) -> None:
    report = bytes([0x80, 201, 0, 1, 1, 2, 3, 4])
    a, at_a, b, at_b = rig.pair(nat=True)
    b_control, behind_nat, mapped = rig.party(), rig.party(), rig.party()
    rig.aim(at_b, b, rtcp_port=b_control.port)
    rig.aim(at_a, a, rtcp_port=a.port + 1, nat=True)
    say_all(behind_nat, order(4), at_a.port)
    await b.hears()
    mapped.say(report, at_a.port + 1)
    assert (await b_control.hears()).packet == report
    b_control.say(report, at_b.port + 1)
    assert (await mapped.hears()).packet == report


@real
async def test_events_of_strangers_are_no_keys(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    event = bytes([5, 0x8A, 3, 0x20])
    rig.party().say(rtp(payload=event, payload_type=EVENTS), at_a.port)
    a.say(rtp(1), at_a.port)
    await b.hears()
    assert rig.relay.counts(at_a.stream).received_packets == 1
