"""Which transaction a message belongs to: RFC 3261 17.1.3, 17.2.3, 8.2.2.2 and 9.2."""

from __future__ import annotations

import pytest

from b2bua.sip.transaction.live import Live
from b2bua.sip.transaction.timers import Timers
from tests.support.messages import request

VIA = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1"
OLD_VIA = "SIP/2.0/UDP 192.0.2.9:5060"
EMPTY_BRANCH = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK"


def live() -> Live[str, str]:
    return Live()


def test_a_response_is_found_by_branch_and_method_of_cseq() -> None:
    table = live()
    invite = request("INVITE", via=VIA)
    table.add_client("z9hG4bK1", invite, "invite")
    table.add_client("z9hG4bK1", request("CANCEL", via=VIA), "cancel")
    assert table.client_of(invite.reply(180)) == "invite"
    assert table.client_of(request("CANCEL", via=VIA).reply(200)) == "cancel"
    assert table.client_of(request("BYE", via=VIA).reply(200)) is None


@pytest.mark.parametrize("via", [VIA, OLD_VIA, EMPTY_BRANCH])
def test_a_repeated_request_finds_its_transaction(via: str) -> None:
    table = live()
    table.add_server(request("INVITE", via=via, call_id="c"), "invite")
    assert table.server_of(request("INVITE", via=via, call_id="c")) == "invite"


@pytest.mark.parametrize("via", [VIA, OLD_VIA, EMPTY_BRANCH])
@pytest.mark.parametrize("method", ["ACK", "CANCEL"])
def test_an_ack_and_a_cancel_find_their_invite(via: str, method: str) -> None:
    table = live()
    table.add_server(request("INVITE", via=via, call_id="c"), "invite")
    follower = request(method, via=via, call_id="c", to_tag="b" if method == "ACK" else None)
    assert table.invite_of(follower) == "invite"


def test_a_cancel_is_a_transaction_of_its_own() -> None:
    table = live()
    table.add_server(request("INVITE", via=VIA), "invite")
    assert table.server_of(request("CANCEL", via=VIA)) is None


@pytest.mark.parametrize(
    "other",
    [
        "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK2",
        "SIP/2.0/UDP 192.0.2.8:5060;branch=z9hG4bK1",
        "SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1",
    ],
    ids=["branch", "sent-by host", "sent-by port"],
)
def test_another_branch_or_sent_by_is_another_transaction(other: str) -> None:
    table = live()
    table.add_server(request("BYE", via=VIA), "bye")
    assert table.server_of(request("BYE", via=other)) is None


def test_the_host_of_sent_by_is_blind_to_case() -> None:
    table = live()
    table.add_server(request("BYE", via="SIP/2.0/UDP Host.Example;branch=z9hG4bK1"), "bye")
    again = request("BYE", via="SIP/2.0/UDP host.EXAMPLE;branch=z9hG4bK1")
    assert table.server_of(again) == "bye"


@pytest.mark.parametrize(("call_id", "cseq"), [("d", 1), ("c", 2)])
def test_without_a_cookie_call_id_and_cseq_decide(call_id: str, cseq: int) -> None:
    """17.2.3: a request of RFC 2543 is told by its fields."""
    table = live()
    table.add_server(request("INVITE", via=OLD_VIA, call_id="c", cseq=1), "invite")
    assert table.server_of(request("INVITE", via=OLD_VIA, call_id=call_id, cseq=cseq)) is None


def test_an_invite_that_came_by_another_way_is_merged() -> None:
    """8.2.2.2: same From tag, Call-ID and CSeq, no To tag, another branch."""
    table = live()
    table.add_server(request("INVITE", call_id="c"), "first")
    assert table.is_merged(request("INVITE", call_id="c"))
    assert not table.is_merged(request("INVITE", call_id="c", to_tag="b"))
    assert not table.is_merged(request("INVITE", call_id="c", cseq=2))


def test_merging_ends_with_the_first_transaction() -> None:
    table = live()
    first, second = request("INVITE", call_id="c"), request("INVITE", call_id="c")
    key = table.add_server(first, "first")
    other = table.add_server(second, "second")
    table.remove_server(other, second)
    assert table.is_merged(second)
    table.remove_server(key, first)
    assert not table.is_merged(second)


def test_counts_go_up_and_down_by_type() -> None:
    table = live()
    invite, bye = request("INVITE"), request("BYE")
    keys = [table.add_client("z9hG4bK1", invite, "x"), table.add_server(bye, "y")]
    assert table.counts == {"invite_client": 1, "invite_server": 0, "client": 0, "server": 1}
    table.remove_client(keys[0], invite)
    table.remove_server(keys[1], bye)
    table.remove_server(keys[1], bye)
    assert set(table.counts.values()) == {0}


@pytest.mark.parametrize(("t1", "t2", "t4"), [(0, 4, 5), (5, 4, 5), (0.5, 4, 0)])
def test_timers_that_cannot_work_are_refused(t1: float, t2: float, t4: float) -> None:
    with pytest.raises(ValueError, match="t1 <= t2"):
        Timers(t1, t2, t4)
