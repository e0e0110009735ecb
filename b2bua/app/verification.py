"""Verifying who calls: the PASSporT of an INVITE, against certificates that its signer publishes.

A call waits for the certificate, for as long as `PATIENCE` says and once for each signer; what
comes of it is told to the application, which decides.  Nothing is refused for it here.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from cryptography import x509
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime

from b2bua.app.settings import Settings
from b2bua.app.start_error import StartError
from b2bua.routing.interfaces import Web
from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.stir.identity import IdentityFault, find
from b2bua.stir.passport import Signed, digits_of
from b2bua.stir.verification import Anchors, Judgement, Verdict, judge, read_chain

PATIENCE = 3.0
"""Seconds that a call waits for a certificate."""
KEPT_SECONDS = 300.0
"""How long a certificate counts as published."""
KEPT_MOST = 1_000
LONGEST_CHAIN_BYTES = 65_536

NO_CERTIFICATE = "the certificate cannot be had"


class Verifier:
    """Judges Identity fields; keeps the certificates of signers."""

    def __init__(self, clock: IReactorTime, web: Web) -> None:
        self._clock = clock
        self._web = web
        self._anchors: Anchors | None = None
        self._chains: OrderedDict[str, tuple[float, list[x509.Certificate]]] = OrderedDict()

    def read(self, settings: Settings) -> None:
        """Take the anchors that `settings` name; a fault changes nothing.

        Raises:
            StartError: the file cannot be used; the key and its line are named.
        """
        if not settings.stir.anchors:
            self._anchors = None
            return
        path = Path(settings.file).parent / settings.stir.anchors
        where = settings.at("stir", "anchors")
        try:
            self._anchors = Anchors(path.read_bytes())
        except OSError as problem:
            raise StartError(f"{where}: {path}: {problem.strerror}") from problem
        except ValueError as problem:
            raise StartError(f"{where}: {path}: no PEM certificates") from problem

    @property
    def is_at_work(self) -> bool:
        """Whether there are anchors to verify by."""
        return self._anchors is not None

    async def verify(
        self, identities: list[str], calling: str, called: str, now: float
    ) -> tuple[Judgement, str]:
        """Judge the Identity fields of an INVITE; return the token too, if there is one.

        `calling` and `called` are as the application sees them, `now` is seconds since the epoch.
        """
        signed = find(identities)
        if signed is None or self._anchors is None:
            return Judgement(Verdict.NONE), ""
        if isinstance(signed, IdentityFault):
            return Judgement(Verdict.FAILED, signed.reason), ""
        return await self._judge(self._anchors, signed, calling, called, now), signed.token

    async def _judge(
        self, anchors: Anchors, signed: Signed, calling: str, called: str, now: float
    ) -> Judgement:
        chain = await self._chain(signed.passport.certificate_url)
        if chain is None:
            return Judgement(Verdict.FAILED, NO_CERTIFICATE)
        return judge(
            signed, chain, anchors, digits_of(calling) or "", digits_of(called) or "", int(now)
        )

    async def _chain(self, url: str) -> list[x509.Certificate] | None:
        kept = self._chains.get(url)
        if kept is not None and self._clock.seconds() < kept[0]:
            self._chains.move_to_end(url)
            return kept[1]
        answer = await self._fetched(url)
        if not isinstance(answer, Answer) or answer.status != 200:
            return None
        chain = read_chain(answer.body)
        if chain is not None:
            self._chains[url] = (self._clock.seconds() + KEPT_SECONDS, chain)
            if len(self._chains) > KEPT_MOST:
                self._chains.popitem(last=False)
        return chain

    async def _fetched(self, url: str) -> Answer | Fault | None:
        ask = Ask(url, method="GET", limit_bytes=LONGEST_CHAIN_BYTES)
        asked: Deferred[Answer | Fault] = Deferred.fromCoroutine(self._web.fetch(ask))
        try:
            return await asked.addTimeout(PATIENCE, self._clock)
        except TimeoutError:
            return None
