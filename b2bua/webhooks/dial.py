"""From a URL to an open connection: resolve, check every address, connect to what was checked.

The name is resolved once, here; what is connected to is an address out of that answer and never
the name, so an answer that changes in between (DNS rebinding) changes nothing.  If any address is
forbidden the whole host is refused: a name that points inside as well as outside is no accident.
Several addresses are tried a quarter of a second apart, the first that works wins (RFC 8305).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IReactorTime,
    IResolutionReceiver,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from b2bua.webhooks.connection import Connection
from b2bua.webhooks.faults import BAD_HOST, CONNECTION, Phase, WebFault
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.terms import Terms
from b2bua.webhooks.tls import Handshake
from b2bua.webhooks.url import Url

STAGGER = 0.25
"""Seconds between the attempts at two addresses of a host (RFC 8305 section 5)."""


class Dialler:
    """Opens connections.  `reactor` connects TCP and tells the time."""

    def __init__(
        self,
        reactor: IReactorTime,
        resolver: IHostnameResolver,
        limits: Limits,
    ) -> None:
        self._reactor = reactor
        self._resolver = resolver
        self._limits = limits

    async def connect(self, url: Url, sni: bool, terms: Terms) -> Connection:
        """Connect to the host of `url`, on `terms`.

        Raises:
            WebFault: 11205, 11210, 11220 or 11235 to 11237.
        """
        if not terms.policy.permits_host(url.host):
            raise WebFault(BAD_HOST, "the host is none that may be asked")
        addresses = [url.host] if url.is_address else await resolve(self._resolver, url)
        if not addresses:
            raise WebFault(BAD_HOST, "the host has no address", Phase.CONNECT)
        if not all(terms.policy.permits(address) for address in addresses):
            raise WebFault(BAD_HOST, "the host is in a network that may not be reached")
        attempts = [
            partial(self._attempt, url, address, sni, terms)
            for address in addresses[: self._limits.addresses_tried]
        ]
        return await Race(self._reactor, attempts).won

    def _attempt(self, url: Url, address: str, sni: bool, terms: Terms) -> Deferred[Connection]:
        endpoint: IStreamClientEndpoint = (
            TCP6ClientEndpoint(self._reactor, address, url.port)
            if ":" in address
            else TCP4ClientEndpoint(self._reactor, address, url.port)
        )
        if url.scheme == "http":
            connected = endpoint.connect(_Connections(self._limits, None))
            return connected.addCallbacks(_when_ready, _explain)
        handshake = terms.trust.handshake(url, sni)
        factory = TLSMemoryBIOFactory(
            handshake, True, _Connections(self._limits, handshake), clock=self._reactor
        )
        return endpoint.connect(factory).addCallbacks(_when_secure, _explain)


class _Connections(Factory):
    noisy = False

    def __init__(self, limits: Limits, handshake: Handshake | None) -> None:
        self._limits = limits
        self._handshake = handshake

    def buildProtocol(self, addr: IAddress | None) -> Connection:
        return Connection(self._limits, self._handshake)


def _when_secure(layer: TLSMemoryBIOProtocol) -> Deferred[Connection]:
    connection = layer.wrappedProtocol
    assert isinstance(connection, Connection)
    return connection.ready


def _when_ready(connection: Connection) -> Deferred[Connection]:
    return connection.ready


def _explain(failure: Failure) -> Failure:
    if failure.check(CancelledError) is not None:
        return failure
    text = f"the server can't be connected to: {type(failure.value).__name__}"
    return Failure(WebFault(CONNECTION, text, Phase.CONNECT))


class Race:
    """Begins attempts one after another and keeps the first that succeeds.

    The next begins after STAGGER seconds, or when all that have begun have failed.  `won` fires
    with the winner's result, or with the first failure once all have failed; cancelling it
    cancels every attempt.
    """

    def __init__(
        self, clock: IReactorTime, attempts: Sequence[Callable[[], Deferred[Connection]]]
    ) -> None:
        self.won: Deferred[Connection] = Deferred(lambda _: self._stop())
        self._clock = clock
        self._attempts = [*attempts]
        self._running: list[Deferred[Connection]] = []
        self._first_failure: Failure | None = None
        self._next: IDelayedCall | None = None
        self._is_over = False
        self._begin()

    def _begin(self) -> None:
        self._next = None
        attempt = self._attempts.pop(0)()
        self._running.append(attempt)
        if self._attempts:
            self._next = self._clock.callLater(STAGGER, self._begin)
        # Either may run before addCallbacks returns.
        attempt.addCallbacks(
            self._succeeded, self._failed, callbackArgs=(attempt,), errbackArgs=(attempt,)
        )

    def _succeeded(self, connection: Connection, attempt: Deferred[Connection]) -> None:
        self._running.remove(attempt)
        if self._is_over:
            connection.drop()
            return
        self._stop()
        self.won.callback(connection)

    def _failed(self, failure: Failure, attempt: Deferred[Connection]) -> None:
        self._running.remove(attempt)
        if self._is_over:
            return
        self._first_failure = self._first_failure or failure
        if self._running:
            return
        if not self._attempts:
            self.won.errback(self._first_failure)
            return
        if self._next is not None:
            self._next.cancel()
        self._begin()

    def _stop(self) -> None:
        self._is_over = True
        self._attempts.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        for attempt in [*self._running]:
            attempt.cancel()


@implementer(IResolutionReceiver)
class _Addresses:
    """Collects what a name resolves to, in the resolver's order and once each."""

    def __init__(self) -> None:
        self.all: Deferred[list[str]] = Deferred(self._cancel)
        self.resolution: IHostResolution | None = None
        self._found: dict[str, None] = {}

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803
        self.resolution = resolutionInProgress

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        host = getattr(address, "host", None)
        if isinstance(host, str):
            self._found[host] = None

    def resolutionComplete(self) -> None:  # noqa: N802
        if not self.all.called:
            self.all.callback([*self._found])

    def _cancel(self, _: Deferred[list[str]]) -> None:
        if self.resolution is not None:
            # Not every resolver can stop; its late answer finds `all` called.
            try:
                self.resolution.cancel()
            except NotImplementedError:
                return


async def resolve(resolver: IHostnameResolver, url: Url) -> list[str]:
    """Return every address of the host of `url`; none is an answer too."""
    addresses = _Addresses()
    resolver.resolveHostName(addresses, url.host, url.port)
    return await addresses.all
