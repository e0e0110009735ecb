"""Names to addresses, with a resolver in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from twisted.internet.task import Clock
from zope.interface import implementer
from zope.interface.verify import verifyObject

from b2bua.net.names import CACHE_ENTRIES, CACHE_SECONDS, TIMEOUT_SECONDS, Names, is_numeric

Answers = list[tuple[str, ...]]


@implementer(IHostnameResolver)
class Resolver:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, IResolutionReceiver]] = []

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[Any] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        self.asked.append((hostName, resolutionReceiver))
        return None  # type: ignore[return-value]

    def answer(self, *addresses: str) -> None:
        _, receiver = self.asked[-1]
        for one in addresses:
            kind = IPv6Address if ":" in one else IPv4Address
            receiver.addressResolved(kind("UDP", one, 0))
        receiver.resolutionComplete()


@pytest.fixture
def resolver() -> Resolver:
    return Resolver()


@pytest.fixture
def names(clock: Clock, resolver: Resolver) -> Names:
    assert verifyObject(IHostnameResolver, resolver)
    return Names(clock, resolver)


def test_an_address_is_its_own_answer_at_once(names: Names, resolver: Resolver) -> None:
    found: Answers = []
    names.resolve("192.0.2.1", found.append)
    names.resolve("2001:db8::1", found.append)
    assert found == [("192.0.2.1",), ("2001:db8::1",)]
    assert resolver.asked == []


def test_all_who_ask_for_a_name_get_the_one_answer(names: Names, resolver: Resolver) -> None:
    found: Answers = []
    names.resolve("a.example", found.append)
    names.resolve("a.example", found.append)
    resolver.answer("192.0.2.1", "2001:db8::1", "192.0.2.1")
    assert found == [("192.0.2.1", "2001:db8::1")] * 2
    assert len(resolver.asked) == 1


def test_an_answer_is_kept_for_a_while(clock: Clock, names: Names, resolver: Resolver) -> None:
    found: Answers = []
    names.resolve("a.example", found.append)
    resolver.answer("192.0.2.1")
    clock.advance(CACHE_SECONDS - 1)
    names.resolve("a.example", found.append)
    assert len(found) == 2
    clock.advance(1)
    names.resolve("a.example", found.append)
    assert len(resolver.asked) == 2
    resolver.answer("192.0.2.2")
    assert found[-1] == ("192.0.2.2",)


def test_no_address_is_an_answer_that_is_not_kept(names: Names, resolver: Resolver) -> None:
    found: Answers = []
    names.resolve("a.example", found.append)
    resolver.answer()
    names.resolve("a.example", found.append)
    assert found == [()]
    assert len(resolver.asked) == 2
    names.stop()


def test_a_resolver_that_is_silent_is_not_waited_for(
    clock: Clock, names: Names, resolver: Resolver
) -> None:
    found: Answers = []
    names.resolve("a.example", found.append)
    clock.advance(TIMEOUT_SECONDS)
    assert found == [()]
    resolver.answer("192.0.2.1")
    assert found == [()]


def test_a_stopped_resolver_calls_nobody(names: Names, resolver: Resolver) -> None:
    found: Answers = []
    names.resolve("a.example", found.append)
    names.stop()
    resolver.answer("192.0.2.1")
    assert found == []


@pytest.mark.parametrize("host", ["", "a..b", "x" * 64 + ".example", "a b", "ü.example", "a" * 300])
def test_what_cannot_be_a_name_is_not_asked_for(
    names: Names, resolver: Resolver, host: str
) -> None:
    found: Answers = []
    names.resolve(host, found.append)
    assert found == [()]
    assert resolver.asked == []


@pytest.mark.parametrize(
    ("host", "numeric"),
    [("192.0.2.1", True), ("::1", True), ("192.0.2", False), ("a.example", False), ("", False)],
)
def test_numeric_means_an_address(host: str, numeric: bool) -> None:
    assert is_numeric(host) is numeric


def test_many_names_do_not_fill_the_memory(names: Names, resolver: Resolver) -> None:
    for number in range(CACHE_ENTRIES + 10):
        names.resolve(f"n{number}.example", lambda _: None)
        resolver.answer("192.0.2.1")
    assert len(names._known) <= CACHE_ENTRIES
