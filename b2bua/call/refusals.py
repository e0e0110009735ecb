"""What a SIP refusal means to an application, and which one the caller hears."""

from __future__ import annotations

from collections.abc import Iterable

from b2bua.routing.plan import Status

BUSY = frozenset({486, 600})
NO_ANSWER = frozenset({480, 603, 607, 608})
BAD_GATEWAY = 502
# A challenge is between us and the callee; a 503 speaks of our next hop (RFC 3261 16.7 point 6),
# and a 500 would of us.
NOT_PASSED_ON = {401: 403, 407: 403, 503: BAD_GATEWAY}

MEDIA_TIMEOUT = (53405, "no media was received")
BAD_DESCRIPTION = 13224


def status_of_refusal(status: int, rang: bool) -> Status:
    """Return the leg's final status for a SIP refusal nobody here asked for (rcml.md 6.7).

    `rang` says whether an 18x came before: a 408 then means that nobody took the call.
    """
    if status in BUSY:
        return Status.BUSY
    if status in NO_ANSWER or (status == 408 and rang):
        return Status.NO_ANSWER
    return Status.FAILED


def aggregated(statuses: Iterable[Status]) -> Status:
    """Return the status of a whole attempt without a winner (rcml.md A-1)."""
    seen = set(statuses)
    for status in (Status.NO_ANSWER, Status.BUSY):
        if status in seen:
            return status
    return Status.FAILED


def refusal_for_caller(status: Status, sip_status: int | None) -> tuple[int, str]:
    """Return what an unanswered caller is told when nobody was reached.

    The deciding leg's own refusal is passed on where it is one that a caller can use.
    """
    if sip_status is not None and 400 <= sip_status < 700 and sip_status != 487:
        return NOT_PASSED_ON.get(sip_status, sip_status), ""
    if status is Status.BUSY:
        return 486, "Busy Here"
    if status is Status.NO_ANSWER:
        return 480, "Temporarily Unavailable"
    return BAD_GATEWAY, "Bad Gateway"
