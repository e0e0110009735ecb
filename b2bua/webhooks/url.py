"""One absolute http or https URL, taken apart once and normalised to what goes on the wire.

Reading is strict where browsers are lenient: a host is a DNS name, a dotted quad or a bracketed
IPv6 address.  Every other spelling of an address (decimal, octal, hex, short, full-width) is
either brought to one of these first or refused, so that the egress policy sees what is connected.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, quote_plus, unquote, urljoin

import idna

from b2bua.webhooks.faults import INVALID_URL, WebFault

URL_CHARACTERS = 8_192
DEFAULT_PORTS = {"http": 80, "https": 443}

_PARTS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_FORM_ASCII = str.maketrans({chr(code): quote_plus(chr(code)) for code in range(128)})
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# RFC 3986: what may stand in a path or query as it is; "%" keeps escapes that are there.
_PATH_SAFE = "%/:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?[]"


@dataclass(frozen=True, slots=True)
class Url:
    """A URL to ask.

    `host` is lower-case ASCII, an IPv6 address without brackets; `target` is path and query as
    sent; `fragment` holds connection overrides and is never sent; `userinfo` is (user, password).
    """

    scheme: str
    host: str
    port: int
    target: str
    fragment: str = ""
    userinfo: tuple[str, str] | None = None
    netloc: str = field(init=False, compare=False, repr=False)
    """Host and port as the Host header says them (RFC 9110 section 7.2)."""
    origin: tuple[str, str, int] = field(init=False, compare=False, repr=False)
    """What credentials belong to and connections are kept under."""
    text: str = field(init=False, compare=False, repr=False)
    """The URL as the server can rebuild it: what is signed; no userinfo and no fragment."""

    def __post_init__(self) -> None:
        # Once for all the requests that a URL is asked for.
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == DEFAULT_PORTS[self.scheme]
        netloc = host if is_usual else f"{host}:{self.port}"
        object.__setattr__(self, "netloc", netloc)
        object.__setattr__(self, "origin", (self.scheme, self.host, self.port))
        object.__setattr__(self, "text", f"{self.scheme}://{netloc}{self.target}")

    @property
    def is_address(self) -> bool:
        """Whether the host is an address: no name that was read ends in a number."""
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    @property
    def label(self) -> str:
        """The URL as a log may show it: no userinfo, and no query, which may hold digits."""
        return f"{self.scheme}://{self.netloc}{self.target.partition('?')[0]}"

    @property
    def base(self) -> str:
        """What relative references resolve against: with userinfo, without overrides."""
        if self.userinfo is None:
            return self.text
        userinfo = ":".join(quote(part, safe="") for part in self.userinfo)
        return f"{self.scheme}://{userinfo}@{self.netloc}{self.target}"

    @property
    def authorization(self) -> str | None:
        """The value of an Authorization header (RFC 7617), or None without userinfo."""
        if self.userinfo is None:
            return None
        return "Basic " + b64encode(":".join(self.userinfo).encode()).decode("ascii")

    def with_fields(self, fields: Iterable[tuple[str, str]]) -> Url:
        """Return the URL with `fields` after the query that is there (rcml.md H-1)."""
        added = form(fields)
        if not added:
            return self
        joint = "" if self.target.endswith(("?", "&")) else "&" if "?" in self.target else "?"
        return replace(self, target=self.target + joint + added)

    def redirected(self, location: str) -> Url:
        """Return where `location` leads; credentials stay with their origin (rcml.md H-4).

        Raises:
            WebFault: it is no URL, or not http or https.
        """
        there = read_url(location if _ABSOLUTE.match(location) else _join(self.text, location))
        if there.userinfo is None and there.origin == self.origin:
            return replace(there, userinfo=self.userinfo)
        return there


def form(fields: Iterable[tuple[str, str]]) -> str:
    """Write `fields` as application/x-www-form-urlencoded in UTF-8."""
    return "&".join([f"{_name_quoted(name)}={_form_quoted(value)}" for name, value in fields])


@lru_cache(maxsize=1024)
def _name_quoted(name: str) -> str:
    return _form_quoted(name)


def _form_quoted(text: str) -> str:
    # quote_plus alone would take a quarter of a callback's time.
    return text.translate(_FORM_ASCII) if text.isascii() else quote_plus(text, errors="replace")


@lru_cache(maxsize=1024)
def read_url(text: str) -> Url:
    """Read an absolute URL.

    Raises:
        WebFault: 11100, with a sentence that repeats nothing of the URL but its scheme.
    """
    if len(text) > URL_CHARACTERS:
        raise _invalid(f"is longer than {URL_CHARACTERS} characters")
    if _FORBIDDEN.search(text):
        raise _invalid("holds a control character")
    parts = _PARTS.fullmatch(text.strip(" "))
    if parts is None:
        raise _invalid("is not absolute")
    scheme = parts["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise _invalid(f"has the scheme {scheme}, not http or https")
    if "\\" in parts["authority"]:
        # Where browsers see a path begin, and others a host: too clever to be honest.
        raise _invalid("has a backslash in its authority")
    userinfo, _, hostport = parts["authority"].rpartition("@")
    host, port = _host_and_port(hostport)
    target = quote(parts["path"] or "/", safe=_PATH_SAFE)
    if parts["query"] is not None:
        target += "?" + quote(parts["query"], safe=_QUERY_SAFE)
    return Url(
        scheme,
        host,
        DEFAULT_PORTS[scheme] if port is None else port,
        target,
        parts["fragment"] or "",
        _userinfo(userinfo),
    )


def without_secrets(text: str) -> str:
    """Return any text that was meant as a URL without userinfo and fragment, for a record of it."""
    head, slashes, rest = text.partition("#")[0].partition("//")
    authority, slash, path = rest.partition("/")
    return head + slashes + authority.rpartition("@")[2] + slash + path


def _join(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        raise _invalid("is not one a redirect can lead to") from None


def _userinfo(text: str) -> tuple[str, str] | None:
    if not text:
        return None
    user, _, password = text.partition(":")
    pair = (unquote(user), unquote(password))
    if any(_FORBIDDEN.search(part) for part in pair):
        raise _invalid("has a control character in its credentials")
    return pair


def _host_and_port(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise _invalid("has a host that is no IPv6 address")
        return _ipv6(host), _port(rest[1:])
    host, _, port = text.partition(":")
    return _name(host), _port(port)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= 65_535):
        raise _invalid("has a port that is not 1 to 65535")
    return int(text)


def _ipv6(text: str) -> str:
    # A zone ("%25eth0") picks an interface of ours: no business of a customer's.
    if "%" in text:
        raise _invalid("has an IPv6 zone")
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise _invalid("has a host that is no IPv6 address") from None


def _name(text: str) -> str:
    host = text
    if len(host) <= 253 and not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise _invalid("has a host that is no domain name") from None
    host = host.lower().removesuffix(".")
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        raise _invalid("has a host that is no domain name")
    # A last label that is a number makes the whole an IPv4 address to most resolvers, in any of
    # inet_aton's spellings; only the plain one is taken.
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise _invalid("has an IPv4 address that is not written as a dotted quad") from None
    return host


def _invalid(why: str) -> WebFault:
    return WebFault(INVALID_URL, f"the URL {why}")
