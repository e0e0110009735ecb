"""Idle connections, kept for the next request to the same place.

A fresh connection costs a millisecond of processor and, with TLS, a few round trips.  The newest
is taken first, so that the rest can go out of date; no more than `most` are kept over all hosts,
none for longer than `seconds`, and one timer serves them all.
"""

from __future__ import annotations

from collections.abc import Hashable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from b2bua.webhooks.connection import Connection


class KeptConnections:
    def __init__(self, clock: IReactorTime, seconds: float, most: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._most = most
        self._by_place: dict[Hashable, list[Connection]] = {}
        self._since: dict[Connection, tuple[Hashable, float]] = {}  # the longest idle first
        self._sweep_call: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._since)

    def take(self, place: Hashable) -> Connection | None:
        """Return a connection to `place`, which is no longer kept, or None."""
        connections = self._by_place.get(place)
        if not connections:
            return None
        connection = connections[-1]
        self._forget(connection)
        return connection

    def keep(self, place: Hashable, connection: Connection) -> None:
        """Keep an idle `connection` to `place`."""
        self._by_place.setdefault(place, []).append(connection)
        self._since[connection] = (place, self._clock.seconds())
        connection.on_lost = self._forget
        if len(self._since) > self._most:
            self._drop(next(iter(self._since)))
        if self._sweep_call is None:
            self._sweep_call = self._clock.callLater(self._seconds, self._sweep)

    def close(self) -> None:
        """Drop all."""
        for connection in [*self._since]:
            self._drop(connection)
        if self._sweep_call is not None:
            self._sweep_call.cancel()
            self._sweep_call = None

    def _drop(self, connection: Connection) -> None:
        self._forget(connection)
        connection.drop()

    def _forget(self, connection: Connection) -> None:
        connection.on_lost = None
        place, _ = self._since.pop(connection)
        connections = self._by_place[place]
        connections.remove(connection)
        if not connections:
            del self._by_place[place]

    def _sweep(self) -> None:
        self._sweep_call = None
        now = self._clock.seconds()
        for connection, (_, since) in [*self._since.items()]:
            left = since + self._seconds - now
            if left > 0:
                self._sweep_call = self._clock.callLater(left, self._sweep)
                return
            self._drop(connection)
