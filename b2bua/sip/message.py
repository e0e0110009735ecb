"""Requests and responses, the typed view of their fields, and the replies a request can be given.

A message that came from `reader` has had its mandatory fields checked, so no property here raises
for it.  A message of our own making raises `SyntaxFault` when a field it is asked for is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from b2bua.sip.grammar import SyntaxFault, read_number, split_list
from b2bua.sip.headers import Headers
from b2bua.sip.multipart import find_part
from b2bua.sip.uri import AnyUri, Uri
from b2bua.sip.values import (
    CSeq,
    NameAddr,
    Via,
    read_cseq,
    read_name_addr,
    read_via,
)

REGISTERED_METHODS = frozenset(
    [
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    ]
)
"""The methods that IANA knows."""

REASONS = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    199: "Early Dialog Terminated",
    200: "OK",
    202: "Accepted",
    204: "No Notification",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    428: "Use Identity Header",
    429: "Provide Referrer Identity",
    430: "Flow Failed",
    433: "Anonymity Disallowed",
    436: "Bad Identity Info",
    437: "Unsupported Credential",
    438: "Invalid Identity Header",
    439: "First Hop Lacks Outbound Support",
    440: "Max-Breadth Exceeded",
    469: "Bad Info Package",
    470: "Consent Needed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    494: "Security Agreement Required",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    580: "Precondition Failure",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
    607: "Unwanted",
    608: "Rejected",
}
"""The reason phrases of the registered status codes."""

_CALL_ID = re.compile(r"[!-~]++")
_CLASSES = {1: "Progress", 2: "OK", 3: "Redirection", 4: "Client Error", 5: "Server Error"}


def reason_for(status: int) -> str:
    """Return the registered phrase for `status`, or one for its class."""
    return REASONS.get(status) or _CLASSES.get(status // 100, "Global Failure")


def read_vias(values: list[str]) -> list[Via]:
    """Read all Via values, the topmost first; at least one."""
    if not values:
        raise SyntaxFault("missing")
    return [read_via(part) for value in values for part in split_list(value)]


def read_contacts(values: list[str]) -> list[NameAddr]:
    """Read the values of Contact; the `*` of a REGISTER gives none."""
    if values == ["*"]:
        return []
    return [read_name_addr(part) for value in values for part in split_list(value)]


def read_routes(values: list[str]) -> list[NameAddr]:
    """Read the values of Route or Record-Route: SIP URIs."""
    routes = [read_name_addr(part) for value in values for part in split_list(value)]
    if not all(isinstance(route.uri, Uri) for route in routes):
        raise SyntaxFault("not a SIP URI")
    return routes


def read_call_id(values: list[str]) -> str:
    """Read Call-ID: visible ASCII, wider than the grammar's words."""
    call_id = _only(values)
    if _CALL_ID.fullmatch(call_id) is None:
        raise SyntaxFault("malformed")
    return call_id


def read_one_name_addr(values: list[str]) -> NameAddr:
    """Read From or To."""
    return read_name_addr(_only(values))


def read_one_cseq(values: list[str]) -> CSeq:
    """Read CSeq."""
    return read_cseq(_only(values))


def read_max_forwards(values: list[str]) -> int | None:
    """Read Max-Forwards, 0 to 255; None when absent (RFC 2543)."""
    return read_number(_only(values), 255) if values else None


def read_content_type(values: list[str]) -> str | None:
    """Read the media type alone, in lower case; None when absent."""
    return _only(values).partition(";")[0].strip(" ").lower() if values else None


def _only(values: list[str]) -> str:
    if len(values) != 1:
        raise SyntaxFault("missing" if not values else "given more than once")
    return values[0]


class _Fields:
    """The typed view that requests and responses share."""

    __slots__ = ()

    headers: Headers
    body: bytes

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return self.headers.typed("Via", read_vias)[0]

    @property
    def vias(self) -> list[Via]:
        """All Via values, the topmost first."""
        return [*self.headers.typed("Via", read_vias)]

    @property
    def from_(self) -> NameAddr:
        return self.headers.typed("From", read_one_name_addr)

    @property
    def to(self) -> NameAddr:
        return self.headers.typed("To", read_one_name_addr)

    @property
    def call_id(self) -> str:
        return self.headers.typed("Call-ID", read_call_id)

    @property
    def cseq(self) -> CSeq:
        return self.headers.typed("CSeq", read_one_cseq)

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact."""
        contacts = self.headers.typed("Contact", read_contacts)
        return contacts[0] if contacts else None

    @property
    def contacts(self) -> list[NameAddr]:
        return [*self.headers.typed("Contact", read_contacts)]

    @property
    def record_routes(self) -> list[NameAddr]:
        """All Record-Route values, the topmost first."""
        return [*self.headers.typed("Record-Route", read_routes)]

    @property
    def routes(self) -> list[NameAddr]:
        """All Route values, the topmost first."""
        return [*self.headers.typed("Route", read_routes)]

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, 0 to 255, None when absent."""
        return self.headers.typed("Max-Forwards", read_max_forwards)

    @property
    def content_type(self) -> str | None:
        """The media type of the body in lower case, without its parameters."""
        return self.headers.typed("Content-Type", read_content_type)

    @property
    def sdp(self) -> bytes | None:
        """The session description: the body, or the first such part of a multipart body."""
        kind = self.content_type
        if kind == "application/sdp":
            return self.body
        if kind is None or not kind.startswith("multipart/"):
            return None
        return find_part(self.headers.get("Content-Type") or "", self.body, "application/sdp")


@dataclass(slots=True)
class Request(_Fields):
    """A request (section 7.1)."""

    method: str
    uri: AnyUri
    headers: Headers
    body: bytes = b""

    def reply(
        self,
        status: int,
        reason: str = "",
        to_tag: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> Response:
        """Return a response to this request (8.2.6).

        Via, From, To, Call-ID and CSeq are this request's, as it wrote them; one that it lacks is
        left out.  `to_tag` is put on a To that has no tag, except in a 100.  Record-Route crosses
        into 101-299 to an INVITE (12.1.1), Timestamp into a 100 (8.2.6.1).
        """
        kept = {"Via", "From", "Call-ID", "CSeq"}
        if status == 100:
            kept.add("Timestamp")
        elif status < 300 and self.method == "INVITE":
            kept.add("Record-Route")
        fields = []
        for name, value in self.headers:
            if name in kept:
                fields.append((name, value))
            elif name == "To":
                fields.append((name, self._tagged(value, to_tag if status > 100 else None)))
        answer = Headers.of_canonical(fields)
        for name, value in headers:
            answer.add(name, value)
        if content_type is not None:
            answer.add("Content-Type", content_type)
        return Response(status, reason or reason_for(status), answer, body)

    def _tagged(self, to: str, tag: str | None) -> str:
        if tag is None:
            return to
        try:
            # Appending is right for both forms: outside brackets parameters are the field's.
            return to if self.to.tag else f"{to};tag={tag}"
        except SyntaxFault:
            return to  # a malformed request is answered with its own To


@dataclass(slots=True)
class Response(_Fields):
    """A response (section 7.2).  `status` is 100 to 699."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    @property
    def is_provisional(self) -> bool:
        """Whether it is a 1xx."""
        return self.status < 200

    @property
    def is_success(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether it is not a 1xx."""
        return self.status >= 200


Message = Request | Response
