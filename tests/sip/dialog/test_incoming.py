"""The called side, beyond what ladders show (RFC 3261 section 13.3.1)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.capabilities import METHODS
from b2bua.sip.dialog.events import Cancelled, Cause, Ended
from b2bua.sip.dialog.session import State
from tests.support.ladder import Ladder, incoming, request


@pytest.mark.parametrize("last", ["ACK_LOST", "LOCAL_BYE"])
def test_a_200_without_ack_is_sent_eleven_times_and_ends_in_a_bye(clock: Clock, last: str) -> None:
    """RFC 3261 13.3.1.4: for 64*T1; and no BYE of ours goes before that (section 15)."""
    ladder = Ladder(incoming(), clock)
    ladder.do("accept", "sdp")
    if last == "LOCAL_BYE":
        ladder.do("hang_up")
    clock.pump([0.1] * 319)
    # at 0, 0.5, 1.5, 3.5, and from then on every 4 s until 31.5
    assert ladder.log == ["-> 200 1 INVITE sdp"] * 11
    assert ladder.armed
    clock.advance(0.2)
    assert ladder.log[11:] == ["-> BYE 1", f"!! Ended {last}"]
    assert not ladder.armed
    assert ladder.session.state is State.ENDED


def test_the_reason_of_a_cancel_is_told(clock: Clock) -> None:
    ladder = Ladder(incoming(), clock)
    why = 'SIP;cause=200;text="Call completed elsewhere"'
    ladder.perform(ladder.session.cancelled(request("CANCEL", extra=(f"Reason: {why}",))))
    assert ladder.events == [Cancelled(why), Ended(Cause.CANCELLED, why)]


def test_responses_carry_our_tag_contact_and_allow(clock: Clock) -> None:
    ladder = Ladder(incoming(agent="exchange/1"), clock)
    ladder.perform(ladder.session.ring(183, b"v=0\r\n", "", [("X-Queue", "3")]))
    ladder.perform(ladder.session.accept(b"v=0\r\n", [("X-Account", "7")]))
    for _, response in ladder.replies:
        assert response.to.tag == "us"
        assert str(response.contact) == "<sip:us@192.0.2.1:5060>"
        assert response.headers.listed("Allow") == [*METHODS]
        assert response.headers.get("Server") == "exchange/1"
        assert response.content_type == "application/sdp"
    ringing, accepted = (response for _, response in ladder.replies)
    assert ringing.headers.get("X-Queue") == "3"
    assert accepted.headers.get("X-Account") == "7"
    ladder.perform(ladder.session.ack(request("ACK", to_tag="us")))
    ladder.do("hang_up")
    assert ladder.last("BYE").headers.get("User-Agent") == "exchange/1"


def test_nothing_names_our_software_unless_it_is_given(clock: Clock) -> None:
    ladder = Ladder(incoming(), clock)
    ladder.play("do refuse 486\n-> 486 1 INVITE\n!! Ended REFUSED")
    (_, response) = ladder.replies[0]
    assert "Server" not in response.headers


@pytest.mark.parametrize("status", [99, 100, 200, 486])
def test_only_a_provisional_status_rings(status: int) -> None:
    with pytest.raises(ValueError, match="no provisional"):
        incoming().ring(status)


@pytest.mark.parametrize("status", [180, 200, 299, 700])
def test_only_a_final_status_refuses(status: int) -> None:
    with pytest.raises(ValueError, match="no refusal"):
        incoming().refuse(status)
