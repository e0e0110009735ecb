"""The one HTTP client for customers' servers: documents, actions, prompts and status callbacks.

`WebClient.fetch` turns an `Ask` into an `Answer` or a `Fault`.  On the way it takes its turn,
reuses or opens a connection to a permitted address, signs, sends, reads within the limits, follows
redirects (each hop checked and signed anew) and retries as the URL's fragment asks.  What it has
asked for before it asks again only if it must, and a host that keeps failing not at all for a
while.  It stands on
Twisted's HTTP/1.1 protocol rather than on treq's client, which rewrites the URL that the signature
is about and sets no bound on headers, body or where redirects lead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IHostnameResolver, IReactorTime
from twisted.logger import Logger
from twisted.web.iweb import IResponse

from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.webhooks.bulk import Bulk
from b2bua.webhooks.cache import Cache, place_of
from b2bua.webhooks.circuits import Circuits
from b2bua.webhooks.connection import Connection, read_body
from b2bua.webhooks.cookies import Cookies
from b2bua.webhooks.deadline import within
from b2bua.webhooks.dial import Dialler
from b2bua.webhooks.egress import EgressPolicy
from b2bua.webhooks.faults import (
    CONNECTION,
    INTERNAL,
    INVALID_URL,
    PROTOCOL,
    REDIRECTS,
    RETRIEVAL,
    Phase,
    WebFault,
)
from b2bua.webhooks.kept import KeptConnections
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.overrides import read_overrides
from b2bua.webhooks.request import compose
from b2bua.webhooks.signing import SIGNATURE, TIMED_SIGNATURE, signature, timed_signature
from b2bua.webhooks.terms import Terms
from b2bua.webhooks.tls import Trust
from b2bua.webhooks.trip import Permission, Trip, answer_of, begin, location_of
from b2bua.webhooks.turns import Turns
from b2bua.webhooks.url import read_url, without_secrets

Tokens = Callable[[str], str | tuple[str, ...] | None]
"""The auth tokens of an account SID, the one in force first; None: its requests are not signed."""


class WebClient:
    """Fetches for all accounts; implements `routing.interfaces.Web`.

    `resolver` turns names into addresses (`reactor.nameResolver`); `epoch` is the time of day in
    seconds, for cookies.  `terms` are an account's own, by SID; None: `policy`, and the machine's
    authorities.  `in_flight` counts the fetches that have begun and not ended.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        resolver: IHostnameResolver,
        tokens: Tokens,
        policy: EgressPolicy,
        limits: Limits | None = None,
        *,
        terms: Callable[[str], Terms | None] = lambda _: None,
        epoch: Callable[[], float] = time.time,
    ) -> None:
        self.in_flight = 0
        self._clock = reactor
        self._tokens = tokens
        self._epoch = epoch
        self._limits = limits = limits or Limits()
        self._turns = Turns(limits)
        self._kept = KeptConnections(reactor, limits.kept_seconds, limits.kept_connections)
        self._cookies = Cookies(limits, epoch)
        self._dialler = Dialler(reactor, resolver, limits)
        self._usual_terms = Terms(policy, Trust())
        self._terms_of = terms
        self._bulk = Bulk(limits.bodies_bytes)
        self._cache = Cache(limits)
        self._circuits = Circuits(reactor.seconds, limits)
        self._is_closed = False

    @property
    def patient(self) -> PatientWeb:
        """The same client for what no call waits on: second in every queue."""
        return PatientWeb(self)

    def counters(self) -> dict[str, Any]:
        """Return the gauges and totals of fetching, by name."""
        return {
            "webhooks_in_flight": self.in_flight,
            "web_circuits": self._circuits.states(),
            "web_circuit_refused_total": self._circuits.refused,
            "web_cache_total": dict(self._cache.totals),
        }

    async def fetch(self, ask: Ask) -> Answer | Fault:
        """Send `ask`; retries share its total time.  See `routing.interfaces.Web`."""
        return await self.send(ask)

    def forget(self, call_sid: str) -> None:
        """Drop the cookies of a call that is over."""
        self._cookies.forget(call_sid)

    def close(self) -> None:
        """Drop idle connections and keep none from now on; live fetches go on to their end."""
        self._is_closed = True
        self._kept.close()

    async def send(self, ask: Ask, patient: Permission | None = None) -> Answer | Fault:
        """Send `ask`; never raises but `CancelledError`, when the caller cancels.

        `patient` is given for what no call waits on.
        """
        self.in_flight += 1
        try:
            outcome = await self._try(ask, patient)
        except WebFault as fault:
            outcome = fault
        except CancelledError:
            raise
        except Exception:  # the boundary: a bug of ours must not end the call it serves
            self.log.failure("fetch failed for call {call_sid}", call_sid=ask.call_sid)
            outcome = WebFault(INTERNAL, "internal failure")
        finally:
            self.in_flight -= 1
        if isinstance(outcome, Answer):
            return outcome
        return Fault(outcome.code, outcome.text, without_secrets(ask.url), outcome.status)

    async def _try(self, ask: Ask, patient: Permission | None) -> Answer | WebFault:
        url = read_url(ask.url)
        if ask.method not in {"GET", "POST"}:
            raise WebFault(INVALID_URL, "the method is neither GET nor POST")
        overrides = read_overrides(url.fragment)
        for warning in overrides.warnings:
            self.log.warn(
                "connection override of {url}: {warning}",
                url=url.label,
                warning=warning,
                call_sid=ask.call_sid,
            )
        total = min(overrides.total or self._limits.response_timeout, self._limits.response_timeout)
        ends_at = self._clock.seconds() + total
        terms = self._terms_of(ask.account_sid) or self._usual_terms
        outcome: Answer | WebFault
        for retries_left in range(overrides.retries, -1, -1):
            if patient:
                ends_at = self._clock.seconds() + total
            trip = begin(ask, url, overrides, patient, ends_at, terms)
            try:
                outcome = await self._travel(trip)
            except WebFault as fault:
                outcome = fault
            is_late = self._clock.seconds() >= ends_at and not patient
            if not retries_left or is_late or not overrides.wants_retry(outcome):
                break
        return outcome

    async def _travel(self, trip: Trip) -> Answer:
        while True:
            if (fresh := self._look_up(trip)) is not None:
                return fresh
            response, body = await self._take_turn(trip)
            self._store_cookies(trip, response)
            location = location_of(response)
            if location is None:
                return self._settle(trip, answer_of(response, body, trip.base))
            trip.hops += 1
            if trip.hops > self._limits.redirects:
                raise WebFault(REDIRECTS, f"more than {self._limits.redirects} redirects")
            trip.follow(response.code, location)

    def _look_up(self, trip: Trip) -> Answer | None:
        trip.kept = None
        if not trip.is_cached:
            return None
        place = place_of(trip.ask.account_sid, trip.url)
        trip.kept = self._cache.find(place, self._limit_bytes(trip))
        if trip.kept is None or trip.kept.fresh_until <= self._clock.seconds():
            return None
        self._cache.totals["hit"] += 1
        return replace(trip.kept.answer, url=trip.base)

    def _settle(self, trip: Trip, answer: Answer) -> Answer:
        place = place_of(trip.ask.account_sid, trip.url)
        if trip.is_cached:
            settled = self._cache.settle(place, trip.kept, answer, self._clock.seconds())
            return replace(settled, url=trip.base)
        if trip.method == "POST" and answer.status < 400:
            self._cache.drop(place)  # RFC 9111 section 4.4: what it changed is asked for anew
        return answer

    def _limit_bytes(self, trip: Trip) -> int:
        limit = trip.ask.limit_bytes
        return self._limits.response_body_bytes if limit is None else limit

    async def _take_turn(self, trip: Trip) -> tuple[IResponse, bytes]:
        host, account = trip.url.origin, trip.ask.account_sid
        if trip.patient is None:
            self._circuits.check(account, trip.url)
        turn = self._turns.take(host, account, trip.patient is not None)
        if turn is not None and trip.patient is not None:
            await self._wait(trip, turn)
        elif turn is not None:
            late = WebFault(CONNECTION, "too many requests to this server are waiting")
            await within(self._clock, self._left(trip), turn, late)
        try:
            answered = await self._use_turn(trip)
        except WebFault:
            self._turns.doubt(host, account)
            raise
        else:
            self._turns.vouch(host, account)
            return answered
        finally:
            self._turns.give_back(host, account)

    async def _use_turn(self, trip: Trip) -> tuple[IResponse, bytes]:
        if trip.patient is None:
            with self._circuits.passage(trip.ask.account_sid, trip.url):
                return await self._exchange(trip)
        # Callbacks have pauses of their own, and what becomes of them is no call's affair.
        if (permission := trip.patient()) is not None:
            await self._wait(trip, permission)
        return await self._exchange(trip)

    async def _wait(self, trip: Trip, leave: Deferred[None]) -> None:
        # Waiting is no failure of the server's: it costs no try and no time of the attempt's.
        began = self._clock.seconds()
        await leave
        trip.ends_at += self._clock.seconds() - began

    async def _exchange(self, trip: Trip) -> tuple[IResponse, bytes]:
        kept = self._kept.take(trip.kept_as)
        if kept is not None:
            try:
                return await self._converse(trip, kept)
            except WebFault as fault:
                # A server may close an idle connection just as it is used: not its last word.
                if fault.code != CONNECTION or kept.heard:
                    raise
        return await self._converse(trip, await self._connect(trip))

    async def _connect(self, trip: Trip) -> Connection:
        seconds = trip.overrides.connect or self._limits.connect_timeout
        late = WebFault(CONNECTION, f"no connection within {seconds:g} s", Phase.CONNECT)
        dialling = self._dialler.connect(trip.url, trip.overrides.sni, trip.terms)
        connecting = Deferred.fromCoroutine(dialling)
        return await within(self._clock, min(seconds, self._left(trip)), connecting, late)

    async def _converse(self, trip: Trip, connection: Connection) -> tuple[IResponse, bytes]:
        try:
            response = await self._await_head(trip, connection)
            body = await self._await_body(trip, connection, response)
        except BaseException:
            connection.drop()
            raise
        if connection.is_idle and not self._is_closed:
            self._kept.keep(trip.kept_as, connection)
        else:
            connection.drop()
        return response, body

    async def _await_head(self, trip: Trip, connection: Connection) -> IResponse:
        seconds = trip.overrides.read or self._limits.header_timeout
        late = WebFault(RETRIEVAL, f"no response within {seconds:g} s", Phase.READ)
        body = trip.body
        request = compose(trip.method, trip.url, self._headers(trip, body), body)
        response = await within(
            self._clock, min(seconds, self._left(trip)), connection.ask(request), late
        )
        encodings = response.headers.getRawHeaders(b"content-encoding", [])
        if any(encoding.strip().lower() != b"identity" for encoding in encodings):
            raise WebFault(PROTOCOL, "the response is encoded", status=response.code)
        return response

    async def _await_body(self, trip: Trip, connection: Connection, response: IResponse) -> bytes:
        late = WebFault(RETRIEVAL, "the response's body did not end in time", status=response.code)
        body = read_body(response, connection, self._limit_bytes(trip), self._bulk)
        if body.called:
            return await body
        return await within(self._clock, self._left(trip), body, late)

    def _headers(self, trip: Trip, body: bytes | None) -> list[tuple[str, str]]:
        headers = [*trip.ask.headers]
        tokens = self._tokens(trip.ask.account_sid)
        if tokens:
            live = (tokens,) if isinstance(tokens, str) else tokens
            url = trip.url.text
            timed = timed_signature(live, int(self._epoch()), trip.method, url, body or b"")
            headers.append((SIGNATURE, signature(live[0], url, trip.form)))
            headers.append((TIMED_SIGNATURE, timed))
        authorization = trip.url.authorization
        if authorization is not None:
            headers.append(("Authorization", authorization))
        if trip.kept is not None:
            headers += trip.kept.conditions
        cookies = self._cookies.header(trip.ask.call_sid, trip.url)
        if cookies:
            headers.append(("Cookie", cookies))
        return headers

    def _store_cookies(self, trip: Trip, response: IResponse) -> None:
        lines = response.headers.getRawHeaders(b"set-cookie")
        if lines and trip.ask.call_sid:
            texts = [line.decode("utf-8", "replace") for line in lines]
            self._cookies.store(trip.ask.call_sid, trip.url, texts)

    def _left(self, trip: Trip) -> float:
        return max(0.0, trip.ends_at - self._clock.seconds())


class PatientWeb:
    """A `WebClient` for requests that no call waits on; each attempt has the total time.

    `permission` is asked before each request.
    """

    def __init__(self, client: WebClient, permission: Permission = lambda: None) -> None:
        self._client = client
        self._permission = permission

    async def fetch(self, ask: Ask) -> Answer | Fault:
        """Send `ask`.  See `routing.interfaces.Web`."""
        return await self._client.send(ask, self._permission)
