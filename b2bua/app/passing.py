"""What crosses from a caller's INVITE to those it rings: nothing that the settings do not name.

Headers cross by a list.  Who the caller is, as a network of trust asserts it, comes from trunks
that are in it and goes to such trunks (RFC 3325); a caller who wants to be anonymous is (RFC 3323).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from b2bua.app.trunk_settings import TrunkEntry
from b2bua.net.local import Local
from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.message import Request
from b2bua.sip.uri import TelUri, Uri
from b2bua.sip.values import NameAddr, read_name_addr

Fields = tuple[tuple[str, str], ...]

ANONYMOUS = NameAddr(Uri("sip", "anonymous.invalid", user="anonymous"), "Anonymous")
"""The From of a caller who wants privacy (RFC 3323 section 4.1.1.3)."""

_HIDING = frozenset({"id", "user", "header"})


@dataclass(frozen=True, slots=True)
class Passed:
    """What a caller's INVITE hands on: `headers`, an `asserted` user part, its wish for privacy."""

    headers: Fields = ()
    asserted: str = ""
    privacy: str = ""

    @property
    def is_private(self) -> bool:
        """Whether the caller's identity is for networks of trust alone."""
        if not self.privacy:
            return False
        wanted = {value.strip().lower() for value in self.privacy.split(";")}
        return bool(wanted & _HIDING) and "none" not in wanted

    def but(self, given: Fields) -> Fields:
        """Return the headers, without those that are `given` otherwise."""
        names = {name.lower() for name, _ in given}
        return tuple(field for field in self.headers if field[0].lower() not in names)

    def sender(self, caller: NameAddr) -> NameAddr:
        """Return what From says."""
        return replace(ANONYMOUS, params=caller.params) if self.is_private else caller

    def identity(self, trunk: TrunkEntry | None, caller: str, local: Local) -> Fields:
        """Return P-Asserted-Identity and Privacy, if `trunk` is in the network of trust.

        `caller` is the user part that the application gives, empty for the caller's own.
        """
        if trunk is None or not trunk.asserted_identity or not (caller or self.asserted):
            return ()
        asserted = NameAddr(Uri("sip", local.host, user=caller or self.asserted))
        wish = (("Privacy", "id"),) if self.is_private else ()
        return (("P-Asserted-Identity", str(asserted)), *wish)


NOTHING = Passed()


def passed_of(request: Request, trunk: TrunkEntry | None, names: frozenset[str]) -> Passed:
    """Return what `request` hands on; it came from `trunk`, and `names` are on the list."""
    privacy = request.headers.get("Privacy") or ""
    asserted = _asserted(request) if trunk is not None and trunk.asserted_identity else ""
    if not (names or privacy or asserted):
        return NOTHING
    headers = tuple(
        (name, value)
        for name, value in request.headers
        if name.lower() in names or ("x-*" in names and name[:2].lower() == "x-")
    )
    return Passed(headers, asserted, privacy)


def _asserted(request: Request) -> str:
    """Return the user part of the first P-Asserted-Identity, "" without a readable one."""
    values = request.headers.listed("P-Asserted-Identity")
    if not values:
        return ""
    try:
        uri = read_name_addr(values[0]).uri
    except SyntaxFault:
        return ""
    return uri.number if isinstance(uri, TelUri) else (isinstance(uri, Uri) and uri.user) or ""


OURS = frozenset(
    [
        "b2bua-family",
        "via",
        "max-forwards",
        "from",
        "to",
        "call-id",
        "cseq",
        "contact",
        "route",
        "record-route",
        "require",
        "proxy-require",
        "supported",
        "unsupported",
        "allow",
        "content-type",
        "content-length",
        "content-encoding",
        "authorization",
        "proxy-authorization",
        "rseq",
        "rack",
        "replaces",
        "refer-to",
        "session-expires",
        "min-se",
        "expires",
        "identity",
        "p-asserted-identity",
        "p-preferred-identity",
        "privacy",
        "path",
        "service-route",
        "timestamp",
        "user-agent",
        "server",
        "event",
        "subscription-state",
        "content-disposition",
        "mime-version",
    ]
)
"""What a leg says for itself; no list can make it cross."""
