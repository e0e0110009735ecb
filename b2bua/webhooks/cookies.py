"""Cookies, kept for one call at a time (rcml.md H-3, RFC 6265).

A call's jar lives until `forget`, holds a bounded number of cookies, and the oldest jars go when
there are too many.  A Domain attribute widens a cookie to hosts below a domain that has a dot in
it and that the host belongs to.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from b2bua.webhooks.limits import Limits
from b2bua.webhooks.url import Url

Key = tuple[str, str, str]

_AGE = re.compile(r"-?[0-9]{1,11}")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie.  `expires_at` is in seconds since the epoch, None for the call's life."""

    name: str
    value: str
    domain: str
    path: str
    is_host_only: bool
    is_secure: bool
    expires_at: float | None

    @property
    def key(self) -> Key:
        return (self.domain, self.path, self.name)

    def goes_to(self, url: Url) -> bool:
        """Whether a request for `url` carries it (RFC 6265 section 5.4)."""
        if self.is_secure and url.scheme != "https":
            return False
        if url.host != self.domain and (self.is_host_only or not _is_below(url.host, self.domain)):
            return False
        path = url.target.partition("?")[0]
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


class Cookies:
    """The jars of all calls.  `epoch` tells the time in seconds since the epoch."""

    def __init__(self, limits: Limits, epoch: Callable[[], float]) -> None:
        self._limits = limits
        self._epoch = epoch
        self._jars: OrderedDict[str, OrderedDict[Key, Cookie]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._jars)

    def header(self, call_sid: str, url: Url) -> str:
        """Return the value of a Cookie header for `url`, empty without cookies for it."""
        jar = self._jars.get(call_sid)
        if not jar:
            return ""
        now = self._epoch()
        cookies = [
            cookie
            for cookie in jar.values()
            if cookie.goes_to(url) and (cookie.expires_at is None or cookie.expires_at > now)
        ]
        cookies.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)

    def store(self, call_sid: str, url: Url, lines: Iterable[str]) -> None:
        """Keep what the Set-Cookie `lines` of a response from `url` say."""
        for line in lines:
            cookie = read_cookie(line, url, self._epoch())
            if cookie is None or len(line) > self._limits.cookie_bytes:
                continue
            jar = self._jars.setdefault(call_sid, OrderedDict())
            jar.pop(cookie.key, None)
            if cookie.expires_at is None or cookie.expires_at > self._epoch():
                jar[cookie.key] = cookie
            if len(jar) > self._limits.cookies_per_call:
                jar.popitem(last=False)
        while len(self._jars) > self._limits.cookie_calls:
            self._jars.popitem(last=False)

    def forget(self, call_sid: str) -> None:
        """Drop the jar of a call.  Harmless when there is none."""
        self._jars.pop(call_sid, None)


def read_cookie(line: str, url: Url, now: float) -> Cookie | None:
    """Read one Set-Cookie line (RFC 6265 section 5.2); None is one to ignore."""
    pair, *rest = line.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    if not equals or not name or not (name + value).isascii() or not (name + value).isprintable():
        return None
    attributes = {
        key.strip().lower(): text.strip()
        for key, _, text in (attribute.partition("=") for attribute in rest)
    }
    domain = attributes.get("domain", "").lstrip(".").lower()
    if domain and domain != url.host and not _is_below(url.host, domain):
        return None
    path = attributes.get("path", "")
    return Cookie(
        name,
        value,
        domain or url.host,
        path if path.startswith("/") else _default_path(url),
        not domain,
        "secure" in attributes,
        _expiry(attributes, now),
    )


def _is_below(host: str, domain: str) -> bool:
    if "." not in domain or not host.endswith("." + domain):
        return False
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def _default_path(url: Url) -> str:
    return url.target.partition("?")[0].rpartition("/")[0] or "/"


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    age = attributes.get("max-age")
    if age is not None and _AGE.fullmatch(age):
        return now + int(age)
    date = attributes.get("expires")
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
