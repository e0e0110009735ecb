"""Following a 3xx: the same leg is dialled elsewhere, if the settings let it (RFC 3261 8.1.3.4).

The call knows nothing of it: its leg rings on.  A number that is redirected stays a number, which
the trunk that carries it takes to its own host; only who rang a SIP URI is led to another one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from b2bua.call.effects import LegId, OpenLeg
from b2bua.call.vocabulary import Refused
from b2bua.routing.plan import Target
from b2bua.sip.grammar import unescape
from b2bua.sip.uri import Uri, read_uri

_FOLLOWED = frozenset({300, 301, 302})


@dataclass(slots=True)
class _Trail:
    """Where a leg has been sent: `tried` so far, `waiting` to be."""

    opened: OpenLeg
    tried: set[str] = field(default_factory=set)
    waiting: list[Target] = field(default_factory=list)
    is_due: bool = False


class Redirects:
    """The redirections of one call's legs; each is led to `most` targets at most, 0: none."""

    def __init__(self, most: int, new_call_id: Callable[[], str]) -> None:
        self._most = most
        self._new_call_id = new_call_id
        self._trails: dict[LegId, _Trail] = {}

    def opened(self, effect: OpenLeg) -> None:
        """Remember how a leg was opened."""
        if self._most:
            trail = _Trail(effect)
            trail.tried.add(_name(effect.target))
            self._trails[effect.leg] = trail

    def stop(self, leg: LegId) -> None:
        """Lead this leg nowhere any more: nobody wants it."""
        self._trails.pop(leg, None)

    def follows(self, leg: LegId, word: Refused) -> bool:
        """Whether a refusal is no news for the call, because the leg is dialled elsewhere."""
        trail = self._trails.get(leg)
        if trail is None:
            return False
        if word.status in _FOLLOWED:
            self._add(trail, word.contacts)
        trail.is_due = bool(trail.waiting) and word.status < 600
        return trail.is_due

    def next(self, leg: LegId) -> OpenLeg | None:
        """Return how the leg is to be opened again, now that nothing is left of it; None: not."""
        trail = self._trails.get(leg)
        if trail is None or not trail.is_due:
            return None
        trail.is_due = False
        return replace(trail.opened, target=trail.waiting.pop(0), call_id=self._new_call_id())

    def _add(self, trail: _Trail, contacts: tuple[str, ...]) -> None:
        for contact in contacts:
            target = _target(trail.opened.target, contact)
            # The first of `tried` is whom we called ourselves.
            if target is None or len(trail.tried) > self._most or _name(target) in trail.tried:
                continue
            trail.tried.add(_name(target))
            trail.waiting.append(target)


def _target(first: Target, contact: str) -> Target | None:
    """Return whom `contact` leads to, None if it may not be rung."""
    try:
        uri = read_uri(contact)
    except ValueError:
        return None
    if not isinstance(uri, Uri):
        return None
    if first.uri:
        return replace(first, uri=str(uri.without_headers()), credentials=None)
    number = unescape(uri.user or "")
    return replace(first, number=number, credentials=None) if _is_number(number) else None


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 32 and text.removeprefix("+").isdigit() and text.isascii()


def _name(target: Target) -> str:
    return target.uri or target.number
