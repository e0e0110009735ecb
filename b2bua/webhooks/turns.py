"""Whose turn it is to connect: so many requests at a time to a host, so many of an account.

Who finds no room waits.  A host's waiting accounts, and an account's waiting hosts, are served in
rotation, so that nobody's queue is another one's delay.  A *patient* request is one that no call
waits on (a status callback): it leaves a reserve of each limit to the others and is served after
them, so that a receiver of callbacks that hangs can't hold up the documents on the same host.  And
hosts that never answered, or failed last, leave a little to those that answer, so that an account's
dead servers can't hold up its live ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from twisted.internet.defer import Deferred

from b2bua.webhooks.limits import Limits

Host = tuple[str, str, int]
Lane = tuple[Host, str]

Key = TypeVar("Key")
Item = TypeVar("Item")


class _Waiting:
    """Those who wait, first come first served in each lane; lanes in rotation."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, dict[Deferred[None], None]] = {}
        self._accounts: dict[Host, dict[str, None]] = {}
        self._hosts: dict[str, dict[Host, None]] = {}

    def join(self, lane: Lane) -> Deferred[None]:
        waiter: Deferred[None] = Deferred(lambda waiter: self._leave(lane, waiter))
        host, account = lane
        self._lanes.setdefault(lane, {})[waiter] = None
        self._accounts.setdefault(host, {})[account] = None
        self._hosts.setdefault(account, {})[host] = None
        return waiter

    def next(self, freed: Lane, has_room: Callable[[Lane], bool]) -> Lane | None:
        """Return the lane to serve now that a turn in `freed` is over, if any has room."""
        return next((lane for lane in self._candidates(freed) if has_room(lane)), None)

    def pop(self, lane: Lane) -> Deferred[None]:
        host, account = lane
        waiter = next(iter(self._lanes[lane]))
        # To the end of both rotations.
        self._accounts[host][account] = self._accounts[host].pop(account)
        self._hosts[account][host] = self._hosts[account].pop(host)
        self._leave(lane, waiter)
        return waiter

    def _candidates(self, freed: Lane) -> Iterator[Lane]:
        host, account = freed
        for other in self._accounts.get(host, ()):
            if other != account:  # who has just had a turn comes after those who wait beside him
                yield host, other
        for place in self._hosts.get(account, ()):
            yield place, account

    def _leave(self, lane: Lane, waiter: Deferred[None]) -> None:
        waiters = self._lanes[lane]
        del waiters[waiter]
        if waiters:
            return
        host, account = lane
        del self._lanes[lane]
        _discard(self._accounts, host, account)
        _discard(self._hosts, account, host)

    def __len__(self) -> int:
        return sum(len(waiters) for waiters in self._lanes.values())


class Turns:
    """Grants turns and takes them back."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._at_host: dict[Host, int] = {}
        self._of_account: dict[str, int] = {}
        self._urgent = _Waiting()
        self._patient = _Waiting()
        self._proven: dict[str, dict[Host, None]] = {}
        self._given_back: deque[Lane] = deque()
        self._serving = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._urgent) + len(self._patient)

    def take(self, host: Host, account: str, patient: bool) -> Deferred[None] | None:
        """Take a turn: None when it is granted at once, else what fires when it is.

        Cancelling what is returned gives up waiting.
        """
        lane = (host, account)
        if self._has_room(lane) if not patient else self._has_patient_room(lane):
            self._grant(lane)
            return None
        return (self._patient if patient else self._urgent).join(lane)

    def vouch(self, host: Host, account: str) -> None:
        """Take that `host` has answered `account`."""
        proven = self._proven.setdefault(account, {})
        proven.pop(host, None)
        proven[host] = None
        if len(proven) > self._limits.proven_hosts:
            del proven[next(iter(proven))]

    def doubt(self, host: Host, account: str) -> None:
        """Take that `host` has failed `account`."""
        proven = self._proven.get(account, {})
        proven.pop(host, None)
        if not proven:
            self._proven.pop(account, None)

    def give_back(self, host: Host, account: str) -> None:
        """End a turn, and serve those who now have room."""
        self._given_back.append((host, account))
        # Who is served may end his turn before his callback returns: no recursion.
        if self._serving:
            return
        self._serving = True
        try:
            while self._given_back:
                freed = self._given_back.popleft()
                _decrement(self._at_host, freed[0])
                _decrement(self._of_account, freed[1])
                self._serve(freed)
        finally:
            self._serving = False

    def _serve(self, freed: Lane) -> None:
        for waiting, has_room in (
            (self._urgent, self._has_room),
            (self._patient, self._has_patient_room),
        ):
            while (lane := waiting.next(freed, has_room)) is not None:
                self._grant(lane)
                waiting.pop(lane).callback(None)

    def _grant(self, lane: Lane) -> None:
        host, account = lane
        self._at_host[host] = self._at_host.get(host, 0) + 1
        self._of_account[account] = self._of_account.get(account, 0) + 1

    def _has_room(self, lane: Lane) -> bool:
        return self._is_below(lane, self._limits.connections_per_host, self._share(lane))

    def _has_patient_room(self, lane: Lane) -> bool:
        return self._is_below(
            lane,
            max(1, self._limits.connections_per_host - self._limits.host_reserve),
            max(1, self._share(lane) - self._limits.account_reserve),
        )

    def _share(self, lane: Lane) -> int:
        host, account = lane
        most = self._limits.connections_per_account
        proven = self._proven.get(account)
        if proven is None or host in proven:
            return most
        return max(1, most - self._limits.proven_reserve)

    def _is_below(self, lane: Lane, at_host: int, of_account: int) -> bool:
        host, account = lane
        return (
            self._at_host.get(host, 0) < at_host and self._of_account.get(account, 0) < of_account
        )


def _decrement(counts: dict[Key, int], key: Key) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _discard(groups: dict[Key, dict[Item, None]], key: Key, item: Item) -> None:
    del groups[key][item]
    if not groups[key]:
        del groups[key]
