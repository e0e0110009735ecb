"""Which UDP ports a stream gets: even ones for RTP, the odd one above for RTCP (RFC 3550, 11).

Pairs go round: the one that has rested longest comes first, and none comes back before it has
rested for a while, so that late packets of an old call do not reach a new one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from b2bua.media.interfaces import NoPortsError

REST = 2.0


class PortPairs:
    """The even ports of a range, each standing for itself and the port above it."""

    def __init__(self, first: int, last: int, now: Callable[[], float], rest: float = REST) -> None:
        """Take the whole pairs of `first`-`last`, both included; `rest` is in seconds.

        Raises:
            ValueError: the range holds no pair of an even and an odd port.
        """
        even_ports = range(first + first % 2, last, 2)
        if not even_ports or first < 1 or last > 65535:
            raise ValueError(f"ports {first}-{last} hold no pair of an even and an odd port")
        self._now, self._rest = now, rest
        self._free = deque((port, -rest + now()) for port in even_ports)
        self._taken: set[int] = set()
        self.size = len(even_ports)

    def take(self) -> int:
        """Take the pair that has rested longest; return its even port.

        Raises:
            NoPortsError: every pair is taken, or was given back less than `rest` ago.
        """
        if not self._free:
            raise NoPortsError("every pair of ports is taken")
        port, since = self._free[0]
        if self._now() - since < self._rest:
            raise NoPortsError("every free pair of ports must rest")
        self._free.popleft()
        self._taken.add(port)
        return port

    def give_back(self, port: int) -> None:
        """Let a taken pair rest; one that could not be bound rests as well.

        Raises:
            KeyError: `port` is not taken.
        """
        self._taken.remove(port)
        self._free.append((port, self._now()))
