"""What a response means: read against the request it answers, as an input of one of the tables."""

from __future__ import annotations

from b2bua.sip.dialog import session_timer
from b2bua.sip.dialog.authentication import numbered
from b2bua.sip.dialog.effects import Begin
from b2bua.sip.dialog.offer_answer import Exchange
from b2bua.sip.dialog.usage import Input, State, Usage
from b2bua.sip.message import Request, Response


def is_of_first_invite(u: Usage, request: Request) -> bool:
    """Whether `request` of ours is the INVITE that began the session, in whichever try."""
    if u.is_uas or request.method != "INVITE":
        return False
    return request.cseq.number <= u.invite.cseq.number


def is_of_earlier_try(u: Usage, request: Request) -> bool:
    """Whether `request` is the first INVITE as it was before it was challenged."""
    return is_of_first_invite(u, request) and request.cseq != u.invite.cseq


def of_first_invite(u: Usage, response: Response) -> tuple[Input, Response | Request]:
    """Return what a response to the first INVITE is to the usage, with the row's payload."""
    if response.is_provisional:
        return Input.RESPONSE_1XX, response
    if response.is_success:
        makes_offer = u.invite.sdp is None and response.sdp is not None
        return (Input.RESPONSE_2XX_WITH_OFFER if makes_offer else Input.RESPONSE_2XX), response
    again = _again(u, response) if u.state is State.CALLING else None
    return (Input.RESPONSE_300_699, response) if again is None else (Input.CHALLENGED, again)


def _again(u: Usage, response: Response) -> Request | None:
    """Return the first INVITE as `response` wants it: with credentials, or a longer interval."""
    number = u.invite.cseq.number + 1
    if "Session-Expires" in u.invite.headers and session_timer.lengthen(u, response):
        longer = numbered(u.invite, number)
        longer.headers.set("Session-Expires", str(max(u.min_se, u.policy.session_expires)))
        longer.headers.set("Min-SE", str(u.min_se))
        return longer
    return u.authentication.retry(u.invite, response, number) if u.authentication else None


def challenged(u: Usage, exchange: Exchange, request: Request, response: Response) -> Begin | None:
    """Return `request`, one in the dialog, with the credentials that `response` asks for.

    None if it asks for none, if we have none or none for that destination, or if nobody is
    interested in the request any more.  A BYE is of interest even when the session is over.
    """
    if u.authentication is None or response.status not in (401, 407):
        return None
    dialog = u.dialog_of(request)
    if dialog is None:
        return None
    wanted = exchange.awaits(request) if request.method == "INVITE" else u.state is not State.ENDED
    hop = dialog.hop()
    # The credentials are for whom we called; a Contact does not decide who else is shown them.
    if hop.host != u.hop.host or not (wanted or request.method == "BYE"):
        return None
    again = u.authentication.retry(request, response, dialog.local_cseq + 1)
    if again is None:
        return None
    dialog.renumber()
    return Begin(again, hop)
