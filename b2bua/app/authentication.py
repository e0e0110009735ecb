"""Who may call: a trusted source, or a user who proves it (RFC 3261 section 22, RFC 8760).

Nonces are signed times, so a flood of challenges costs no memory; only the counts of nonces that
were used are kept, and those for as long as a nonce lives.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from b2bua.app.failures import Failures
from b2bua.app.settings import Settings
from b2bua.sip.digest import Nonces, Standing, Verdict, challenge, verify
from b2bua.sip.grammar import unescape
from b2bua.sip.message import Request
from b2bua.sip.uri import Uri

REALM = "b2bua"
MOST_NONCES = 100_000
"""Used nonces remembered.  Beyond them the oldest is forgotten, and all of its age are stale."""

_ALGORITHMS: dict[bool | str, tuple[str, ...]] = {
    True: ("SHA-256", "MD5"),
    False: ("SHA-256",),
    "only": ("MD5",),
}


@dataclass(frozen=True, slots=True)
class LetIn:
    """A request that is let in: of `user`, who has proved it, or of a trusted source ("")."""

    user: str = ""


class Shut(Enum):
    """A request that is not let in, and is not asked for a proof either."""

    FORBIDDEN = "forbidden"  # there is nobody whom it could prove to be
    SILENT = "silent"  # too many wrong proofs: it gets no answer at all


@dataclass(frozen=True, slots=True)
class Challenged:
    """A request that may prove who sends it: the fields of its 401."""

    fields: tuple[tuple[str, str], ...]


Judgement = LetIn | Shut | Challenged


class Authentication:
    """Judges requests by source and by digest; `now` returns monotonic seconds."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        limits = settings.limits
        self._now = now
        self._nonces = Nonces(secrets.token_bytes(32), limits.digest_nonce_lifetime)
        self._used: OrderedDict[str, int] = OrderedDict()
        self._stale_to = -1
        self.failures = Failures(
            limits.digest_failures_per_user,
            limits.digest_failures_per_address,
            limits.digest_silence,
            now,
        )
        self.settings = settings

    def judge(self, request: Request, source: str) -> Judgement:
        """Judge a request that came from the numeric address `source`.

        A trusted source needs no proof, but may give one.  A site without users has nobody to
        challenge.
        """
        is_trusted = self.settings.trunk_from(source) is not None
        if is_trusted and "Authorization" not in request.headers:
            return LetIn()
        if not self.settings.users:
            return LetIn() if is_trusted else Shut.FORBIDDEN
        proof = self.prove(request, source, is_trusted=is_trusted)
        return LetIn() if is_trusted and not isinstance(proof, LetIn) else proof

    def prove(self, request: Request, source: str, *, is_trusted: bool = False) -> Judgement:
        """Judge a request by its credentials alone.

        The failures of a trusted source are not counted: others' calls come from there too.
        """
        if not is_trusted and self.failures.is_silenced(source, _claimed(request)):
            return Shut.SILENT
        verdict = self._verify(request, source)
        if not is_trusted and self.failures.is_silenced(source, verdict.username):
            return Shut.SILENT  # also the right password: who guesses must not learn of it
        if verdict.standing is Standing.GOOD:
            self._note(verdict.nonce, verdict.nc)
            return LetIn(verdict.username)
        if (
            verdict.standing is Standing.WRONG
            and not is_trusted
            and self.failures.add(source, verdict.username)
        ):
            return Shut.SILENT
        nonce = self._nonces.make(self._now(), source, secrets.token_hex(4))
        stale = verdict.standing is Standing.STALE
        return Challenged(
            tuple(
                ("WWW-Authenticate", challenge(REALM, nonce, algorithm, stale))
                for algorithm in self._algorithms
            )
        )

    def _verify(self, request: Request, source: str) -> Verdict:
        verdict = verify(
            request,
            self.settings.passwords,
            REALM,
            self._nonces,
            self._now(),
            source,
            self._used,
            algorithms=self._algorithms,
        )
        is_good = verdict.standing is Standing.GOOD
        if is_good and self._nonces.made_at(verdict.nonce) <= self._stale_to:
            return Verdict(Standing.STALE, verdict.username)
        return verdict

    @property
    def _algorithms(self) -> tuple[str, ...]:
        return _ALGORITHMS[self.settings.limits.digest_md5]

    def _note(self, nonce: str, count: int) -> None:
        self._used[nonce] = count
        self._used.move_to_end(nonce)
        if len(self._used) > MOST_NONCES:
            forgotten, _ = self._used.popitem(last=False)
            self._stale_to = max(self._stale_to, self._nonces.made_at(forgotten))


def _claimed(request: Request) -> str:
    """Return the user whom a request says it is from."""
    uri = request.from_.uri
    return unescape(uri.user or "")[:256] if isinstance(uri, Uri) else ""
