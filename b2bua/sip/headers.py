"""Header fields: ordered, repeated, blind to case, and known by their full names.

A field keeps its value as text; the typed reading of a field is made once, on first use, and kept
until that field changes (`typed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from b2bua.sip.grammar import split_list

T = TypeVar("T")

COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""Compact forms (RFC 3261 section 7.3.3 and the IANA registry)."""

_OTHER_NAMES = (
    "Accept Accept-Encoding Accept-Language Alert-Info Allow Authorization Call-Info "
    "Content-Disposition Content-Language CSeq Date Diversion Error-Info Expires History-Info "
    "In-Reply-To Max-Breadth Max-Forwards MIME-Version Min-Expires Min-SE Organization "
    "P-Asserted-Identity P-Preferred-Identity Path Priority Privacy Proxy-Authenticate "
    "Proxy-Authorization Proxy-Require RAck Reason Record-Route Replaces Reply-To Require "
    "Retry-After Route RSeq Server Service-Route Timestamp Unsupported User-Agent Warning "
    "WWW-Authenticate"
)

KNOWN = {name: name for name in (*COMPACT.values(), *_OTHER_NAMES.split())}
KNOWN |= {name.lower(): name for name in KNOWN} | COMPACT
"""Full names by full name, by full name in lower case, and by compact form."""


def canonical(name: str) -> str:
    """Return the full name as the RFCs write it; an unknown name comes back as it is."""
    return KNOWN.get(name) or KNOWN.get(name.lower(), name)


def _key(name: str) -> str:
    full = canonical(name)
    return full if full in KNOWN else full.lower()


class Headers:
    """The header fields of one message."""

    __slots__ = ("_fields", "_index", "_typed")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [(canonical(name), value) for name, value in fields]
        self._index: dict[str, list[str]] | None = None
        self._typed: dict[str, Any] = {}

    @classmethod
    def of_canonical(cls, fields: list[tuple[str, str]]) -> Headers:
        """Take over `fields`, whose names are canonical already."""
        headers = cls.__new__(cls)
        headers._fields = fields
        headers._index = None
        headers._typed = {}
        return headers

    def get(self, name: str) -> str | None:
        """Return the first value of `name`."""
        values = self._values(name)
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """Return the values of `name`, one for each line."""
        return [*self._values(name)]

    def lines(self, name: str) -> Sequence[str]:
        """Return what `get_all` does, to be read at once and not kept."""
        return self._values(name)

    @property
    def by_name(self) -> Mapping[str, Sequence[str]]:
        """All values by name, as `lines` returns them; names we do not know are in lower case."""
        if self._index is None:
            self._index = self._build()
        return self._index

    def listed(self, name: str) -> list[str]:
        """Return the values of `name`, lines that are comma lists taken apart (7.3.1)."""
        return [part for value in self._values(name) for part in split_list(value)]

    def typed(self, name: str, read: Callable[[list[str]], T]) -> T:
        """Return `read(values of name)`, called once until that field changes.

        `name` is canonical and always comes with the same `read`.
        """
        try:
            found: T = self._typed[name]
        except KeyError:
            found = self._typed[name] = read(self._values(name))
        return found

    def add(self, name: str, value: str) -> None:
        """Put a line after all others."""
        self._fields.append((self._changed(name), value))

    def prepend(self, name: str, value: str) -> None:
        """Put a line before all others."""
        self._fields.insert(0, (self._changed(name), value))

    def set(self, name: str, value: str) -> None:
        """Put one line for all lines of `name`: where the first of them stood, or at the end."""
        wanted = _key(name)
        at = next((at for at, field in enumerate(self._fields) if _key(field[0]) == wanted), None)
        if at is None:
            self.add(name, value)
        else:
            kept = [field for field in self._fields[at + 1 :] if _key(field[0]) != wanted]
            self._fields[at:] = [(self._changed(name), value), *kept]

    def set_first(self, name: str, value: str) -> None:
        """Put one line in the place of the first line of `name`, and leave the others.

        Raises:
            KeyError: there is no such line.
        """
        wanted = _key(name)
        for at, field in enumerate(self._fields):
            if _key(field[0]) == wanted:
                self._fields[at] = (self._changed(name), value)
                return
        raise KeyError(name)

    def remove(self, name: str) -> None:
        """Remove all lines of `name`, if any."""
        wanted = _key(name)
        self._changed(name)
        self._fields = [field for field in self._fields if _key(field[0]) != wanted]

    def copy(self) -> Headers:
        """Return headers that change on their own."""
        return Headers.of_canonical([*self._fields])

    def _changed(self, name: str) -> str:
        full = canonical(name)
        self._index = None
        self._typed.pop(full, None)
        return full

    def _values(self, name: str) -> list[str]:
        index = self._index
        if index is None:
            index = self._index = self._build()
        values = index.get(name)  # a canonical name is its own key
        return index.get(_key(name), []) if values is None else values

    def _build(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for name, value in self._fields:
            key = name if name in KNOWN else name.lower()
            if key in index:
                index[key].append(value)
            else:
                index[key] = [value]
        return index

    def __contains__(self, name: str) -> bool:
        return bool(self._values(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return self._fields == other._fields

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"
