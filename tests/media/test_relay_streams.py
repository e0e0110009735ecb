"""Streams, ports and counts: what every relay promises of them."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from b2bua.media.interfaces import Aim, Backend, FirstPacket, Kind, NoPortsError
from tests.support.real import real
from tests.support.relay_rig import FIRST_PORT, Rig, moment, rtp


@real
async def test_packets_cross_both_ways_byte_for_byte(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    a.say(rtp(65535, ssrc=0xFFFFFFFF, marker=True), at_a.port)
    b.say(rtp(9, b""), at_b.port)
    to_b, to_a = await b.hears(), await a.hears()
    assert (to_b.packet, to_b.port) == (rtp(65535, ssrc=0xFFFFFFFF, marker=True), at_b.port)
    assert (to_a.packet, to_a.port) == (rtp(9, b""), at_a.port)


@real
async def test_ipv6_speaks_with_ipv4(rig: Rig) -> None:
    a, b = rig.party("::1"), rig.party()
    at_a, at_b = rig.stream(a), rig.stream(b)
    rig.relay.link(at_a.stream, at_b.stream)
    a.say(rtp(1), at_a.port)
    assert (await b.hears()).packet == rtp(1)
    b.say(rtp(2), at_b.port)
    assert (await a.hears()).packet == rtp(2)
    assert (at_a.address, at_b.address) == ("::1", "127.0.0.1")


@real
async def test_rtcp_crosses_on_the_port_above(rig: Rig) -> None:
    report = bytes([0x80, 201, 0, 1, 1, 2, 3, 4])
    a, a_control, b_control = rig.party(), rig.party(), rig.party()
    at_a = rig.stream(a, rtcp_port=a_control.port)
    at_b = rig.stream(rig.party(), rtcp_port=b_control.port)
    rig.relay.link(at_a.stream, at_b.stream)
    a.say(report, at_a.port + 1)
    a_control.say(report[:-1], at_a.port + 1)
    a_control.say(report, at_a.port + 1)
    heard = await b_control.hears()
    assert (heard.packet, heard.port) == (report, at_b.port + 1)
    counts = rig.relay.counts(at_a.stream)
    assert (counts.rtcp_packets, counts.dropped_packets, counts.received_packets) == (1, 2, 0)


@real
async def test_raw_packets_cross_as_they_come(rig: Rig) -> None:
    a, b = rig.party(), rig.party()
    at_a, at_b = rig.relay.open(Kind.RAW), rig.relay.open(Kind.RAW)
    rig.aim(at_a, a)
    rig.aim(at_b, b)
    rig.relay.link(at_a.stream, at_b.stream)
    for packet in (b"\x00", b"t38" * 500, b"t38" * 501, b"end"):
        a.say(packet, at_a.port)
    assert [(await b.hears()).packet for _ in range(3)] == [b"\x00", b"t38" * 500, b"end"]
    assert rig.relay.ports_in_use == 2


@real
async def test_what_is_no_rtp_does_not_cross(rig: Rig) -> None:
    a, at_a, b, _ = rig.pair()
    refused = [
        b"",
        rtp()[:11],
        rtp(payload=bytes(1489)),
        b"\x00" + rtp()[1:],
        b"\x8f" + rtp(payload=bytes(59))[1:],
        b"\x90" + rtp(payload=b"\xbe\xde\x00\x02" + bytes(7))[1:],
        b"\x80\xc8" + rtp()[2:],
    ]
    taken = [rtp()[:12], rtp(payload=bytes(1488)), b"\x8f" + rtp(payload=bytes(60))[1:]]
    for packet in [*refused, *taken]:
        a.say(packet, at_a.port)
    assert [(await b.hears()).packet for _ in taken] == taken
    assert rig.relay.counts(at_a.stream).dropped_packets == len(refused)


@real
async def test_more_than_the_limit_does_not_cross(rig: Rig) -> None:
    rig.relay = rig.start(limit=50)
    a, at_a, b, _ = rig.pair()
    for sequence in range(60):
        a.say(rtp(sequence), at_a.port)
    assert [(await b.hears()).sequence for _ in range(50)] == list(range(50))
    await moment(lambda: sum(_judged(rig.relay, at_a.stream)) == 60)
    received, dropped = _judged(rig.relay, at_a.stream)
    assert 50 <= received <= 53
    assert dropped == 60 - received


def _judged(relay: Backend, stream: int) -> tuple[int, int]:
    counts = relay.counts(stream)
    return counts.received_packets, counts.dropped_packets


@real
async def test_what_is_counted_is_what_happened(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    assert rig.relay.counts(at_a.stream).last_received_ms_ago == -1
    a.say(rtp(1), at_a.port)
    a.say(b"no", at_a.port)
    a.say(rtp(2), at_a.port)
    await b.hears()
    await b.hears()
    ours, other = rig.relay.close(at_a.stream), rig.relay.close(at_b.stream)
    assert (ours.received_packets, ours.received_bytes, ours.dropped_packets) == (2, 344, 1)
    assert (other.sent_packets, other.sent_bytes, other.received_packets) == (2, 344, 0)
    assert 0 <= ours.last_received_ms_ago < 5000
    assert ours.sent_packets == 0


@real
async def test_a_new_link_ends_the_old_ones(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    c, at_c, _, _ = rig.pair()
    rig.relay.link(at_c.stream, at_a.stream)
    b.say(rtp(1), at_b.port)
    c.say(rtp(2), at_c.port)
    assert (await a.hears()).packet == rtp(2)
    a.say(rtp(3), at_a.port)
    assert (await c.hears()).packet == rtp(3)


@real
async def test_an_unlinked_stream_hears_but_does_not_pass(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    rig.relay.unlink(at_b.stream)
    rig.relay.unlink(at_b.stream)
    a.say(rtp(1), at_a.port)
    assert await rig.tells() == FirstPacket(at_a.stream)
    rig.relay.link(at_a.stream, at_b.stream)
    a.say(rtp(2), at_a.port)
    assert (await b.hears()).packet == rtp(2)
    assert rig.relay.counts(at_a.stream).received_packets == 2


@real
async def test_the_first_packet_is_told_once(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    a.say(rtp(1), at_a.port)
    a.say(rtp(2), at_a.port)
    b.say(rtp(1), at_b.port)
    assert await rig.tells() == FirstPacket(at_a.stream)
    assert await rig.tells() == FirstPacket(at_b.stream)


@real
async def test_nothing_goes_to_a_stream_on_hold(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    rig.relay.aim(at_b.stream, Aim("0.0.0.0", b.port))
    a.say(rtp(1), at_a.port)
    await rig.tells_next(FirstPacket)
    rig.aim(at_b, b)
    a.say(rtp(2), at_a.port)
    assert (await b.hears()).packet == rtp(2)


@real
async def test_a_peer_that_is_gone_harms_nothing(rig: Rig) -> None:
    a, at_a, b, at_b = rig.pair()
    gone = rig.party()
    rig.relay.aim(at_b.stream, Aim("127.0.0.1", gone.port))
    await gone.hang_up()
    for sequence in range(10):
        a.say(rtp(sequence), at_a.port)
    await moment(lambda: rig.relay.counts(at_a.stream).received_packets == 10)
    rig.aim(at_b, b)
    a.say(rtp(11), at_a.port)
    assert (await b.hears()).packet == rtp(11)


@real
async def test_hold_may_be_written_in_the_other_ip_version(rig: Rig) -> None:
    """RFC 3264 section 8.4: an old peer writes 0.0.0.0 to put a stream on hold."""
    a, b = rig.party("::1"), rig.party()
    at_a, at_b = rig.stream(a), rig.stream(b)
    rig.relay.link(at_a.stream, at_b.stream)
    rig.relay.aim(at_a.stream, Aim("0.0.0.0", 4000))
    b.say(rtp(1), at_b.port)
    await rig.tells_next(FirstPacket)
    rig.aim(at_a, a)
    b.say(rtp(2), at_b.port)
    assert (await a.hears()).packet == rtp(2)


@real
@pytest.mark.parametrize(
    "aim",
    [
        Aim("localhost", 4000),
        Aim("", 4000),
        Aim("2001:db8::1", 4000),
        Aim("127.0.0.1", 4000, event_type=128),
        Aim("127.0.0.1", 4000, event_type=-2),
        Aim("127.0.0.1", 4000, block_digits="1E"),
    ],
    ids=str,
)
async def test_what_cannot_be_aimed_at_is_refused(rig: Rig, aim: Aim) -> None:
    a, at_a, b, at_b = rig.pair()
    with pytest.raises(ValueError, match=r"."):
        rig.relay.aim(at_b.stream, aim)
    a.say(rtp(1), at_a.port)
    assert (await b.hears()).packet == rtp(1)


METHODS: list[Callable[[Backend, int], object]] = [
    lambda relay, stream: relay.aim(stream, Aim("127.0.0.1", 4000)),
    lambda relay, stream: relay.link(stream, stream),
    lambda relay, stream: relay.unlink(stream),
    lambda relay, stream: relay.play(stream, 1, b"x"),
    lambda relay, stream: relay.press(stream, 1, "1"),
    lambda relay, stream: relay.quiet(stream),
    lambda relay, stream: relay.watch(stream, 1),
    lambda relay, stream: relay.counts(stream),
    lambda relay, stream: relay.close(stream),
]


@real
@pytest.mark.parametrize("method", METHODS)
async def test_a_closed_stream_is_unknown(
    rig: Rig, method: Callable[[Backend, int], object]
) -> None:
    opened = rig.stream()
    rig.relay.close(opened.stream)
    rig.stream()
    for handle in (opened.stream, 0, 2**64 - 1):
        with pytest.raises(LookupError):
            method(rig.relay, handle)


@real
async def test_ports_in_use_return_to_none(rig: Rig) -> None:
    opened = [rig.stream() for _ in range(10)]
    assert rig.relay.ports_in_use == 20
    assert all(stream.port % 2 == 0 for stream in opened)
    assert len({stream.port for stream in opened}) == 10
    for stream in opened:
        rig.relay.close(stream.stream)
    assert rig.relay.ports_in_use == 0


@real
async def test_without_free_ports_there_is_no_stream(rig: Rig) -> None:
    rig.relay = rig.start(last=FIRST_PORT + 3)
    first = rig.stream()
    rig.stream()
    with pytest.raises(NoPortsError):
        rig.stream()
    rig.relay.close(first.stream)
    await moment(lambda: _is_free(first.port))
    assert rig.stream().port == first.port


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@real
@pytest.mark.parametrize("above", [0, 1], ids=["RTP", "RTCP"])
async def test_a_pair_that_another_program_has_is_left_out(rig: Rig, above: int) -> None:
    rig.relay = rig.start(last=FIRST_PORT + 3, rest=60)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", FIRST_PORT + above))
        assert rig.stream().port == FIRST_PORT + 2
        with pytest.raises(NoPortsError):
            rig.stream()


@real
async def test_stop_closes_every_stream(rig: Rig) -> None:
    opened = rig.stream()
    rig.relay.stop()
    assert rig.relay.ports_in_use == 0
    assert _is_free(opened.port)
    with pytest.raises(LookupError):
        rig.relay.counts(opened.stream)
