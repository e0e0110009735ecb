"""URIs as values: sip and sips (RFC 3261 section 19.1), tel (RFC 3966), and any other as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from b2bua.sip.grammar import (
    HOST,
    Params,
    SyntaxFault,
    find_param,
    read_host,
    read_port,
    undo_needless_escapes,
    write_host,
)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+")
# A "%" is let through here; `undo_needless_escapes` looks at what follows it.
_PARAM_CHARS = r"[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]++"
_PARAMS = rf"(?:;{_PARAM_CHARS}(?:=[A-Za-z0-9\-_.!~*'()\[\]/:&+$%=]*+)?+)*+"
# What has a group in it is not possessive: early releases of Python 3.11 lose their way there.
# An "@" is escaped everywhere else, so the first one ends the userinfo, whatever question marks
# and semicolons stand before it.
_SIP = re.compile(
    r"(?:([A-Za-z0-9\-_.!~*'()&=+$,;?/#\[\]%]++)(?::([A-Za-z0-9\-_.!~*'()&=+$,%]*+))?@)?"
    rf"({HOST})(?::([0-9]++))?({_PARAMS})(?:\?(.*+))?",
    re.DOTALL,
)
_HEADERS = re.compile(r"[A-Za-z0-9\-_.!~*'()\[\]/?:+$%]++=[A-Za-z0-9\-_.!~*'()\[\]/?:+$%;,@=]*+")
_MOST_HEADERS = 100
_TEL = re.compile(rf"(\+?+[0-9A-Fa-f*#\-.()]++)({_PARAMS})")
_OPAQUE = re.compile(r"[!-~]++")
_BARE_PERCENT = r"%(?![0-9A-Fa-f]{2})"
_NOT_IN_USER = re.compile(rf"[^A-Za-z0-9\-_.!~*'()&=+$,;?/%]|{_BARE_PERCENT}")
_NOT_IN_PASSWORD = re.compile(rf"[^A-Za-z0-9\-_.!~*'()&=+$,%]|{_BARE_PERCENT}")
_NOT_IN_PARAM = re.compile(rf"[^A-Za-z0-9\-_.!~*'()\[\]/:&+$%]|{_BARE_PERCENT}")
_NOT_IN_HEADER = re.compile(rf"[^A-Za-z0-9\-_.!~*'()\[\]/?:+$%]|{_BARE_PERCENT}")
# Parameters that count even where the other URI has none (19.1.4).
_ALWAYS_COMPARED = ("user", "ttl", "method", "maddr", "transport")


@dataclass(frozen=True, slots=True)
class Uri:
    """A sip or sips URI.

    `scheme`, `host` and parameter names are in lower case, an IPv6 host without brackets.  `user`,
    `password`, parameter values and `headers` keep the escapes they need and no others, so equal
    meaning is equal text.  Compare with `same_uri`, not with `==`.
    """

    scheme: str
    host: str
    user: str | None = None
    password: str | None = None
    port: int | None = None
    params: Params = ()
    headers: tuple[tuple[str, str], ...] = ()

    def param(self, name: str) -> str | None:
        """Return the parameter `name` (lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    def with_params(self, params: Params) -> Uri:
        """Return the same URI with `params` for its parameters."""
        return replace(self, params=params)

    def without_params(self, *names: str) -> Uri:
        """Return the same URI without the parameters `names` (lower case)."""
        kept = tuple([pair for pair in self.params if pair[0] not in names])
        return replace(self, params=kept) if len(kept) < len(self.params) else self

    def without_headers(self) -> Uri:
        """Return the same URI as it may stand in a Request-URI or a header field (19.1.1)."""
        return replace(self, headers=()) if self.headers else self

    @property
    def is_v6(self) -> bool:
        """Whether the host is an IPv6 address."""
        return ":" in self.host

    def __str__(self) -> str:
        parts = [self.scheme, ":"]
        if self.user is not None:
            parts.append(_NOT_IN_USER.sub(_percent, self.user))
            if self.password is not None:
                parts += (":", _NOT_IN_PASSWORD.sub(_percent, self.password))
            parts.append("@")
        parts.append(write_host(self.host))
        if self.port is not None:
            parts.append(f":{self.port}")
        if self.params:
            parts.append(_write_params(self.params))
        if self.headers:
            parts.append(_write_headers(self.headers))
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class TelUri:
    """A tel URI (RFC 3966).  `number` keeps its visual separators; `digits` leaves them out."""

    number: str
    params: Params = ()

    def param(self, name: str) -> str | None:
        """Return the parameter `name` (lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    @property
    def digits(self) -> str:
        """The number without visual separators, upper case."""
        return re.sub(r"[\-.()]", "", self.number).upper()

    def __str__(self) -> str:
        return f"tel:{self.number}{_write_params(self.params)}"


@dataclass(frozen=True, slots=True)
class OtherUri:
    """A URI of a scheme we know nothing of, kept as text.  `text` is what follows the colon."""

    scheme: str
    text: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.text}"


AnyUri = Uri | TelUri | OtherUri


def read_uri(text: str) -> AnyUri:
    """Read a URI.

    Raises:
        SyntaxFault: it has no scheme, holds a space, or is no proper sip, sips or tel URI.
    """
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon:
        raise SyntaxFault("URI without a scheme")
    if scheme in ("sip", "sips"):
        return _read_sip(scheme, rest)
    if scheme == "tel":
        return _read_tel(rest)
    if not (_SCHEME.fullmatch(scheme) and _OPAQUE.fullmatch(rest)):
        raise SyntaxFault("malformed URI")
    return OtherUri(scheme, rest)


def _read_sip(scheme: str, rest: str) -> Uri:
    match = _SIP.fullmatch(rest)
    if match is None:
        raise SyntaxFault(f"malformed {scheme} URI")
    user, password, host, port, params, headers = match.groups()
    return Uri(
        scheme,
        read_host(host),
        user and _normal(user, _NOT_IN_USER),
        password and _normal(password, _NOT_IN_PASSWORD),
        None if port is None else read_port(port),
        _split_params(params) if params else (),
        () if headers is None else _read_headers(headers),
    )


def _normal(text: str, escaped: re.Pattern[str]) -> str:
    """Return `text` as we write it: with the escapes it needs, and no others."""
    if text.isalnum():
        return text
    return escaped.sub(_percent, undo_needless_escapes(text))


def _split_params(text: str) -> Params:
    params = []
    for param in text[1:].split(";"):
        name, _, value = param.partition("=")
        value = _normal(value, _NOT_IN_PARAM)
        params.append((_normal(name, _NOT_IN_PARAM).lower(), value or None))
    return tuple(params)


def _read_headers(text: str) -> tuple[tuple[str, str], ...]:
    if text.count("&") >= _MOST_HEADERS:
        raise SyntaxFault("too many header fields in a URI")
    headers = []
    for header in text.split("&"):
        if _HEADERS.fullmatch(header) is None:
            raise SyntaxFault("malformed header fields in a URI")
        name, _, value = header.partition("=")
        headers.append((_normal(name, _NOT_IN_HEADER), _normal(value, _NOT_IN_HEADER)))
    return tuple(headers)


def _read_tel(rest: str) -> TelUri:
    match = _TEL.fullmatch(rest)
    if match is None:
        raise SyntaxFault("malformed tel URI")
    return TelUri(match[1], _split_params(match[2]) if match[2] else ())


def _write_params(params: Params) -> str:
    return "".join(
        [
            ";" + _NOT_IN_PARAM.sub(_percent, name)
            if value is None
            else f";{_NOT_IN_PARAM.sub(_percent, name)}={_NOT_IN_PARAM.sub(_percent, value)}"
            for name, value in params
        ]
    )


def _write_headers(headers: tuple[tuple[str, str], ...]) -> str:
    written = [
        f"{_NOT_IN_HEADER.sub(_percent, name)}={_NOT_IN_HEADER.sub(_percent, value)}"
        for name, value in headers
    ]
    return "?" + "&".join(written)


def _percent(match: re.Match[str]) -> str:
    return "".join([f"%{octet:02X}" for octet in match[0].encode("utf-8", "replace")])


def same_uri(a: AnyUri, b: AnyUri) -> bool:
    """Whether two URIs are equivalent (19.1.4; RFC 3966 section 4; other schemes as text)."""
    if isinstance(a, Uri) and isinstance(b, Uri):
        return (
            (a.scheme, a.user, a.password, a.host, a.port)
            == (b.scheme, b.user, b.password, b.host, b.port)
            and _same_params(a.params, b.params)
            and _same_headers(a, b)
        )
    if isinstance(a, TelUri) and isinstance(b, TelUri):
        return a.digits == b.digits and _folded(a.params) == _folded(b.params)
    return a == b


def _same_params(a: Params, b: Params) -> bool:
    mine, yours = _folded(a), _folded(b)
    if any(mine.get(name) != yours.get(name) for name in _ALWAYS_COMPARED):
        return False
    return all(mine[name] == yours[name] for name in mine.keys() & yours.keys())


def _folded(params: Params) -> dict[str, str]:
    return {name: (value or "").lower() for name, value in params}


def _same_headers(a: Uri, b: Uri) -> bool:
    mine = sorted((name.lower(), value) for name, value in a.headers)
    return mine == sorted((name.lower(), value) for name, value in b.headers)
