"""The DNS, by Twisted's resolver: addresses, and the records that say where a domain takes SIP.

Nothing a server answers raises here: a broken answer is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv6Address as IPv6Number
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from twisted.logger import Logger
from twisted.names import dns
from twisted.names.client import Resolver
from twisted.names.error import DNSQueryTimeoutError, DomainError
from twisted.names.hosts import searchFileForAll
from twisted.python.filepath import FilePath
from zope.interface import implementer

from b2bua.net.srv import Naptr, Srv

PATIENCE = (1, 2)
"""Seconds that one server gets for each try of a question."""
DNS_PORT = 53

Server = tuple[str, int]


@implementer(IHostnameResolver)
class Dns:
    """Asks `servers`, numeric hosts and ports; those of the machine if there are none."""

    _log = Logger()

    def __init__(
        self, reactor: Any, servers: Sequence[Server] = (), hosts: str = "/etc/hosts"
    ) -> None:
        self._reactor = reactor
        self._servers = list(servers)
        self._hosts = hosts
        self._resolver: Resolver | None = None

    async def naptr(self, domain: str) -> tuple[Naptr, ...] | None:
        """Return the NAPTR records of `domain`; None: no server answers."""
        return await self._ask(_asked(domain, dns.NAPTR), _naptr)

    async def srv(self, name: str) -> tuple[Srv, ...] | None:
        """Return the SRV records of `name`; None: no server answers."""
        return await self._ask(_asked(name, dns.SRV), _srv)

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[Any] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Tell `resolutionReceiver` the addresses of `hostName`, those of the hosts file first."""
        self._run(self._addresses(hostName), resolutionReceiver)
        return resolutionReceiver  # type: ignore[return-value] # nobody cancels

    def _run(self, coroutine: Any, receiver: IResolutionReceiver) -> None:
        def complete(found: tuple[str, ...]) -> None:
            for one in found:
                kind = IPv6Address if ":" in one else IPv4Address
                receiver.addressResolved(kind("UDP", one, 0))
            receiver.resolutionComplete()

        done: Deferred[tuple[str, ...]] = Deferred.fromCoroutine(coroutine)
        done.addCallback(complete)
        done.addErrback(lambda failure: self._log.failure("resolving broke", failure))

    async def _addresses(self, host: str) -> tuple[str, ...]:
        written = searchFileForAll(FilePath(self._hosts), host.encode("ascii", "replace"))
        if written:
            return tuple(str(one) for one in written)
        kinds = ((dns.A, _address), (dns.AAAA, _address))
        asked = [Deferred.fromCoroutine(self._ask(_asked(host, k), read)) for k, read in kinds]
        answers = await gatherResults(asked)
        return tuple(address for answer in answers for address in answer or ())

    async def _ask(
        self, query: dns.Query, read: Callable[[Any], Any | None]
    ) -> tuple[Any, ...] | None:
        try:
            answers, _, _ = await self._ready().query(query)
            of_kind = [one.payload for one in answers if one.type == query.type]
            found = [read(payload) for payload in of_kind]
        except (DNSQueryTimeoutError, TimeoutError):
            return None
        except DomainError:
            return ()
        except (
            Exception
        ) as problem:  # the boundary to the resolver, which trips over broken answers
            self._log.warn("a DNS answer cannot be read: {problem!r}", problem=problem)
            return ()
        return tuple(one for one in found if one is not None)

    def _ready(self) -> Resolver:
        if self._resolver is None:
            servers = self._servers or _servers_of_machine()
            self._resolver = Resolver(servers=servers, timeout=PATIENCE, reactor=self._reactor)
        return self._resolver


def _asked(name: str, kind: int) -> dns.Query:
    return dns.Query(name.encode("ascii", "replace"), kind, dns.IN)


def _servers_of_machine(file: str = "/etc/resolv.conf") -> list[Server]:
    try:
        lines = [line.split() for line in Path(file).read_text(errors="replace").splitlines()]
    except OSError:
        lines = []
    named = [words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1]
    return [(host, DNS_PORT) for host in named] or [("127.0.0.1", DNS_PORT)]


def _naptr(payload: Any) -> Naptr:
    return Naptr(
        payload.order,
        payload.preference,
        _text(payload.flags.string),
        _text(payload.service.string),
        _text(payload.regexp.string),
        _text(payload.replacement.name),
    )


def _srv(payload: Any) -> Srv:
    return Srv(payload.priority, payload.weight, payload.port, _text(payload.target.name))


def _address(payload: Any) -> str:
    return str(payload.dottedQuad() if payload.TYPE == dns.A else IPv6Number(payload.address))


def _text(octets: bytes) -> str:
    return octets.decode("ascii", "replace").rstrip(".").lower()
