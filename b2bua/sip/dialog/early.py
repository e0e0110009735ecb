"""The early dialogs of a UAC: one for each To tag in the provisional responses (12.1.2).

A reliable response is acknowledged by a PRACK in its own early dialog, and taken in order: one that
comes again, or too early, is dropped (RFC 3262 section 4).  Only then is there a `Dialog`, with
numbers and a target; who answers without any of this costs no more than its tag.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.sip.dialog.dialog import Dialog
from b2bua.sip.grammar import SyntaxFault, read_number
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop

RELIABLE = "100rel"
MOST_RSEQ = 2**32 - 1


@dataclass(slots=True)
class Early:
    """What one branch of a far fork has said; `sdp` is its description.

    `rseq` is that of its last reliable response, 0 before.  `is_agreed`: its answer came in one of
    these, so the session may be changed before the 2xx; by UPDATE, if it `takes_update`.
    """

    sdp: bytes | None = None
    dialog: Dialog | None = None
    rseq: int = 0
    is_agreed: bool = False
    takes_update: bool = False


def rseq_of(response: Response) -> int:
    """Return the number of a reliable provisional response, 0 for any other."""
    value = response.headers.get("RSeq")
    if value is None or RELIABLE not in response.headers.listed("Require"):
        return 0
    try:
        return read_number(value, MOST_RSEQ)
    except SyntaxFault:
        return 0


def take(
    early: Early, invite: Request, response: Response, rseq: int, hop: Hop
) -> tuple[Request, Hop] | None:
    """Take a reliable response: return its PRACK, or None if it is to be dropped."""
    if early.rseq and rseq != early.rseq + 1:
        return None
    early.rseq = rseq
    if early.dialog is None:
        early.dialog = Dialog.of_uac(invite, response, hop)
    else:
        early.dialog.refresh(response)
    early.is_agreed = early.is_agreed or response.sdp is not None
    early.takes_update = takes_update(response)
    return early.dialog.request("PRACK", [("RAck", f"{rseq} {invite.cseq}")])


def takes_update(message: Request | Response) -> bool:
    """Whether the peer says that it takes UPDATE (RFC 3311 section 5.1)."""
    return "UPDATE" in message.headers.listed("Allow")


def confirmed(early: Early | None, invite: Request, response: Response, hop: Hop) -> Dialog:
    """Return the dialog that a 2xx makes of an early one, or that it begins (13.2.2.4)."""
    if early is None or early.dialog is None:
        return Dialog.of_uac(invite, response, hop)
    early.dialog.confirm(response)
    return early.dialog
