"""Requests that arrive in the dialog: which are taken, and what the others hear (12.2.2).

A request of another branch of a fork, or of an early dialog that came to nothing, is in no dialog.
"""

from __future__ import annotations

from b2bua.sip.dialog import capabilities
from b2bua.sip.dialog.effects import Effects, Reply, Report
from b2bua.sip.dialog.events import Informed
from b2bua.sip.dialog.usage import State, Usage
from b2bua.sip.message import Request, Response


def refuse(u: Usage, request: Request) -> Effects:
    """Return the refusal of `request`, or nothing if it is for the session to answer.

    Notes the sequence number of what is in order.
    """
    outside = _outside(u, request)
    if outside is not None:
        return (outside,)
    if u.has_dialog and not u.dialog.takes(request):
        return (u.reply(request, 500, "Out of order"),)
    refusal = (
        capabilities.refuse_method(request)
        or capabilities.refuse_extension(request)
        or _refuse_content(request)
    )
    return () if refusal is None else (Reply(request, refusal),)


def _outside(u: Usage, request: Request) -> Reply | None:
    tag = request.from_.tag
    ours = tag == u.dialog.remote.tag if u.has_dialog else tag in u.early
    if ours and (u.state is not State.ENDED or request.method == "BYE"):
        return None
    # A branch that we have hung up on may hang up at the same time.
    status = 200 if request.method == "BYE" and tag in u.strays else 481
    return u.reply(request, status)


def _refuse_content(request: Request) -> Response | None:
    if request.method == "INVITE":
        return capabilities.refuse_body(request)
    if request.method == "INFO" and "Info-Package" in request.headers:
        return request.reply(469, headers=[("Recv-Info", "")])  # RFC 6086 section 4.2.2
    return None


def answer(u: Usage, request: Request) -> Effects:
    """Answer an OPTIONS (11.2), or an INFO, whose body is passed on (RFC 2976)."""
    if request.method == "OPTIONS":
        return (Reply(request, capabilities.describe(request)),)
    informed = Informed(request.content_type or "", request.body)
    return (u.reply(request, 200), Report(informed))


def refuse_invite(u: Usage, request: Request) -> Effects:
    """Refuse an INVITE in a dialog whose first INVITE is not done with (14.2)."""
    if u.state is State.INVITED:
        return (u.reply_later(request),)
    return (u.reply(request, 491),)
