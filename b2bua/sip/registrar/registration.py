"""A REGISTER, read: what it asks of the registrar (RFC 3261 section 10.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from b2bua.sip.grammar import SyntaxFault, read_number, unescape
from b2bua.sip.message import Request, read_routes
from b2bua.sip.nexthop import RELIABLE, Hop
from b2bua.sip.registrar.binding import OURS, Binding, way_to
from b2bua.sip.uri import Uri
from b2bua.sip.values import NameAddr

EXTENSIONS = ("path", "outbound")
"""The option tags that a REGISTER may require."""
DEFAULT_EXPIRES = 3_600
"""Seconds that a contact is bound where nothing readable is said (10.2.1.1, 20.10)."""
MOST_EXPIRES = 2**32 - 1
_INSTANCE = re.compile(r'"?(<[!-~]{1,200}>)"?')
_Q = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a REGISTER changes nothing: a final status, and what goes with it."""

    status: int
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Registration:
    """What is asked: to remove `everything`, or to bind `wanted`, each for seconds (0: remove).

    With neither the bindings are asked for.  `expires_at` of a wanted binding is not set yet.
    """

    user: str
    call_id: str
    cseq: int
    wanted: tuple[tuple[Binding, int], ...] = ()
    everything: bool = False
    has_path: bool = False
    is_outbound: bool = False


def user_of(request: Request) -> str:
    """Return the user whose contacts a REGISTER is about: that of To (10.2); "" for none."""
    uri = request.to.uri
    return unescape(uri.user or "") if isinstance(uri, Uri) else ""


def read_registration(request: Request, source: Hop) -> Registration | Refused:
    """Read a REGISTER that came from `source`."""
    unknown = [tag for tag in request.headers.listed("Require") if tag not in EXTENSIONS]
    if unknown:
        return Refused(420, headers=(("Unsupported", ", ".join(unknown)),))
    everything = "*" in request.headers.get_all("Contact")
    given = _seconds(request.headers.get("Expires"))
    if everything and given != 0:
        return Refused(400, "Contact: * needs Expires: 0")
    try:
        path = tuple(request.headers.typed("Path", read_routes))
    except SyntaxFault as fault:
        return Refused(400, f"Path: {fault}")
    contacts = request.contacts
    if not all(isinstance(contact.uri, Uri) for contact in contacts):
        return Refused(400, "Contact: not a SIP URI")
    supported = {tag.lower() for tag in request.headers.listed("Supported")}
    is_outbound = "outbound" in supported and source.transport in RELIABLE and not path
    default = DEFAULT_EXPIRES if given is None else given
    return Registration(
        user_of(request),
        request.call_id,
        request.cseq.number,
        tuple(
            (_binding(contact, path, request, source, is_outbound), _expires(contact, default))
            for contact in contacts
        ),
        everything,
        bool(path),
        is_outbound and any(_reg_id(contact) for contact in contacts),
    )


def _binding(
    contact: NameAddr,
    path: tuple[NameAddr, ...],
    request: Request,
    source: Hop,
    is_outbound: bool,
) -> Binding:
    uri = contact.uri
    assert isinstance(uri, Uri), "checked before"
    bare = uri.without_headers()
    return Binding(
        user_of(request),
        bare,
        tuple(pair for pair in contact.params if pair[0] not in OURS),
        request.call_id,
        request.cseq.number,
        0.0,
        way_to(bare, path, request, source),
        _q(contact),
        path,
        _instance(contact),
        _reg_id(contact) if is_outbound else 0,
    )


def _expires(contact: NameAddr, default: int) -> int:
    given = contact.param("expires")
    if given is None:
        return default
    seconds = _seconds(given)
    return DEFAULT_EXPIRES if seconds is None else seconds


def _seconds(text: str | None) -> int | None:
    """Read seconds; None when there are none, or they cannot be read."""
    if text is None or not (text.isascii() and text.strip().isdigit()):
        return None
    return min(int(text.strip()[:12]), MOST_EXPIRES)


def _q(contact: NameAddr) -> float:
    given = contact.param("q")
    return float(given) if given and _Q.fullmatch(given) else 1.0


def _instance(contact: NameAddr) -> str:
    found = _INSTANCE.fullmatch(contact.param("+sip.instance") or "")
    return found[1] if found else ""


def _reg_id(contact: NameAddr) -> int:
    """Return the registration's number (RFC 5626 section 4.2); 0 without one, or an instance."""
    given = contact.param("reg-id")
    if not given or not _instance(contact):
        return 0
    try:
        return read_number(given, 2**31 - 1)
    except SyntaxFault:
        return 0
