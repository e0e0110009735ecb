"""The registrar at work: bindings with a clock, rows in the store, and the ways to each phone.

It owns one timer, which runs while anything is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from b2bua.app.limits_settings import LimitsSettings
from b2bua.app.logs import logger
from b2bua.net.driver import ServerTransaction, stateless_tag
from b2bua.sip.nexthop import RELIABLE, Hop
from b2bua.sip.registrar.binding import Binding
from b2bua.sip.registrar.registrar import Change, Registrar, RegistrarLimits

SWEEP_SECONDS = 5.0
"""How often expired bindings are let go of; they count no more from the moment they expire."""

log = logger("registrar")


class Rows(Protocol):
    """Keeps bindings for longer than this process lives; returns at once, and never raises."""

    def changed(self, changes: Iterable[Change], now: float) -> None:
        """Keep what has changed; `now` is the monotonic time in seconds."""


class NoRows:
    """Keeps nothing."""

    def changed(self, changes: Iterable[Change], now: float) -> None:
        """Do nothing."""


class Registrations:
    """Answers REGISTER, and knows where the phones of a user are."""

    def __init__(
        self,
        clock: IReactorTime,
        limits: LimitsSettings,
        rows: Rows,
        is_open: Callable[[Hop], bool],
    ) -> None:
        """Make one without a phone.  `is_open` says whether a connection is still there."""
        self._clock = clock
        self._rows = rows
        self._is_open = is_open
        self._registrar = Registrar(
            RegistrarLimits(
                limits.register_expires_min,
                limits.register_expires_max,
                limits.contacts_per_user,
                limits.contacts,
            )
        )
        self._per_second = limits.registers_per_second
        self._second = (0, 0)  # which one, and how many were taken in it
        self._sweep: IDelayedCall | None = None

    def __len__(self) -> int:
        return len(self._registrar)

    def has_room(self) -> bool:
        """Whether one more REGISTER is taken in this second; counts it if so."""
        this = int(self._clock.seconds())
        second, taken = self._second
        taken = taken if second == this else 0
        if taken >= self._per_second:
            return False
        self._second = (this, taken + 1)
        return True

    def take(self, transaction: ServerTransaction) -> None:
        """Answer a REGISTER of a user who has proved to be one."""
        request, now = transaction.request, self._clock.seconds()
        answer = self._registrar.register(request, transaction.source, stateless_tag(request), now)
        self._changed(answer.changes, now)
        transaction.respond(answer.response)

    def of(self, user: str) -> list[Binding]:
        """Return the phones of `user` that can be rung, the preferred first.

        Of the flows of one phone the newest is enough (RFC 5626 section 5.3); one that has closed
        leads nowhere.
        """
        found: list[Binding] = []
        instances: set[str] = set()
        for binding in self._registrar.bindings_of(user, self._clock.seconds()):
            if not self._is_reachable(binding.hop) or binding.instance in instances:
                continue
            if binding.reg_id:
                instances.add(binding.instance)
            found.append(binding)
        return found

    def restore(self, bindings: Iterable[Binding]) -> None:
        """Take over what an earlier process has kept."""
        restored = [one for one in bindings if self._registrar.restore(one)]
        if restored:
            log.info("phones are still registered", contacts=len(restored))
            self._begin_sweep()

    def stop(self) -> None:
        """End the timer."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def told(self) -> list[dict[str, Any]]:
        """Return all bindings, as the operator's tool shows them."""
        now = self._clock.seconds()
        return [
            {
                "user": one.user,
                "contact": str(one.contact),
                "expires_in": round(one.expires_at - now),
                "way": f"{one.hop.transport}:{one.hop.host}:{one.hop.port}",
                "is_reachable": self._is_reachable(one.hop),
                "path": [str(value) for value in one.path],
                "instance": one.instance,
                "reg_id": one.reg_id,
            }
            for one in self._registrar.all
        ]

    def _is_reachable(self, hop: Hop) -> bool:
        needs_connection = hop.is_flow and hop.transport in RELIABLE
        return not needs_connection or self._is_open(hop)

    def _changed(self, changes: tuple[Change, ...], now: float) -> None:
        if not changes:
            return
        for change in changes:
            _tell(change)
        self._rows.changed(changes, now)
        self._begin_sweep()

    def _begin_sweep(self) -> None:
        if self._sweep is None and len(self._registrar):
            self._sweep = self._clock.callLater(SWEEP_SECONDS, self._expire)

    def _expire(self) -> None:
        self._sweep = None
        now = self._clock.seconds()
        self._changed(tuple(self._registrar.expire(now)), now)
        self._begin_sweep()


def _tell(change: Change) -> None:
    if change.before is None and change.after is not None:
        log.info("registered", user=change.after.user, contact=str(change.after.contact))
    elif change.after is None and change.before is not None:
        log.info(
            "not registered any more", user=change.before.user, contact=str(change.before.contact)
        )
