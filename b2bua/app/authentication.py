"""Who may call: a trusted source, or a user who proves it (RFC 3261 section 22, RFC 8760).

Nonces are signed times, so a flood of challenges costs no memory; only the counts of nonces that
were used are kept, and those for as long as a nonce lives.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable

from b2bua.app.settings import Settings
from b2bua.sip.digest import Nonces, Standing, challenge, verify
from b2bua.sip.message import Request

REALM = "b2bua"
MOST_NONCES = 100_000
"""Used nonces remembered; the oldest are forgotten first, and then count as stale by their age."""


class Authentication:
    """Judges requests by source and by digest; `now` returns monotonic seconds."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._now = now
        self._nonces = Nonces(secrets.token_bytes(32), settings.limits.digest_nonce_lifetime)
        self._used: OrderedDict[str, int] = OrderedDict()
        self.settings = settings

    def refusal(self, request: Request, source: str) -> list[tuple[str, str]] | None:
        """Return None for a request that is let in, else the headers of its 401; empty for a 403.

        `source` is the numeric address that it came from.  A site without users has nobody to
        challenge: an untrusted source gets 403.
        """
        if self.settings.trunk_from(source) is not None:
            return None
        users = {user.name: user.password for user in self.settings.users}
        if not users:
            return []
        verdict = verify(
            request,
            users,
            REALM,
            self._nonces,
            self._now(),
            source,
            self._used,
            algorithms=self._algorithms,
        )
        if verdict.standing is Standing.GOOD:
            self._note(verdict.nonce, verdict.nc)
            return None
        nonce = self._nonces.make(self._now(), source)
        stale = verdict.standing is Standing.STALE
        return [
            ("WWW-Authenticate", challenge(REALM, nonce, algorithm, stale))
            for algorithm in self._algorithms
        ]

    @property
    def _algorithms(self) -> tuple[str, ...]:
        return ("SHA-256", "MD5") if self.settings.limits.digest_md5 else ("SHA-256",)

    def _note(self, nonce: str, count: int) -> None:
        self._used[nonce] = count
        self._used.move_to_end(nonce)
        if len(self._used) > MOST_NONCES:
            self._used.popitem(last=False)
