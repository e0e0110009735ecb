"""A DNS server on the loopback, which answers what a test has written into it."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as any_reactor
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.names import common, dns
from twisted.names.error import DNSNameError
from twisted.names.server import DNSServerFactory

TTL = 60
reactor: Any = any_reactor


class Zone(common.ResolverBase):
    """Names and their records; `asked` has every question, `silent` the types never answered."""

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, int]] = []
        self.silent: set[int] = set()

    def address(self, name: str, address: str) -> None:
        kind = dns.Record_AAAA if ":" in address else dns.Record_A
        self._add(name, kind(address, TTL))

    def srv(self, name: str, target: str, port: int, priority: int = 0, weight: int = 0) -> None:
        self._add(name, dns.Record_SRV(priority, weight, port, target.encode(), TTL))

    def naptr(self, name: str, order: int, service: str, replacement: str) -> None:
        fields = (b"s", service.encode(), b"", replacement.encode())
        self._add(name, dns.Record_NAPTR(order, 10, *fields, ttl=TTL))

    def _add(self, name: str, record: Any) -> None:
        self._records.setdefault(name, []).append(record)

    def _lookup(self, name: bytes, _cls: int, kind: int, _timeout: object) -> Deferred[Any]:
        text = name.decode().lower()
        self.asked.append((text, kind))
        if kind in self.silent:
            return Deferred()
        if text not in self._records:
            return fail(DNSNameError())
        answers = [
            dns.RRHeader(name, one.TYPE, dns.IN, TTL, one, auth=True)
            for one in self._records[text]
            if kind == one.TYPE
        ]
        return succeed((answers, [], []))


class NameServer:
    """A server for one `Zone`, open as long as its `with` block."""

    def __init__(self) -> None:
        self.zone = Zone()
        self._port: Any = None

    async def __aenter__(self) -> NameServer:
        factory = DNSServerFactory(clients=[self.zone])
        factory.noisy = False
        protocol = dns.DNSDatagramProtocol(factory)
        protocol.noisy = False
        self._port = reactor.listenUDP(0, protocol, interface="127.0.0.1")
        return self

    async def __aexit__(self, *_: object) -> None:
        await maybeDeferred(self._port.stopListening)

    @property
    def place(self) -> tuple[str, int]:
        return "127.0.0.1", self._port.getHost().port
