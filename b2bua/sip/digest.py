"""Digest authentication, both sides, as pure functions (RFC 7616, RFC 8760, RFC 3261 section 22).

Our client answers one challenge of a 401 or 407.  Our server writes challenges with a nonce that is
a signed time, so nothing has to be kept between challenge and answer but the nonce counts.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from b2bua.sip.grammar import QUOTED, TOKEN, quote, unquote
from b2bua.sip.message import Request, Response

_PAIR = re.compile(
    rf"[ \t]*+({TOKEN})[ \t]*+=[ \t]*+({QUOTED}|[^\s,\"]++)[ \t]*+(?:,|\Z)", re.DOTALL
)
_MOST_PARAMS = 40


def _hasher(name: str) -> Callable[[bytes], str]:
    return lambda data: hashlib.new(name, data, usedforsecurity=False).hexdigest()


_HASHES = {"SHA-256": _hasher("sha256"), "MD5": _hasher("md5")}
if "sha512_256" in hashlib.algorithms_available:
    _HASHES["SHA-512-256"] = _hasher("sha512_256")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One Digest challenge that we can answer (RFC 7616 section 3.3).

    `qop` is "auth", "auth-int", or "" where the server knows none (RFC 2069).
    """

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""
    opaque: str | None = None
    stale: bool = False
    userhash: bool = False


def read_parameters(text: str) -> dict[str, str] | None:
    """Read what follows `Digest` in a challenge or in credentials: names in lower case, unquoted.

    None when it is no Digest, malformed, or says a thing twice.
    """
    scheme, _, rest = text.strip(" ").partition(" ")
    if scheme.lower() != "digest":
        return None
    found: dict[str, str] = {}
    at, rest = 0, rest.strip(" \t,")
    while at < len(rest):
        match = _PAIR.match(rest, at)
        if match is None or match[1].lower() in found or len(found) >= _MOST_PARAMS:
            return None
        found[match[1].lower()] = unquote(match[2])
        at = match.end()
    return found


def read_challenge(text: str) -> Challenge | None:
    """Read one WWW-Authenticate or Proxy-Authenticate; None when we cannot answer it."""
    given = read_parameters(text)
    if given is None or not {"realm", "nonce"} <= given.keys():
        return None
    algorithm = given.get("algorithm", "MD5").upper()
    qops = [qop.strip().lower() for qop in given.get("qop", "").split(",")]
    qop = next((known for known in ("auth", "auth-int", "") if known in qops), None)
    if algorithm.removesuffix("-SESS") not in _HASHES or qop is None:
        return None
    return Challenge(
        given["realm"],
        given["nonce"],
        algorithm,
        qop,
        given.get("opaque"),
        given.get("stale", "").lower() == "true",
        given.get("userhash", "").lower() == "true",
    )


def pick_challenge(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the topmost of the SHA-2 family, else the topmost (RFC 8760 section 2.4)."""
    return min(
        challenges, key=lambda challenge: challenge.algorithm.startswith("MD5"), default=None
    )


def answer_challenge(
    response: Response, request: Request, username: str, password: str, cnonce: str, nc: int = 1
) -> tuple[str, str] | None:
    """Return the header field (name, value) with which `request` may be sent again.

    `response` is the 401 or 407 to it.  `cnonce` is a fresh random text, `nc` counts the requests
    answered with this nonce, from 1.  None when there is no challenge that we can answer.
    """
    asked, answered = {
        401: ("WWW-Authenticate", "Authorization"),
        407: ("Proxy-Authenticate", "Proxy-Authorization"),
    }.get(response.status, ("", ""))
    given = (read_challenge(value) for value in response.headers.get_all(asked))
    challenge = pick_challenge([one for one in given if one is not None])
    if challenge is None:
        return None
    return answered, credentials(challenge, request, username, password, cnonce, nc)


def credentials(
    challenge: Challenge, request: Request, username: str, password: str, cnonce: str, nc: int = 1
) -> str:
    """Return the value of Authorization that answers `challenge`."""
    digest = _HASHES[challenge.algorithm.removesuffix("-SESS")]
    count = f"{nc:08x}"
    uri = str(request.uri)
    answer = proof(
        challenge.algorithm,
        secret_hash(challenge.algorithm, username, challenge.realm, password),
        challenge.nonce,
        (challenge.qop, count, cnonce),
        (request.method, uri, request.body),
    )
    name = digest(f"{username}:{challenge.realm}".encode()) if challenge.userhash else username
    parts = [
        f"username={quote(name)}",
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(uri)}",
        f'response="{answer}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.qop:
        parts += [f"qop={challenge.qop}", f"nc={count}"]
    if challenge.qop or challenge.algorithm.endswith("-SESS"):
        parts.append(f"cnonce={quote(cnonce)}")
    if challenge.opaque is not None:
        parts.append(f"opaque={quote(challenge.opaque)}")
    if challenge.userhash:
        parts.append("userhash=true")
    return "Digest " + ", ".join(parts)


def secret_hash(algorithm: str, username: str, realm: str, password: str) -> str:
    """Return H(username:realm:password), what a server keeps in the place of a password."""
    return _HASHES[algorithm.removesuffix("-SESS")](f"{username}:{realm}:{password}".encode())


def proof(
    algorithm: str,
    secret: str,
    nonce: str,
    protection: tuple[str, str, str],
    message: tuple[str, str, bytes],
) -> str:
    """Return the `response` of RFC 7616 section 3.4.1.

    `secret` is a `secret_hash`, `protection` (qop, nc, cnonce), `message` (method, uri, body).
    """
    digest = _HASHES[algorithm.removesuffix("-SESS")]
    qop, count, cnonce = protection
    method, uri, body = message
    if algorithm.endswith("-SESS"):
        secret = digest(f"{secret}:{nonce}:{cnonce}".encode())
    content = f":{digest(body)}" if qop == "auth-int" else ""
    asked = digest(f"{method}:{uri}{content}".encode())
    middle = f"{count}:{cnonce}:{qop}:" if qop else ""
    return digest(f"{secret}:{nonce}:{middle}{asked}".encode())


@dataclass(frozen=True, slots=True)
class Nonces:
    """Writes and judges nonces: a time and a salt, signed for one source with a secret of ours.

    Times are in seconds of any one clock, `lifetime` too.
    """

    secret: bytes
    lifetime: float = 30.0

    def make(self, now: float, source: str, salt: str = "00000000") -> str:
        """Return a nonce for the peer at `source` (its address).

        `salt`, eight characters, tells apart the phones that share an address: each counts alone.
        """
        signed = f"{int(now):012x}{salt}"
        return signed + self._sign(signed, source)

    def is_ours(self, nonce: str, source: str) -> bool:
        """Whether we made `nonce` for `source`, at whatever time."""
        return hmac.compare_digest(self._sign(nonce[:20], source).encode(), nonce[20:].encode())

    def is_fresh(self, nonce: str, now: float) -> bool:
        """Whether `nonce`, which is ours, is still good."""
        return 0 <= int(now) - self.made_at(nonce) < self.lifetime

    def made_at(self, nonce: str) -> int:
        """Return when `nonce`, which is ours, was made."""
        return int(nonce[:12], 16)

    def _sign(self, stamp: str, source: str) -> str:
        signed = hmac.new(self.secret, f"{stamp}|{source}".encode("utf-8", "replace"), "sha256")
        return signed.hexdigest()[:32]


def challenge(realm: str, nonce: str, algorithm: str = "SHA-256", stale: bool = False) -> str:
    """Return a challenge for WWW-Authenticate or Proxy-Authenticate, with qop "auth".

    Offer SHA-256 first and MD5, if at all, in a second field below it (RFC 8760 section 2.3).
    """
    ending = ", stale=true" if stale else ""
    return (
        f'Digest realm={quote(realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{ending}'
    )


class Standing(Enum):
    """What a request's credentials are worth."""

    GOOD = "good"
    STALE = "stale"  # right, but the nonce is old, not ours, or its count was used: ask again
    WRONG = "wrong"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The standing of a request; `username`, `nonce` and `nc` of the credentials it was judged by.

    Whoever takes a GOOD request notes `nc` as the highest for `nonce`.
    """

    standing: Standing
    username: str = ""
    nonce: str = ""
    nc: int = 0


def verify(
    request: Request,
    users: Mapping[str, str],
    realm: str,
    nonces: Nonces,
    now: float,
    source: str,
    used: Mapping[str, int],
    *,
    field: str = "Authorization",
    algorithms: tuple[str, ...] = ("SHA-256",),
) -> Verdict:
    """Judge the credentials for `realm` in a request's `field`.

    `users` maps names to passwords, `used` nonces to the highest count seen.  An unknown user
    costs the same time as a known one with a wrong password.
    """
    verdict = Verdict(Standing.ABSENT)
    for value in request.headers.get_all(field):
        given = read_parameters(value)
        if given is None or given.get("realm") != realm:
            continue
        if given.get("algorithm", "MD5").upper() in algorithms:
            return _judge(given, request, users, nonces, (now, source), used)
        verdict = Verdict(Standing.WRONG, given.get("username", ""))
    return verdict


def _judge(
    given: Mapping[str, str],
    request: Request,
    users: Mapping[str, str],
    nonces: Nonces,
    seen: tuple[float, str],
    used: Mapping[str, int],
) -> Verdict:
    now, source = seen
    username, nonce, count = (given.get(name, "") for name in ("username", "nonce", "nc"))
    wrong = Verdict(Standing.WRONG, username, nonce)
    algorithm = given.get("algorithm", "MD5").upper()
    secret = secret_hash(algorithm, username, given["realm"], users.get(username, ""))
    wanted = proof(
        algorithm,
        secret,
        nonce,
        (given.get("qop", ""), count, given.get("cnonce", "")),
        (request.method, given.get("uri", ""), request.body),
    )
    right = hmac.compare_digest(wanted.encode(), given.get("response", "").lower().encode())
    if not (right and username in users):
        return wrong
    if given.get("qop") not in _PROTECTED or re.fullmatch(r"[0-9A-Fa-f]{8}", count) is None:
        return wrong
    nc = int(count, 16)
    is_new = nonces.is_ours(nonce, source) and nonces.is_fresh(nonce, now)
    if not is_new or nc <= used.get(nonce, 0):
        return Verdict(Standing.STALE, username, nonce, nc)
    return Verdict(Standing.GOOD, username, nonce, nc)


_PROTECTED = ("auth", "auth-int")  # without either a nonce has no count, and could be used again
