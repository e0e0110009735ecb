"""One request of an account, as a resource meets it: who asks, where, and with which fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from b2bua.api.errors import Reply

Fields = Mapping[str, list[str]]
"""The fields of a form or a query, in the order in which they came; a name may come twice."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`base` is the path before `/Accounts`, `sids` the SIDs in the path by their names in it."""

    account_sid: str
    base: str
    fields: Fields = field(default_factory=dict)
    sids: Mapping[str, str] = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        """The version that the path names, for example `2010-04-01`."""
        return self.base.rpartition("/")[2]

    def uri(self, path: str, account_sid: str = "") -> str:
        """Return the URI, relative to this host, of `path` in an account."""
        return f"{self.base}/Accounts/{account_sid or self.account_sid}{path}"


Serve = Callable[[Visit], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """Which requests `serve` takes; `path` comes after the account's, with `<name>` for a SID."""

    method: str
    path: str
    serve: Serve
