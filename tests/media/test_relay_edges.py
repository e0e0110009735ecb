"""What the Twisted side of the C relay promises beyond the contract."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from twisted.internet.defer import DeferredQueue
from twisted.logger import capturedLogs

from b2bua.media.interfaces import Kind, NoPortsError, Notice, Played
from b2bua.media.ports import PortPairs
from b2bua.media.relay import Interface, Relay
from tests.support.real import real
from tests.support.relay_rig import FIRST_PORT, LAST_PORT, PATIENCE, reactor

pytestmark = pytest.mark.real
LOOPBACK = Interface("127.0.0.1")


def make(v4: Interface | None = LOOPBACK, v6: Interface | None = None) -> Relay:
    return Relay(reactor, PortPairs(FIRST_PORT, LAST_PORT, time.monotonic), v4, v6)


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = make()
    yield relay
    relay.stop()


@real
async def test_a_fault_in_one_call_does_not_end_the_notices_of_others(relay: Relay) -> None:
    taken: DeferredQueue[Notice] = DeferredQueue()

    def notify(notice: Notice) -> None:
        if notice == Played(first.stream, 1):
            raise ZeroDivisionError
        taken.put(notice)

    relay.start(notify)
    first, second = relay.open(Kind.RTP), relay.open(Kind.RTP)
    with capturedLogs() as logged:
        for opened in (first, second):
            relay.play(opened.stream, 1, b"")
            relay.quiet(opened.stream)
        assert await taken.get().addTimeout(PATIENCE, reactor) == Played(second.stream, 1)
    faults = [event["log_failure"] for event in logged if "log_failure" in event]
    assert [fault.type for fault in faults] == [ZeroDivisionError]
    assert relay.notices_dropped == 0


def test_without_an_address_of_that_ip_version_there_are_no_ports(relay: Relay) -> None:
    relay.start(lambda _notice: None)
    with pytest.raises(NoPortsError, match="IPv6"):
        relay.open(Kind.RTP, v6=True)


def test_an_address_that_is_not_ours_has_no_ports() -> None:
    relay = make(Interface("192.0.2.1"))
    relay.start(lambda _notice: None)
    with pytest.raises(NoPortsError, match=f"port {FIRST_PORT} of 192.0.2.1"):
        relay.open(Kind.RTP)
    assert relay.ports_in_use == 0
    relay.stop()


def test_sdp_may_say_another_address_than_the_bound_one() -> None:
    relay = make(Interface("127.0.0.1", advertised="192.0.2.1"))
    relay.start(lambda _notice: None)
    assert relay.open(Kind.RTP).address == "192.0.2.1"
    relay.stop()


def test_nothing_is_opened_before_start(relay: Relay) -> None:
    with pytest.raises(RuntimeError, match="not started"):
        relay.open(Kind.RTP)


def test_it_may_be_stopped_twice_and_started_again(relay: Relay) -> None:
    for _ in range(2):
        relay.start(lambda _notice: None)
        opened = relay.open(Kind.RTP)
        relay.stop()
        relay.stop()
        with pytest.raises(LookupError):
            relay.counts(opened.stream)


def test_a_watch_is_not_negative(relay: Relay) -> None:
    relay.start(lambda _notice: None)
    with pytest.raises(ValueError, match="-1"):
        relay.watch(relay.open(Kind.RTP).stream, -1)
