"""Fetch a document or a recording: one request, and a value whatever happens.

An answer that is no 2xx is a `Fault` here.  `file:` URLs are read only where the settings name
them (operator.md): no document may lead to the disk.  A document that was given with the call has
no URL of its own and goes by `GIVEN`; nothing relative can be resolved against that.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from b2bua.rcml.limits import DEFAULTS
from b2bua.routing.interfaces import Web
from b2bua.routing.plan import Answer, Ask, Fault

INVALID_URL = 11100
NOT_RETRIEVED = 11200
TOO_LARGE = 11750
GIVEN = "about:document"


@dataclass(frozen=True, slots=True)
class Library:
    """Where documents come from: the web, the files that the settings name, and the call."""

    web: Web
    files: frozenset[str] = frozenset()
    given: str = ""
    file_bytes: int = DEFAULTS.document_bytes

    async def fetch(self, ask: Ask) -> Answer | Fault:
        """Return the 2xx answer to `ask`, or say why there is none; never raise."""
        if ask.url in self.files:
            return _read_file(ask, self.file_bytes)
        if ask.url == GIVEN and self.given:
            return Answer(200, "text/xml", self.given.encode(), ask.url)
        if not ask.url.lower().startswith(("http://", "https://")):
            return Fault(INVALID_URL, "not an http or https URL", ask.url)
        answer = await self.web.fetch(ask)
        if isinstance(answer, Answer) and not 200 <= answer.status <= 299:
            text = f"answered with status {answer.status}"
            return Fault(NOT_RETRIEVED, text, ask.url, answer.status)
        return answer


def files_among(*urls: str) -> frozenset[str]:
    """Return those of `urls` (from the settings) that name a file."""
    return frozenset(url for url in urls if url.startswith("file:"))


def _read_file(ask: Ask, limit_bytes: int) -> Answer | Fault:
    try:
        with Path(unquote(urlsplit(ask.url).path)).open("rb") as file:
            body = file.read(limit_bytes + 1)
    except OSError as problem:
        return Fault(NOT_RETRIEVED, problem.strerror or "cannot be read", ask.url)
    if len(body) > limit_bytes:
        return Fault(TOO_LARGE, f"longer than {limit_bytes} bytes", ask.url)
    return Answer(200, "text/xml", body, ask.url)
