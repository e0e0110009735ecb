"""Re-INVITEs, beyond what ladders show (RFC 3261 sections 12.2 and 14)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from tests.support.ladder import Ladder, incoming, outgoing, request, response

BEGIN = """
    do start
        -> INVITE 1 sdp
    <- 200 sdp
        -> ACK 1
        !! Established sdp
    """


@pytest.mark.parametrize("owner", [True, False], ids=["owner", "other"])
@pytest.mark.parametrize("part", [0.0, 1.0])
def test_the_two_ends_of_a_glare_never_wait_equally_long(
    clock: Clock, part: float, owner: bool
) -> None:
    """RFC 3261 14.1: 2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other."""
    session = outgoing(jitter=lambda: part) if owner else incoming(jitter=lambda: part)
    ladder = Ladder(session, clock)
    if owner:
        ladder.play(BEGIN)
    else:
        ladder.do("accept", "sdp")
        ladder.ask("ACK", "number=1")
    ladder.do("reoffer", "sdp")
    ladder.answer(491)
    begun = len(ladder.begun)
    wait = (2.1 + 1.9 * part) if owner else 2.0 * part
    if wait:
        clock.advance(wait - 0.01)
        assert len(ladder.begun) == begun
    clock.advance(0.02)
    assert len(ladder.begun) == begun + 1
    ladder.do("hang_up")


def test_a_reinvite_refreshes_the_remote_target_when_it_is_accepted(clock: Clock) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.play(BEGIN)
    moved = request("INVITE", number=2, sdp=True, to_tag="us", contact="<sip:them@192.0.2.50>")
    ladder.perform(ladder.session.request(moved))
    ladder.do("info", "text/plain", "body")
    assert str(ladder.last("INFO").uri) == "sip:them@192.0.2.2:5060"
    ladder.do("answer_reoffer", "sdp")
    ladder.ask("ACK", "number=2")
    ladder.do("info", "text/plain", "body")
    assert str(ladder.last("INFO").uri) == "sip:them@192.0.2.50"
    ladder.do("hang_up")


def test_a_2xx_to_our_reinvite_refreshes_the_remote_target_for_its_ack(clock: Clock) -> None:
    ladder = Ladder(outgoing(), clock)
    ladder.play(BEGIN)
    ladder.do("reoffer", "sdp")
    invite = ladder.last("INVITE")
    answer = response(invite, 200, sdp=True, contact="<sip:them@192.0.2.50>")
    ladder.perform(ladder.session.response(invite, answer))
    assert str(ladder.acks[-1].uri) == "sip:them@192.0.2.50"
    ladder.do("hang_up")
