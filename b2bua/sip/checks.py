"""What makes a split message a well-formed one.

Every field that typed access will read is in its usual form, or is read here.  Fields that nobody
needs are not judged: a malformed Date is no reason to lose a call (RFC 3261 section 8.2, RFC 4475
section 3.1.2.12).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from b2bua.sip import message
from b2bua.sip.grammar import SyntaxFault, is_token, split_list
from b2bua.sip.head import Head, Limits, Refusal
from b2bua.sip.headers import Headers
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.uri import AnyUri, Uri, read_uri
from b2bua.sip.usual import is_usual

_STATUS_LINE = re.compile(r"(?i)SIP/2\.0 ([1-6][0-9]{2})(?: (.*+))?")
_VERSION = re.compile(r"(?i)SIP/[0-9]++\.[0-9]++")

# In the order in which a fault is best told.
_READ: tuple[tuple[str, Callable[[list[str]], Any]], ...] = (
    ("Via", message.read_vias),
    ("Call-ID", message.read_call_id),
    ("From", message.read_one_name_addr),
    ("To", message.read_one_name_addr),
    ("CSeq", message.read_one_cseq),
    ("Max-Forwards", message.read_max_forwards),
    ("Content-Type", message.read_content_type),
    ("Contact", message.read_contacts),
    ("Route", message.read_routes),
    ("Record-Route", message.read_routes),
)


def read_message(head: Head, body: bytes, limits: Limits) -> Message:
    """Make a message of `head`; no typed property of it raises.

    Raises:
        Refusal: it is malformed, of another version (505), or over a limit.
    """
    if is_response(head.start):
        return _read_response(head, body, limits)
    method, uri = _read_request_line(head.start, limits)
    _check_fields(head, limits)
    request = Request(method, uri, head.headers, body)
    if request.cseq.method != method:
        raise Refusal(400, "CSeq is of another method")
    return request


def is_response(start: str) -> bool:
    """Whether a start line begins as a status line does."""
    return start[:4].upper() == "SIP/"


def _read_response(head: Head, body: bytes, limits: Limits) -> Response:
    match = _STATUS_LINE.fullmatch(head.start)
    if match is None:
        raise Refusal(400, "Malformed status line")
    _check_fields(head, limits)
    reason = (match[2] or "").replace("\t", " ")
    return Response(int(match[1]), reason, head.headers, body)


def _read_request_line(start: str, limits: Limits) -> tuple[str, AnyUri]:
    method, _, rest = start.partition(" ")
    text, _, version = rest.rpartition(" ")
    if not is_token(method) or _VERSION.fullmatch(version) is None:
        raise Refusal(400, "Malformed request line")
    if version[4:] != "2.0":
        raise Refusal(505, "Version Not Supported")
    if text.count(";") > limits.params:
        raise Refusal(400, "Too many parameters")
    try:
        uri = read_uri(text)
    except SyntaxFault as fault:
        raise Refusal(400, f"Request-URI: {fault}") from None
    if isinstance(uri, Uri) and uri.headers:
        raise Refusal(400, "Request-URI with header fields")  # 19.1.1
    return method, uri


def _check_fields(head: Head, limits: Limits) -> None:
    headers = head.headers
    if is_usual(headers.by_name):
        if head.separators > limits.least_many:
            _check_limits(headers, limits)
        return
    _check_limits(headers, limits)
    name = ""
    try:
        for name, read in _READ:
            headers.typed(name, read)
    except SyntaxFault as fault:
        raise Refusal(400, f"{name}: {fault}") from None
    if any(via.version != "2.0" for via in headers.typed("Via", message.read_vias)):
        raise Refusal(400, "Via: of another version")


def _check_limits(headers: Headers, limits: Limits) -> None:
    """Count by separators before anything is read, and exactly only where that is too many."""
    semicolons = 0
    for name, most in (
        ("Via", limits.vias),
        ("From", 1),
        ("To", 1),
        ("Contact", limits.contacts),
        ("Route", limits.routes),
        ("Record-Route", limits.routes),
    ):
        count = 0
        for value in headers.lines(name):
            count += 1 + value.count(",")
            in_value = value.count(";")
            semicolons += in_value
            if in_value > limits.params and _most_params(value) > limits.params:
                raise Refusal(400, f"Too many parameters in {name}")
        if count > most and len(headers.listed(name)) > most:
            raise Refusal(400, f"Too many values of {name}")
    if semicolons > limits.params_in_all:
        raise Refusal(400, "Too many parameters")


def _most_params(value: str) -> int:
    return max([_params(element) for element in split_list(value)])


def _params(element: str) -> int:
    """Count the parameters of a URI in brackets, or those outside, whichever are more."""
    inside = element[element.find("<") + 1 : element.rfind(">")] if "<" in element else ""
    of_uri = inside.count(";")
    return max(of_uri, element.count(";") - of_uri)
