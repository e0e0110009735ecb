"""One daemon: builds everything the settings ask for, starts it in order, and drains it.

Nothing is opened and no thread is born before `startService`: twistd forks in between.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import deferLater

from b2bua.api.bounds import bounded_requests
from b2bua.api.site import rest_resources
from b2bua.app import control, garbage
from b2bua.app.account_terms import AccountTerms
from b2bua.app.admin import AdminSite
from b2bua.app.desk import Desk
from b2bua.app.equipment import Entropy, Equipment
from b2bua.app.exchange import LiveExchange
from b2bua.app.lag import LagMeter
from b2bua.app.logs import logger
from b2bua.app.media_addresses import interfaces, our_addresses
from b2bua.app.media_policy import MediaPolicy
from b2bua.app.part_limits import (
    delivery_limits,
    driver_limits,
    reading_limits,
    stream_limits,
    web_limits,
)
from b2bua.app.plugins import make_routers
from b2bua.app.settings import Settings, read_settings
from b2bua.app.signals import Signals
from b2bua.app.start_error import StartError
from b2bua.app.storage import Storage
from b2bua.app.switchboard import Switchboard
from b2bua.app.taping import tapes_for
from b2bua.app.trunk_registrations import TrunkRegistrations
from b2bua.app.verification import Verifier
from b2bua.app.witness import Witness
from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.http import HttpSink
from b2bua.callbacks.window import Window
from b2bua.media.ports import PortPairs
from b2bua.media.prompts import PromptLimits, Prompts
from b2bua.media.recordings import RecordingLimits
from b2bua.media.relay import Relay
from b2bua.net.arrivals import Arrivals
from b2bua.net.certificates import CertificateError, Certificates
from b2bua.net.connections import Connections
from b2bua.net.driver import Driver
from b2bua.routing.interfaces import Site
from b2bua.sip.transaction.timers import Timers
from b2bua.webhooks.client import PatientWeb, WebClient
from b2bua.webhooks.egress import EgressPolicy

log = logger("service")

KEPT_UNTIL_RESTART = ("sip", "tls", "dns", "media", "http", "limits", "store", "webhooks")
"""Sections that sockets, threads and pools were made from."""
LAST_WORDS = 5.0
"""Seconds that hung-up legs get for their BYE to be answered before the sockets close."""
FLUSH = 10.0
"""Seconds that callbacks get after the last call."""


def make_service(settings: Settings) -> IService:
    """Build the daemon for `settings`; open nothing.

    Raises:
        StartError: a plugin is missing or refuses its settings, or a setting cannot be.
    """
    from twisted.internet import reactor  # noqa: PLC0415 - after twistd has chosen it

    # Twisted's reactors go by the time of day; a clock that is set must not move our timers.
    reactor.seconds = time.monotonic  # type: ignore[method-assign]
    return Daemon(reactor, settings)


class Daemon(MultiService):
    """Everything of one process; see the module."""

    def __init__(self, reactor: Any, settings: Settings) -> None:
        MultiService.__init__(self)
        self._reactor = reactor
        self._settings = settings
        self._started_at = 0.0
        self._signals = Signals(reactor, self._reread)
        self._signals.setServiceParent(self)  # type: ignore[no-untyped-call]
        self._build()

    def _build(self) -> None:
        reactor, settings, entropy = self._reactor, self._settings, Entropy()
        timers = Timers(t1=settings.sip.t1)
        self.switchboard = Switchboard()
        self.lag = LagMeter(reactor)
        self._connections = Connections(
            reactor,
            settings.sip.listen,
            advertise=settings.sip.advertise,
            limits=stream_limits(settings),
            reading=reading_limits(settings),
            certificates=Certificates(settings.tls_files),
            nameservers=settings.dns.places,
        )
        self._driver = Driver(
            reactor,
            self._connections,
            self.switchboard,
            timers,
            entropy.tag,
            driver_limits(settings),
            refuse=self.switchboard.refusal,
        )
        self._connections.undelivered = self._driver.undelivered
        self._arrivals = Arrivals(reactor, self._driver.message_received)
        ports = settings.media.ports
        pairs = PortPairs(ports.low, ports.high, reactor.seconds)
        gather = settings.media.coalesce_ms / 1000
        self._relay = Relay(reactor, pairs, *interfaces(settings), gather=gather)
        self._account_terms = AccountTerms()
        self._web = WebClient(
            reactor,
            reactor.nameResolver,
            self._token,
            EgressPolicy(str(network) for network in settings.webhooks.allow),
            web_limits(settings),
            terms=self._account_terms,
        )
        self._storage = Storage(reactor, settings, entropy.token)
        self._witness = Witness(self._web, self._storage.notifications)
        window = Window()
        self._callbacks = Callbacks(
            reactor,
            HttpSink(PatientWeb(self._web, window.enter)),
            random_=entropy.fraction,
            limits=delivery_limits(settings),
            outbox=self._storage.letters,
            epoch=time.time,
            window=window,
            hold_of=self._hold_of,
        )
        self._verifier = Verifier(reactor, self._web)
        self._tapes = tapes_for(
            reactor, settings, self._relay, self._storage, self._callbacks, self._witness, entropy
        )
        self._prompts = Prompts(reactor, limits=_prompt_limits(settings))
        self._trunks = TrunkRegistrations(
            reactor, self._driver, self._connections.local_for, entropy.token, entropy.fraction
        )
        self.equipment = Equipment(
            clock=reactor,
            wall=time.time,
            settings=settings,
            verifier=self._verifier,
            driver=self._driver,
            local_for=self._connections.local_for,
            backend=self._relay,
            voice=self._prompts,
            events=self._callbacks,
            journal=self._storage.journal,
            web=self._witness,
            notes=self._witness,
            is_late=lambda: self._is_late,
            forget=self._forget,
            timers=timers,
            calls=self._storage.calls,
            numbers=self._storage.numbers,
            entropy=entropy,
            tapes=self._tapes,
            bindings=self._storage.bindings,
            is_open=self._connections.is_open,
            trunk_of=self._trunks.trunk_of,
        )
        routers = make_routers(settings, self._site(settings))
        self.switchboard.equip(self.equipment, routers, _policy(settings))
        self.exchange = LiveExchange(self.equipment, self.switchboard)
        limits = settings.limits
        self._tokens = _tokens(settings)
        self._admin = AdminSite(
            self.counters,
            self.is_healthy,
            self._tokens,
            beside=rest_resources(self.exchange, reactor.seconds, limits.rest_requests_per_second),
            requests=bounded_requests(limits.rest_body_bytes),
        )
        self._admin_port: Any = None
        desk = Desk(self._storage.outbox, self._callbacks, limits.callback_give_up)
        self._control = control.ControlSite(
            desk, self._storage.notifications, self.equipment.registrations.told
        )
        self._control_port: Any = None

    def startService(self) -> None:
        """Open everything; a failure ends the process with one line.

        Raises:
            StartError: an address is taken, or may not be listened on, or a file can't be used.
        """
        self._storage.open()
        self._read_files(self._settings)
        try:
            self._relay.start(self.switchboard.noticed)
            self._connections.open(self._arrivals.message_received)
            place = self._settings.http.place
            self._admin_port = self._reactor.listenTCP(
                place.port, self._admin, interface=place.host
            )
            self._control_port = control.listen(
                self._reactor, self._settings.control_socket, self._control
            )
        except CertificateError as problem:
            self._relay.stop()
            key = self._settings.at("tls", problem.field)
            raise StartError(f"{key}: {problem}") from problem
        except (ValueError, CannotListenError, OSError) as problem:
            self._relay.stop()
            raise StartError(str(problem)) from problem
        self._storage.start(self._callbacks, self._tapes, self.equipment.registrations)
        self._trunks.settle(self._settings.trunks)
        garbage.settle()
        self.lag.start()
        MultiService.startService(self)
        listening = ", ".join(
            f"{one.transport}:{one.host}:{one.port}" for one in self._connections.listeners
        )
        log.info("taking calls", listening=listening)

    def stopService(self) -> Deferred[None]:
        """Drain: no new calls, live ones go on for a while, what is owed is delivered."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self.switchboard.is_draining = True
        unregistered = self._trunks.stop()
        self.exchange.stop()
        log.info("draining", calls=len(self.switchboard))
        await self._until_idle(self._settings.service.drain)
        self.switchboard.hang_up_all()
        await self._until_idle(LAST_WORDS)
        await self._tapes.stop()
        await self._callbacks.flush(FLUSH)
        await self._storage.stop()
        await unregistered
        self.equipment.registrations.stop()
        self._arrivals.stop()
        self._driver.stop()
        await self._connections.stop()
        self._relay.stop()
        self._web.close()
        self._prompts.stop()
        if self._admin_port is not None:
            await maybeDeferred(self._admin_port.stopListening)
        if self._control_port is not None:
            await maybeDeferred(self._control_port.stopListening)
        self.lag.stop()
        await maybeDeferred(MultiService.stopService, self)
        log.info("stopped")

    async def _until_idle(self, seconds: float) -> None:
        """Come back when no call is left, or after `seconds`."""
        until = self._reactor.seconds() + seconds
        while len(self.switchboard) + len(self.switchboard.legs):
            left = until - self._reactor.seconds()
            if left <= 0:
                return
            await deferLater(self._reactor, min(0.05, left))

    def is_healthy(self) -> bool:
        """Whether new calls are taken."""
        return not self.switchboard.is_draining and not self._is_late

    @property
    def _is_late(self) -> bool:
        late_ms = max(self.lag.recent_ms(), self._arrivals.waited * 1_000)
        return late_ms > self._settings.limits.shed_lag_ms

    def counters(self) -> dict[str, Any]:
        """Return what `/counters` shows: gauges that return to 0 when idle, and totals."""
        return {
            **self.switchboard.counters(),
            "calls_queued": len(self.exchange),
            "dialogs": len(self.switchboard.legs),
            "transactions": self._driver.transactions,
            "timers": self._driver.timers + self.switchboard.clocks,
            "media_sessions": self.switchboard.legs.streams,
            "recordings": len(self._tapes),
            "media_ports_in_use": self._relay.ports_in_use,
            **self._web.counters(),
            "callbacks_pending": self._callbacks.pending,
            "callbacks_dead": self._callbacks.dead,
            "callbacks_dropped": self._callbacks.dropped,
            "media_notices_dropped": self._relay.notices_dropped,
            "media_copies_dropped": self._relay.copies_dropped,
            **self._storage.counters(),
            "trunk_registrations": self._trunks.counters(),
            "reactor_lag_ms": self.lag.read(),
        }

    def _site(self, settings: Settings) -> Site:
        return Site(clock=self._reactor, web=self._witness, limits=settings.limits.model_dump())

    def _forget(self, call_sid: str) -> None:
        self._web.forget(call_sid)
        self._witness.forget(call_sid)

    def _hold_of(self, account_sid: str) -> float | None:
        account = self._settings.account(account_sid)
        return None if account is None else account.callback_hold

    def _token(self, account_sid: str) -> tuple[str, ...] | None:
        account = self._settings.account(account_sid)
        return None if account is None else account.auth_tokens

    def _reread(self) -> None:
        """Take all but `KEPT_UNTIL_RESTART` anew, certificates too; a fault changes nothing."""
        try:
            settings = self._kept_until_restart(read_settings(Path(self._settings.file)))
            routers = make_routers(settings, self._site(settings))
            self._connections.reread()
            self._read_files(settings)
        except CertificateError as problem:
            key = self._settings.at("tls", problem.field)
            log.warning("the settings stay as they were", problem=f"{key}: {problem}")
            return
        except StartError as problem:
            log.warning("the settings stay as they were", problem=str(problem))
            return
        self._settings = settings
        self._tokens.clear()
        self._tokens.update(_tokens(settings))
        self.switchboard.reread(settings, routers)
        self._trunks.settle(settings.trunks)
        log.info("the settings have been read again", file=settings.file)

    def _read_files(self, settings: Settings) -> None:
        """Read what `settings` name beside the certificates of `[tls]`.

        Raises:
            StartError: a file cannot be used.
        """
        self._account_terms.read(settings)
        self.equipment.signing.read(settings)
        self._verifier.read(settings)

    def _kept_until_restart(self, settings: Settings) -> Settings:
        for section in KEPT_UNTIL_RESTART:
            if getattr(settings, section) != getattr(self._settings, section):
                log.warning(f"[{section}] has changed: that takes a restart")
        kept = {section: getattr(self._settings, section) for section in KEPT_UNTIL_RESTART}
        return settings.model_copy(update=kept)


def _policy(settings: Settings) -> MediaPolicy:
    listening = [place.port for _, place in settings.sip.places]
    return MediaPolicy(settings, our_addresses(settings), listening)


def _tokens(settings: Settings) -> dict[str, str]:
    return {account.sid: account.auth_token for account in settings.accounts}


def _prompt_limits(settings: Settings) -> PromptLimits:
    limits = settings.limits
    return PromptLimits(RecordingLimits(limits.play_bytes, limits.play_seconds))
