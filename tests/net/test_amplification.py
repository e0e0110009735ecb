"""What is answered without a state is no larger than twice what was asked (limits.md)."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from b2bua.net.driver import Driver, DriverLimits, stateless_tag
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.transaction.timers import Timers
from tests.support.network import MemoryConnections, MemoryNetwork
from tests.support.users import Server, Wiretap

CHALLENGE = ("WWW-Authenticate", f'Digest realm="r", nonce="{"0" * 80}", qop="auth"')
LONG = (
    b"OPTIONS sip:a SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bK1\r\nf:<sip:a@h>;tag=1\r\n"
    b"t:<sip:a>\r\ni:1\r\nCSeq:1 OPTIONS\r\nl:0\r\n%s\r\n"
)


def heard(clock: Clock, amplification: float, padding: bytes = b"") -> list[str]:
    """Return what a challenge with two fields comes to, for a request with `padding`."""
    network = MemoryNetwork(clock)
    connections = MemoryConnections(network, "192.0.2.1")

    def refuse(request: Request, _source: Hop) -> Response:
        return request.reply(401, "", stateless_tag(request), [CHALLENGE, CHALLENGE])

    driver = Driver(
        clock,
        connections,
        Server(),
        Timers(),
        lambda: "b",
        DriverLimits(amplification=amplification),
        refuse=refuse,
    )
    connections.start(driver.message_received)
    peer = Wiretap(network)
    network.carry(LONG % padding, peer.address, ("192.0.2.1", 5060))
    clock.pump([0.02] * 3)
    driver.stop()
    return peer.heard


@pytest.mark.parametrize(("amplification", "challenges"), [(10.0, [2]), (3.0, [1]), (1.0, [])])
def test_an_answer_loses_what_it_can_do_without_or_is_not_sent(
    clock: Clock, amplification: float, challenges: list[int]
) -> None:
    assert [one.count("WWW-Authenticate") for one in heard(clock, amplification)] == challenges


def test_a_request_of_usual_size_gets_all_of_its_answer(clock: Clock) -> None:
    [answer] = heard(clock, 2.0, b"User-Agent: " + b"x" * 200 + b"\r\n")
    assert answer.count("WWW-Authenticate") == 2
