"""A call's family: the call, the legs it rang, and the calls that came back to us by them.

Each INVITE of ours says which family it is of.  One that comes back, by whatever way, is of the
same family and one deeper: so a ring of forwarding phones ends, and no fork grows without end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from b2bua.sip.message import Request

FIELD = "B2BUA-Family"
"""The field of our INVITEs: a token that nobody can guess, and how deep the call is."""
_VALUE = re.compile(r"([0-9a-f]{8,64})-([0-9]{1,4})")


class _Members:
    """The legs of one family that are there now."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Family:
    """One call's place in its family; `depth` counts how often it has come back to us."""

    __slots__ = ("_families", "_members", "_token", "depth")

    def __init__(self, families: Families, token: str, members: _Members, depth: int) -> None:
        self._families, self._token, self._members = families, token, members
        self.depth = depth

    @property
    def field(self) -> tuple[str, str]:
        """What the INVITEs of this call say."""
        return FIELD, f"{self._token}-{self.depth}"

    def has_room(self) -> bool:
        """Whether one more leg may be made."""
        return self._members.count < self._families.most_legs

    def join(self) -> None:
        """Count a leg."""
        self._members.count += 1

    def leave(self) -> None:
        """Count a leg no more; the last one ends the family."""
        self._members.count -= 1
        if not self._members.count:
            self._families.forget(self._token)


@dataclass(frozen=True, slots=True)
class Loop:
    """Why a call of a family is refused with 482."""

    why: str


class Families:
    """All families that have a leg.  `new_token` returns hexadecimal text."""

    def __init__(self, most_legs: int, most_depth: int, new_token: Callable[[], str]) -> None:
        self.most_legs = most_legs
        self._most_depth = most_depth
        self._new_token = new_token
        self._members: dict[str, _Members] = {}

    def __len__(self) -> int:
        return len(self._members)

    def of(self, request: Request) -> Loop | None:
        """Return why the call that `request` asks for may not be, None if it may."""
        token, depth = self._said(request)
        members = self._members.get(token)
        if members is None:
            return None
        if depth + 1 > self._most_depth:
            return Loop("depth")
        return Loop("legs") if members.count >= self.most_legs else None

    def join(self, request: Request | None = None) -> Family:
        """Return the place of a new call, with its first leg counted."""
        token, depth = ("", 0) if request is None else self._said(request)
        if token in self._members:
            family = Family(self, token, self._members[token], depth + 1)
        else:
            token = self._new_token()
            self._members[token] = _Members()
            family = Family(self, token, self._members[token], 0)
        family.join()
        return family

    def forget(self, token: str) -> None:
        """Forget a family that has no legs."""
        self._members.pop(token, None)

    def _said(self, request: Request) -> tuple[str, int]:
        match = _VALUE.fullmatch(request.headers.get(FIELD) or "")
        return ("", 0) if match is None else (match[1], int(match[2]))
