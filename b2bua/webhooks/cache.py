"""Answers that are asked for again: kept by ETag and Last-Modified (RFC 9111, a private cache).

Only a GET's 200 is kept, under the account it was asked for: what one customer's server says never
answers another's.  An answer is fresh for as long as it says itself (Cache-Control, Expires) and is
revalidated after that; one that says nothing is revalidated every time.  Nothing stale is served.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from b2bua.routing.plan import Answer
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.url import Url

Place = tuple[str, str, str | None]
"""Whose it is, its URL, and the credentials it was asked for with."""

ENTRY_BYTES = 1_024
"""What an entry costs beside its body, headers and URL, near enough."""

_DIRECTIVE = re.compile(r'([a-z-]+)(?:="?([^",]*)"?)?')
_SECONDS = re.compile(r"[0-9]{1,10}")
# What our requests say differently from time to time; all else they say alike.
_VARIES = frozenset({"*", "cookie", "x-twilio-signature", "x-b2bua-signature"})
_NOT_KEPT = ("set-cookie", "connection", "keep-alive", "age")


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, what it costs, and until when (on the client's clock) it needs no asking."""

    answer: Answer
    size: int
    fresh_until: float

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """The headers that ask whether it still holds (RFC 9110 section 13.1)."""
        headers = self.answer.headers
        names = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
        return [(asked, headers[said]) for said, asked in names if said in headers]


class _Shelf:
    """What is kept for one account, the longest unused first."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Place, Kept] = OrderedDict()
        self.size = 0


class Cache:
    """Keeps answers within `limits`; `totals` counts what became of GETs and of entries."""

    def __init__(self, limits: Limits) -> None:
        self.size = 0
        self.totals: Counter[str] = Counter(hit=0, revalidated=0, miss=0, stored=0, dropped=0)
        self._limits = limits
        self._shelves: dict[str, _Shelf] = {}

    def __len__(self) -> int:
        return sum(len(shelf.kept) for shelf in self._shelves.values())

    def find(self, place: Place, limit_bytes: int) -> Kept | None:
        """Return what is kept for `place`, fresh or not, unless it is larger than `limit_bytes`."""
        shelf = self._shelves.get(place[0])
        kept = None if shelf is None else shelf.kept.get(place)
        if shelf is None or kept is None or len(kept.answer.body) > limit_bytes:
            return None
        shelf.kept.move_to_end(place)
        return kept

    def settle(self, place: Place, asked_for: Kept | None, answer: Answer, now: float) -> Answer:
        """Take the `answer` to a GET that was asked with the conditions of `asked_for`.

        Return what its asker gets: a 304 is answered by what was kept.
        """
        if answer.status == 304 and asked_for is not None:
            self.totals["revalidated"] += 1
            return self._refresh(place, asked_for, answer, now)
        self.totals["miss"] += 1
        if answer.status >= 500:
            return answer  # a server that is ill says nothing of what it said before
        lifetime = lifetime_of(answer) if answer.status == 200 else None
        if lifetime is None:
            self.drop(place)
        else:
            self._keep(place, answer, now + lifetime)
        return answer

    def drop(self, place: Place) -> None:
        """Forget what is kept for `place`; harmless when nothing is."""
        shelf = self._shelves.get(place[0])
        if shelf is None or (kept := shelf.kept.pop(place, None)) is None:
            return
        self.totals["dropped"] += 1
        self.size -= kept.size
        shelf.size -= kept.size
        if not shelf.kept:
            del self._shelves[place[0]]

    def _refresh(self, place: Place, kept: Kept, said: Answer, now: float) -> Answer:
        # RFC 9111 section 3.2: what the 304 says replaces what was said, but for the body.
        told = {name: value for name, value in said.headers.items() if name != "content-length"}
        answer = replace(kept.answer, headers={**kept.answer.headers, **told})
        lifetime = lifetime_of(answer)
        self.drop(place)
        if lifetime is not None:
            self._keep(place, answer, now + lifetime)
        return answer

    def _keep(self, place: Place, answer: Answer, fresh_until: float) -> None:
        self.drop(place)
        headers = {name: said for name, said in answer.headers.items() if name not in _NOT_KEPT}
        size = ENTRY_BYTES + len(answer.body) + 2 * len(place[1])  # the answer has its URL, too
        size += sum(len(name) + len(said) for name, said in headers.items())
        kept = Kept(replace(answer, headers=headers), size, fresh_until)
        most = min(self._limits.cache_bytes_per_account, self._limits.cache_bytes)
        if kept.size > most:
            return
        shelf = self._shelves.setdefault(place[0], _Shelf())
        shelf.kept[place] = kept
        shelf.size += kept.size
        self.size += kept.size
        self.totals["stored"] += 1
        while shelf.size > most or len(shelf.kept) > self._limits.cache_entries_per_account:
            self.drop(next(iter(shelf.kept)))
        while self.size > self._limits.cache_bytes:
            # Whoever has most gives first, so that nobody empties the others' shelves.
            largest = max(self._shelves.values(), key=lambda shelf: shelf.size)
            self.drop(next(iter(largest.kept)))


def place_of(account_sid: str, url: Url) -> Place:
    """Return what an answer to a GET of `url` is kept under."""
    return (account_sid, url.text, url.authorization)


def lifetime_of(answer: Answer) -> float | None:
    """Return for how many seconds `answer` needs no asking; None: it is not to be kept."""
    headers = answer.headers
    said = _directives(headers.get("cache-control", ""))
    varies = {name.strip().lower() for name in headers.get("vary", "").split(",")}
    if "no-store" in said or varies & _VARIES:
        return None
    has_validator = "etag" in headers or "last-modified" in headers
    lifetime = 0.0 if "no-cache" in said else max(0.0, _told_lifetime(headers, said))
    return lifetime if lifetime or has_validator else None


def _told_lifetime(headers: Mapping[str, str], said: Mapping[str, str]) -> float:
    age = _seconds(headers.get("age", ""))
    if "max-age" in said:
        return _seconds(said["max-age"]) - age
    try:
        expires = parsedate_to_datetime(headers["expires"])
        dated = parsedate_to_datetime(headers["date"])
        return expires.timestamp() - dated.timestamp() - age
    except (KeyError, ValueError, OverflowError, TypeError, IndexError):
        return 0.0  # RFC 9111 section 5.3: no date, as "0" is none, has already been


def _directives(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(text.lower()):
        found.setdefault(name, value.strip())
    return found


def _seconds(text: str) -> float:
    return float(text) if _SECONDS.fullmatch(text.strip()) else 0.0
