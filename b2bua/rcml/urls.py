"""URLs that stand in documents: made absolute (RFC 3986 section 5.2) or refused."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


def resolve(base: str, reference: str) -> str | None:
    """Return `reference` as an absolute http or https URL, or None when it cannot be one.

    White space around it is dropped.  A fragment stays: it may hold connection overrides.
    """
    reference = reference.strip()
    if _UNSAFE.search(reference):
        return None
    try:
        url = urljoin(base, reference)
        parts = urlsplit(url)
        _ = parts.port  # raises when it is no port
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def without_secrets(url: str) -> str:
    """Return `url` without user name, password and fragment: as its server saw it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def for_log(url: str) -> str:
    """Return `url` without what a log must not hold; a query may hold digits somebody pressed."""
    return without_secrets(url).partition("?")[0]


def document_url(asked: str, answered: str) -> str:
    """Return the URL of a document that was asked for at `asked` and came from `answered`.

    After redirects it is the last of them.  The fragment, which holds connection overrides, is
    inherited (RFC 9110 section 10.2.2).
    """
    _, mark, fragment = asked.partition("#")
    return answered if "#" in answered else answered + mark + fragment
