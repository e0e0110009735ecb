"""Requests that arrive in the dialog: which are taken, and what the others hear (12.2.2).

A request of another branch of a fork, or of an early dialog that came to nothing, is in no dialog.
"""

from __future__ import annotations

from b2bua.sip.dialog import capabilities, session_timer
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
    dialog = u.dialog_of_peer(request)
    if dialog is not None and not dialog.takes(request):
        return (u.reply(request, 500, "Out of order"),)
    if request.method == "NOTIFY":
        return (u.reply(request, 481, "Subscription does not exist"),)  # RFC 6665 section 4.1.3
    refusal = (
        capabilities.refuse_method(request)
        or _refuse_interval(u, request)
        or capabilities.refuse_extension(request)
        or _refuse_content(request)
    )
    if refusal is not None:
        return (Reply(request, refusal),)
    return _refuse_early_offer(u, request) if request.method == "UPDATE" else ()


def _refuse_interval(u: Usage, request: Request) -> Response | None:
    if request.method not in ("INVITE", "UPDATE"):
        return None
    least = session_timer.too_small(request, u.policy.min_se)
    return None if least is None else request.reply(422, headers=least)


def _refuse_early_offer(u: Usage, update: Request) -> Effects:
    """Refuse an UPDATE whose offer comes before the first one has its answer (RFC 3311 5.2)."""
    if update.sdp is None or u.state in (State.CONFIRMED, State.ENDED):
        return ()
    if u.state in (State.ACCEPTED, State.BYE_HELD):
        makes_offer = u.answer is not None and u.answer.makes_offer
        return (u.reply(update, 491),) if makes_offer else ()
    if u.state is State.ACK_HELD:
        return (u.reply_later(update),)
    if u.is_agreed and (u.is_uas or update.from_.tag == u.agreed_tag):
        return ()
    return (u.reply_later(update),) if u.is_uas else (u.reply(update, 491),)


def _outside(u: Usage, request: Request) -> Reply | None:
    tag = request.from_.tag
    ours = tag == u.dialog.remote.tag if u.has_dialog else tag in u.early
    if ours and (u.state is not State.ENDED or request.method == "BYE"):
        return None
    # A branch that we have hung up on may hang up at the same time.
    status = 200 if request.method == "BYE" and tag in u.strays else 481
    return u.reply(request, status)


def _refuse_content(request: Request) -> Response | None:
    if request.method in ("INVITE", "UPDATE", "PRACK"):
        return capabilities.refuse_body(request)
    if request.method == "INFO" and "Info-Package" in request.headers:
        return request.reply(469, headers=[("Recv-Info", "")])  # RFC 6086 section 4.2.2
    return None


def answer(u: Usage, request: Request) -> Effects:
    """Answer an OPTIONS (11.2), an UPDATE without an offer, or an INFO.

    An UPDATE refreshes the target (RFC 3311); the body of an INFO is passed on (RFC 2976).
    """
    if request.method == "OPTIONS":
        return (Reply(request, capabilities.describe(request)),)
    if request.method == "UPDATE":
        if (dialog := u.dialog_of_peer(request)) is not None:
            dialog.refresh(request)
        return u.updated(request)
    informed = Informed(request.content_type or "", request.body)
    return (u.reply(request, 200), Report(informed))


def refuse_invite(u: Usage, request: Request) -> Effects:
    """Refuse an INVITE in a dialog whose first INVITE is not done with (14.2)."""
    if u.state is State.INVITED:
        return (u.reply_later(request),)
    return (u.reply(request, 491),)
