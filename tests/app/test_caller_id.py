"""Whose number a call may show (rcml.md D-3)."""

from __future__ import annotations

import pytest

from b2bua.app.account_settings import Account
from b2bua.app.caller_id import NOT_OWNED, may_show, presented
from b2bua.routing.plan import NumberSettings, Offer, Ring, Target

OWN = NumberSettings(number="+15550001111", router="rcml", account_sid="AC1")
OTHERS = NumberSettings(number="+15550002222", router="rcml", account_sid="AC2")
CATCH_ALL = NumberSettings(number="*", router="rcml", account_sid="AC1")
OFFER = Offer(caller="+15553334444", called="+15550009999", number=CATCH_ALL)


def account(*caller_ids: str) -> Account:
    return Account(sid="AC1", auth_token="t", caller_ids=caller_ids)


def number_for(user: str) -> NumberSettings:
    return {one.number: one for one in (OWN, OTHERS)}.get(user, CATCH_ALL)


@pytest.mark.parametrize(
    ("holder", "caller_id", "may"),
    [
        (None, "+15559990000", True),
        (Account(sid="AC1", auth_token="t"), "+15559990000", True),
        (account(), "+15559990000", False),
        (account(), OWN.number, True),
        (account(), OTHERS.number, False),
        (account("+1555777*", "client:bob"), "+15557770001", True),
        (account("+1555777*", "client:bob"), "+1555776", False),
        (account("+1555777*", "client:bob"), "client:bob", True),
        (account("+1555777*", "client:bob"), "client:bobby", False),
        (account("*"), "anything", True),
    ],
)
def test_an_account_shows_its_own_and_what_its_list_has(
    holder: Account | None, caller_id: str, may: bool
) -> None:
    assert may_show(holder, caller_id, number_for) is may


@pytest.mark.parametrize("shown", ["", OFFER.caller, OFFER.called, OWN.number])
def test_the_numbers_of_the_call_may_always_be_shown(shown: str) -> None:
    ring = Ring((Target(number="+1"),), caller_id=shown)
    assert presented(ring, account(), OFFER, number_for) is ring


def test_no_target_is_rung_with_another_s_number() -> None:
    ring = Ring((Target(number="+1"), Target(uri="sip:a@b.example")), caller_id="+15559990000")
    refused = presented(ring, account(), OFFER, number_for)
    assert [target.problem and target.problem[0] for target in refused.targets] == [NOT_OWNED] * 2
