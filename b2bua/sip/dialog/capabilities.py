"""What a user agent of ours can do, and how it says no to the rest (sections 8.2 and 11)."""

from __future__ import annotations

from b2bua.sip.message import REGISTERED_METHODS, Request, Response
from b2bua.sip.transaction.matching import COOKIE
from b2bua.sip.uri import TelUri, Uri

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "INFO", "OPTIONS", "PRACK", "UPDATE", "REFER")
"""The methods that we take, for Allow."""

EXTENSIONS = ("100rel", "timer", "replaces")
"""The option tags of the extensions that we have, for Supported."""

ACCEPTED = ("application/sdp", "application/dtmf-relay", "application/dtmf")
"""The media types that we read, for Accept."""

NEED_A_DIALOG = frozenset({"BYE", "INFO", "NOTIFY", "PRACK", "REFER", "UPDATE"})
"""Methods that get 481 outside of any dialog, whether we have them or not (12.2.2)."""

ALLOW = ("Allow", ", ".join(METHODS))
ACCEPT = ("Accept", ", ".join(ACCEPTED))
SUPPORTED = ("Supported", ", ".join(EXTENSIONS))


def refuse_method(request: Request, to_tag: str | None = None) -> Response | None:
    """Return 405, or 501 for a method nobody has registered; None for one that we take."""
    if request.method in METHODS:
        return None
    status = 405 if request.method in REGISTERED_METHODS else 501  # 21.4.6, 21.5.2
    return request.reply(status, to_tag=to_tag, headers=[ALLOW])


def unsupported(request: Request) -> list[str]:
    """Return the extensions that `request` requires and we do not have (8.2.2.3)."""
    return [tag for tag in request.headers.listed("Require") if tag not in EXTENSIONS]


def refuse_extension(request: Request, to_tag: str | None = None) -> Response | None:
    """Return 420 with Unsupported if `request` requires what we do not have, else None."""
    unknown = unsupported(request)
    if not unknown:
        return None
    return request.reply(420, to_tag=to_tag, headers=[("Unsupported", ", ".join(unknown))])


def refuse_scheme(request: Request, to_tag: str | None = None) -> Response | None:
    """Return 416 for a Request-URI that is neither SIP nor a telephone number (8.2.2.1)."""
    return None if isinstance(request.uri, Uri | TelUri) else request.reply(416, to_tag=to_tag)


def refuse_body(request: Request, to_tag: str | None = None) -> Response | None:
    """Return 415 for an INVITE whose body holds no session description, else None (8.2.3)."""
    if not request.body or request.sdp is not None:
        return None
    return request.reply(415, to_tag=to_tag, headers=[("Accept", "application/sdp")])


def refuse_invite(request: Request, to_tag: str) -> Response | None:
    """Return the refusal that an INVITE outside any dialog deserves before it is a call, or None.

    That is 416 for a URI that nobody can be rung by, 420 for an extension we do not have, 415 for
    a body that is no session description, 406 for a caller who would not read ours, and 400
    without a Contact (8.1.1.8).
    """
    return (
        refuse_scheme(request, to_tag)
        or refuse_extension(request, to_tag)
        or refuse_body(request, to_tag)
        or _refuse_accept(request, to_tag)
        or _refuse_contact(request, to_tag)
    )


def _refuse_accept(request: Request, to_tag: str) -> Response | None:
    """Return 406 if no 2xx of ours could be read: it holds a session description (20.1)."""
    if "Accept" not in request.headers:
        return None
    ranges = [one.partition(";")[0].strip().lower() for one in request.headers.listed("Accept")]
    readable = {"application/sdp", "application/*", "*/*"}
    return None if readable.intersection(ranges) else request.reply(406, to_tag=to_tag)


def _refuse_contact(request: Request, to_tag: str) -> Response | None:
    """Return 400 without a Contact; From serves as one for a peer of RFC 2543 (its 6.13)."""
    is_old = not (request.via.branch or "").startswith(COOKIE)
    if is_old or request.contact is not None:
        return None
    return request.reply(400, "Contact missing", to_tag)


def answer_outside(request: Request, to_tag: str) -> Response:
    """Return the answer to a request, not an INVITE, that belongs to no dialog (8.2, 11.2)."""
    if request.method in NEED_A_DIALOG:
        return request.reply(481, to_tag=to_tag)
    return (
        refuse_method(request, to_tag)
        or refuse_scheme(request, to_tag)
        or refuse_extension(request, to_tag)
        or describe(request, to_tag)
    )


def describe(request: Request, to_tag: str | None = None) -> Response:
    """Return the 200 to an OPTIONS: what we take, read and support (11.2)."""
    return request.reply(200, to_tag=to_tag, headers=[ALLOW, ACCEPT, SUPPORTED])


def in_invite() -> tuple[tuple[str, str], ...]:
    """Return what an INVITE and a 2xx to it say of us (13.2.1, 13.3.1.4)."""
    return (ALLOW, SUPPORTED)


def without_offer() -> tuple[tuple[str, str], ...]:
    """Return what an INVITE without an offer says of us.

    Nobody may send it a reliable 18x, whose offer the PRACK would have to answer (RFC 3262
    section 5): the answer is a caller's, and comes when there is a 2xx.
    """
    return (ALLOW, ("Supported", ", ".join(tag for tag in EXTENSIONS if tag != "100rel")))
