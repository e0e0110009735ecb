"""Our registrations with trunks (`register` of a trunk), with their hands on the world.

It owns a timer for each.  A call that comes back by a contact of ours is known by its `line`, which
nobody can guess: it is the trunk's, from whatever address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from b2bua.app.logs import logger
from b2bua.app.trunk_settings import TrunkEntry
from b2bua.net.driver import Driver
from b2bua.net.local import Local
from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop, request_hop
from b2bua.sip.registrar.client import LINE, Ask, Effect, Gone, Registration, Settled, Wait
from b2bua.sip.transaction.effects import Why
from b2bua.sip.uri import Uri

log = logger("trunk")


class TrunkRegistrations:
    """All of them.  `local_for` is our end towards a hop, `new_token` gives unguessable texts."""

    def __init__(
        self,
        clock: IReactorTime,
        driver: Driver,
        local_for: Callable[[Hop], Local],
        new_token: Callable[[], str],
        jitter: Callable[[], float],
    ) -> None:
        self._clock, self._driver = clock, driver
        self._local_for = local_for
        self._new_token, self._jitter = new_token, jitter
        self._live: dict[str, _Live] = {}
        self._leaving: set[_Live] = set()
        self._left: Deferred[None] | None = None

    def settle(self, trunks: Iterable[TrunkEntry]) -> None:
        """Be registered with all of `trunks` that want it, and with nobody else."""
        wanted = {trunk.name: trunk for trunk in trunks if trunk.register_}
        for name, live in [*self._live.items()]:
            if wanted.get(name) != live.trunk:
                self._leave(live)
        for name, trunk in wanted.items():
            if name not in self._live:
                self._live[name] = live = self._begin(trunk)
                live.take(live.registration.start())

    def stop(self) -> Deferred[None]:
        """Unregister everywhere; fires when that is done, two seconds later at most."""
        self.settle(())
        self._left = Deferred()
        self._tell_left()
        return self._left

    def trunk_of(self, request: Request) -> TrunkEntry | None:
        """Return the trunk that a request has come by, if its URI is a contact of ours."""
        line = request.uri.param(LINE) if isinstance(request.uri, Uri) else None
        if not line:
            return None
        return next((one.trunk for one in self._live.values() if one.line == line), None)

    def counters(self) -> dict[str, int]:
        """Return, for each trunk that we register with, whether we are registered now."""
        return {name: int(live.is_bound) for name, live in self._live.items()}

    def _begin(self, trunk: TrunkEntry) -> _Live:
        hop = request_hop(trunk.uri)
        local, line = self._local_for(hop), self._new_token()
        user = trunk.username or trunk.name
        params = () if local.transport == "udp" else (("transport", local.transport),)
        registration = Registration(
            replace(trunk.uri, params=()),
            Uri(
                "sip",
                local.host,
                user=user,
                port=local.port,
                params=(*params, (LINE, line)),
            ),
            self._new_token(),
            self._new_token(),
            Authentication(trunk.username, trunk.password, None, self._new_token),
            self._jitter,
            user,
        )
        return _Live(trunk, line, registration, hop, self._clock, self._driver, self._gone)

    def _leave(self, live: _Live) -> None:
        del self._live[live.trunk.name]
        self._leaving.add(live)
        live.take(live.registration.stop())

    def _gone(self, live: _Live) -> None:
        self._leaving.discard(live)
        self._tell_left()

    def _tell_left(self) -> None:
        if self._left is not None and not self._leaving and not self._left.called:
            self._left.callback(None)


class _Live:
    """One registration; `gone` is told when nothing of it is left."""

    def __init__(
        self,
        trunk: TrunkEntry,
        line: str,
        registration: Registration,
        hop: Hop,
        clock: IReactorTime,
        driver: Driver,
        gone: Callable[[_Live], None],
    ) -> None:
        self.trunk, self.line, self.registration = trunk, line, registration
        self._hop, self._clock, self._driver, self._gone = hop, clock, driver, gone
        self._timer: IDelayedCall | None = None
        self._bound_until = 0.0
        self._said = ""

    @property
    def is_bound(self) -> bool:
        """Whether calls come this way now."""
        return self._clock.seconds() < self._bound_until

    def take(self, effects: Iterable[Effect]) -> None:
        """Perform what the registration asks."""
        for effect in effects:
            match effect:
                case Ask(request):
                    self._driver.send_request(request, self._hop, _Asked(self, request))
                case Wait(seconds):
                    self._stop_timer()
                    self._timer = self._clock.callLater(seconds, self._due)
                case Settled(seconds, said):
                    self._settled(seconds, said)
                case Gone():
                    self._stop_timer()
                    self._gone(self)

    def _settled(self, seconds: int, said: str) -> None:
        # What was granted holds to its end, whatever becomes of a refresh.
        if seconds:
            self._bound_until = self._clock.seconds() + seconds
        if said != self._said:
            self._said = said
            log.info("the trunk's registrar has answered", trunk=self.trunk.name, said=said)

    def _due(self) -> None:
        self._timer = None
        self.take(self.registration.due())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Asked:
    """One REGISTER of ours, waiting for its end."""

    def __init__(self, live: _Live, request: Request) -> None:
        self._live, self._request = live, request

    def response_received(self, response: Response) -> None:
        if response.is_final:
            self._live.take(self._live.registration.response(self._request, response))

    def request_failed(self, why: Why) -> None:
        reason = "no answer" if why is Why.TIMEOUT else "not reached"
        self._live.take(self._live.registration.lost(self._request, reason))
