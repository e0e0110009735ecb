"""Whose number a call may show, for accounts that are held to their own (rcml.md D-3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from b2bua.app.account_settings import Account
from b2bua.routing.plan import NumberSettings, Offer, Ring

NOT_OWNED = 13214

NumberFor = Callable[[str], NumberSettings | None]


def may_show(account: Account | None, caller_id: str, number_for: NumberFor) -> bool:
    """Whether calls of `account` may come from `caller_id`.

    They may when the account is not held to a list, or owns it.
    """
    return account is None or account.caller_ids is None or owns(account, caller_id, number_for)


def owns(account: Account, caller_id: str, number_for: NumberFor) -> bool:
    """Whether the account's list has `caller_id`, or calls *to* it are the account's.

    A catch-all entry of the settings makes no number an account's own.
    """
    if any(_is_meant(pattern, caller_id) for pattern in account.caller_ids or ()):
        return True
    number = number_for(caller_id)
    return number is not None and (number.number, number.account_sid) == (caller_id, account.sid)


def presented(ring: Ring, account: Account | None, offer: Offer, number_for: NumberFor) -> Ring:
    """Return `ring`; where its caller id is not the account's, none of its targets is rung.

    The two numbers of the call itself may always be shown: who calls, and who was called.
    """
    shown = ring.caller_id
    if shown in ("", offer.caller, offer.called) or may_show(account, shown, number_for):
        return ring
    problem = (NOT_OWNED, f"the account may not show the callerId {shown}")
    return replace(ring, targets=tuple(replace(one, problem=problem) for one in ring.targets))


def _is_meant(pattern: str, caller_id: str) -> bool:
    if pattern.endswith("*"):
        return caller_id.startswith(pattern[:-1])
    return caller_id == pattern
