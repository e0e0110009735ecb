"""Registered with a trunk, over a network in memory: kept, lost, taken back, and called by it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from twisted.internet.task import Clock

from b2bua.app.settings import Settings, settings_from_text
from b2bua.app.trunk_registrations import TrunkRegistrations
from b2bua.net.driver import Driver, ServerTransaction
from b2bua.sip.message import Request
from b2bua.sip.reader import read_datagram
from b2bua.sip.transaction.timers import Timers
from tests.support.network import MemoryConnections, MemoryNetwork
from tests.support.users import Server

TRUNK = """
[[trunks]]
name = "carrier"
uri = "sip:192.0.2.2"
username = "us"
password = "secret"
register = true
"""


class Site:
    """Our side at 192.0.2.1, and a registrar at 192.0.2.2 that answers with `status`."""

    def __init__(self, clock: Clock, text: str = TRUNK) -> None:
        self.clock, self.status = clock, 200
        network = MemoryNetwork(clock)
        tokens = count(1)
        self.driver, connections = self._host(network, "192.0.2.1", Server(), tokens)
        self.server = Server(self._answer)
        self._far, _ = self._host(network, "192.0.2.2", self.server, tokens)
        self.trunks = TrunkRegistrations(
            clock, self.driver, connections.local_for, lambda: f"t{next(tokens)}", lambda: 0.5
        )
        self.settings: Settings = settings_from_text(text)
        self.trunks.settle(self.settings.trunks)
        clock.pump([0.02] * 4)

    def _host(
        self, network: MemoryNetwork, address: str, user: Server, tokens: Iterator[int]
    ) -> tuple[Driver, MemoryConnections]:
        connections = MemoryConnections(network, address)
        driver = Driver(
            self.clock, connections, user, Timers(), lambda: f"{address}-{next(tokens)}"
        )
        connections.start(driver.message_received)
        return driver, connections

    def _answer(self, transaction: ServerTransaction) -> None:
        contact = transaction.request.headers.get("Contact") or ""
        fields = [("Contact", contact)] if self.status == 200 else []
        if self.status:
            transaction.respond(transaction.request.reply(self.status, "", "far", fields))

    @property
    def asked(self) -> list[Request]:
        return [one.request for one in self.server.requests]

    def stop(self) -> list[None]:
        """Stop, and let what is on its way arrive; return what that has fired."""
        fired: list[None] = []
        self.trunks.stop().addCallback(fired.append)
        self.clock.pump([0.1] * 25)
        self.driver.stop()
        self._far.stop()
        return fired


@pytest.fixture
def site(clock: Clock) -> Iterator[Site]:
    site = Site(clock)
    yield site
    site.stop()


def test_it_is_registered_and_says_so(site: Site) -> None:
    assert site.trunks.counters() == {"carrier": 1}
    assert len(site.asked) == 1


def test_it_is_refreshed_before_it_ends(site: Site) -> None:
    site.clock.advance(3_600 * 0.75)
    site.clock.pump([0.02] * 4)
    assert len(site.asked) == 2
    assert site.trunks.counters() == {"carrier": 1}


def test_a_refusal_of_a_refresh_leaves_what_was_granted_and_then_it_is_over(site: Site) -> None:
    site.status = 503
    site.clock.advance(3_600 * 0.75)
    site.clock.pump([0.02] * 4)
    assert site.trunks.counters() == {"carrier": 1}
    site.clock.advance(3_600 * 0.25)
    assert site.trunks.counters() == {"carrier": 0}


def test_it_is_taken_back_at_the_end(clock: Clock) -> None:
    site = Site(clock)
    assert site.stop() == [None]
    assert (site.asked[-1].headers.get("Contact") or "").endswith(";expires=0")
    assert site.trunks.counters() == {}


def test_a_trunk_that_is_silent_holds_up_no_end(clock: Clock) -> None:
    site = Site(clock)
    site.status = 0
    assert site.stop() == [None]


def test_a_trunk_that_is_no_longer_in_the_settings_is_left(site: Site) -> None:
    site.trunks.settle(settings_from_text("").trunks)
    site.clock.pump([0.02] * 4)
    assert (site.asked[-1].headers.get("Contact") or "").endswith(";expires=0")
    assert site.trunks.counters() == {}


def test_a_trunk_that_stays_as_it_is_is_not_asked_again(site: Site) -> None:
    site.trunks.settle(settings_from_text(TRUNK).trunks)
    site.clock.pump([0.02] * 4)
    assert len(site.asked) == 1


def test_a_call_to_our_contact_is_the_trunk_s(site: Site) -> None:
    contact = site.asked[0].contact
    assert contact is not None
    for uri, name in ((str(contact.uri), "carrier"), ("sip:us@192.0.2.1;line=x", None)):
        text = (
            f"INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1"
            "\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        )
        request = read_datagram(text.encode())
        assert isinstance(request, Request)
        found = site.trunks.trunk_of(request)
        assert (found and found.name) == name


def test_a_trunk_without_a_user_name_is_registered_with_by_its_own(clock: Clock) -> None:
    site = Site(clock, TRUNK.replace('username = "us"', ""))
    assert str(site.asked[0].to.uri) == "sip:carrier@192.0.2.2"
    site.stop()
