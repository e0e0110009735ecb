"""Wrong passwords, counted: who has sent too many is not answered for a while (limits.md, digest).

A user's failures count wherever they come from; silenced is who sends them, so nobody can lock
another's phone out from elsewhere.  What is remembered is bounded: the oldest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable

WINDOW = 60.0
"""Seconds that a failure counts."""
MOST_REMEMBERED = 20_000
"""Users and addresses, each, that are remembered; as many silences."""


class Recent:
    """When something happened to each of many, lately; `most` times at the most are remembered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._times)

    def add(self, key: Hashable, now: float) -> bool:
        """Note one; return whether there are more than `most` within `WINDOW`."""
        times = self._times.setdefault(key, deque(maxlen=self._most + 1))
        self._times.move_to_end(key)
        times.append(now)
        if len(self._times) > MOST_REMEMBERED:
            self._times.popitem(last=False)
        return len(times) > self._most and now - times[0] < WINDOW


class Failures:
    """Who is silenced: an address, or one user as seen from an address."""

    def __init__(
        self, per_user: int, per_address: int, silence: float, now: Callable[[], float]
    ) -> None:
        """Make one that remembers nobody.  `silence` and `now` are in seconds."""
        self._of_user = Recent(per_user)
        self._of_address = Recent(per_address)
        self._silence = silence
        self._now = now
        self._silent_until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._silent_until)

    def is_silenced(self, address: str, user: str) -> bool:
        """Whether what `address` sends in the name of `user` is not answered now."""
        if not self._silent_until:
            return False
        now = self._now()
        while self._silent_until and next(iter(self._silent_until.values())) <= now:
            self._silent_until.popitem(last=False)
        return (address, "") in self._silent_until or (address, user) in self._silent_until

    def add(self, address: str, user: str) -> bool:
        """Note a wrong password; return whether it is one too many, and so gets no answer."""
        now = self._now()
        user = user[:256]
        is_over = False
        if self._of_user.add(user, now):
            self._silence_them((address, user), now)
            is_over = True
        if self._of_address.add(address, now):
            self._silence_them((address, ""), now)
            is_over = True
        return is_over

    def _silence_them(self, who: tuple[str, str], now: float) -> None:
        self._silent_until[who] = now + self._silence
        self._silent_until.move_to_end(who)
        if len(self._silent_until) > MOST_REMEMBERED:
            self._silent_until.popitem(last=False)
