"""Numbers: found at once by whoever dials them, and only one account's."""

from __future__ import annotations

from dataclasses import replace

from b2bua.routing.plan import NumberSettings
from b2bua.store.numbers import MemoryNumbers, NumberRecord
from b2bua.store.paging import Mark
from tests.store.test_calls import now


def record(place: int, number: str, account: str = "AC1") -> NumberRecord:
    plan = NumberSettings(number, "rcml", account)
    return NumberRecord(f"PN{place}", place, plan, f"name {place}", 0.0, 0.0)


def test_a_number_is_found_by_what_is_dialled() -> None:
    numbers = MemoryNumbers(10)
    assert now(numbers.put(record(1, "+1")))
    found = numbers.find("+1")
    assert found is not None
    assert found.sid == "PN1"
    assert numbers.find("+2") is None


def test_a_number_has_one_owner() -> None:
    numbers = MemoryNumbers(10)
    assert now(numbers.put(record(1, "+1")))
    assert not now(numbers.put(record(2, "+1", "AC2")))
    assert len(numbers) == 1


def test_a_number_that_moves_is_found_under_its_new_name_alone() -> None:
    numbers = MemoryNumbers(10)
    before = record(1, "+1")
    now(numbers.put(before))
    assert now(numbers.put(replace(before, plan=replace(before.plan, number="+2"))))
    assert numbers.find("+1") is None
    assert numbers.find("+2") is not None


def test_each_account_has_its_own_room() -> None:
    numbers = MemoryNumbers(1)
    now(numbers.put(record(1, "+1")))
    assert not numbers.has_room("AC1")
    assert numbers.has_room("AC2")


def test_pages_hold_one_accounts_numbers() -> None:
    numbers = MemoryNumbers(10)
    for place in (1, 2, 3):
        now(numbers.put(record(place, f"+{place}")))
    now(numbers.put(record(4, "+4", "AC2")))
    page = now(numbers.page("AC1", "", "", None, 2))
    assert [each.place for each in page.records] == [3, 2]
    page = now(numbers.page("AC1", "", "", Mark(2), 2))
    assert [each.place for each in page.records] == [1]


def test_only_the_owner_can_give_a_number_up() -> None:
    numbers = MemoryNumbers(10)
    now(numbers.put(record(1, "+1")))
    assert not now(numbers.remove("AC2", "PN1"))
    assert now(numbers.remove("AC1", "PN1"))
    assert numbers.find("+1") is None
