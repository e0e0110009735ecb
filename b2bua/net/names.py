"""Host names to addresses, by a resolver.

Answers are kept for half a minute, and a name that is being asked for is not asked for again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IReactorTime,
    IResolutionReceiver,
)
from zope.interface import implementer

CACHE_SECONDS = 30.0
CACHE_ENTRIES = 1024
TIMEOUT_SECONDS = 5.0

# What the resolver can be asked without raising: labels of 63 characters, 253 in all (RFC 1035).
_NAME = re.compile(r"(?=.{1,253}\.?\Z)(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")

Found = Callable[[tuple[str, ...]], None]


@lru_cache(maxsize=4096)
def is_numeric(host: str) -> bool:
    """Tell whether `host` is an IPv4 or IPv6 address (without brackets), not a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_name(host: str) -> bool:
    """Tell whether `host` can be asked for in the DNS."""
    return _NAME.fullmatch(host) is not None


class Names:
    """Resolves names, each at most once in `CACHE_SECONDS`."""

    def __init__(self, clock: IReactorTime, resolver: IHostnameResolver) -> None:
        self._clock = clock
        self._resolver = resolver
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._asked: dict[str, _Question] = {}

    def resolve(self, host: str, found: Found) -> None:
        """Call `found` once with the addresses of `host`; none when there are none in time.

        An address is its own answer, and `found` is called before this returns.
        """
        if is_numeric(host) or not is_name(host):
            found((host,) if is_numeric(host) else ())
            return
        until, addresses = self._known.get(host, (0.0, ()))
        if self._clock.seconds() < until:
            found(addresses)
        elif host in self._asked:
            self._asked[host].waiting.append(found)
        else:
            question = self._asked[host] = _Question(self._clock, host, self._answered)
            question.waiting.append(found)
            question.ask(self._resolver)

    def stop(self) -> None:
        """Forget all open questions; nobody is called any more."""
        for question in self._asked.values():
            question.end()
        self._asked.clear()

    def _answered(self, question: _Question) -> None:
        if self._asked.pop(question.host, None) is None:
            return
        addresses = tuple(question.addresses)
        if addresses:
            if len(self._known) >= CACHE_ENTRIES:
                self._known.clear()
            self._known[question.host] = (self._clock.seconds() + CACHE_SECONDS, addresses)
        for found in question.waiting:
            found(addresses)


@implementer(IResolutionReceiver)
class _Question:
    """One name that the resolver is asked for, and those who wait for the answer."""

    def __init__(
        self, clock: IReactorTime, host: str, answered: Callable[[_Question], None]
    ) -> None:
        self.host = host
        self.addresses: list[str] = []
        self.waiting: list[Found] = []
        self._answered = answered
        self._patience: IDelayedCall | None = clock.callLater(TIMEOUT_SECONDS, self._too_late)

    def ask(self, resolver: IHostnameResolver) -> None:
        resolver.resolveHostName(self, self.host, transportSemantics="UDP")

    def end(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:  # noqa: N802, N803
        pass

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        host = getattr(address, "host", None)
        if host is not None and host not in self.addresses:
            self.addresses.append(host)

    def resolutionComplete(self) -> None:  # noqa: N802
        if self._patience is not None:
            self.end()
            self._answered(self)

    def _too_late(self) -> None:
        self._patience = None
        self.addresses.clear()
        self._answered(self)
