"""Incoming phone numbers over a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from b2bua.routing.plan import Event, NumberSettings, StatusPlan
from b2bua.store.kept_numbers import KeptNumbers
from b2bua.store.numbers import NumberRecord
from tests.store.conftest import Store
from tests.store.test_outbox import found


class Life:
    """One process, of many on one file."""

    def __init__(self, folder: Path, after: float = 0.0) -> None:
        self.store = Store("sqlite:///numbers.sqlite", folder, now=1_700_000_000.0 + after)
        self.numbers = KeptNumbers(10, self.store.writer, self.store.places.next)

    def put(self, record: NumberRecord) -> bool:
        return found(self.numbers.put(record), self.store.clock)

    def remove(self, sid: str) -> bool:
        return found(self.numbers.remove("AC1", sid), self.store.clock)

    def again(self) -> Life:
        self.store.database.close()
        after = Life(self.store.folder, after=1_000)
        found(after.numbers.load())
        return after


def record(life: Life, sid: str, number: str, **more: Any) -> NumberRecord:
    plan = NumberSettings(
        number,
        "rcml",
        "AC1",
        "http://app.example/",
        status=StatusPlan("http://app.example/s", "GET", frozenset(Event)),
        targets=("sip:x@y",),
    )
    place = life.numbers.next_place()
    made = NumberRecord(sid, place, plan, "Küche", 1.0, 2.0, (("SmsUrl", "http://x/"),))
    return replace(made, **more)


def test_a_number_is_the_same_after_a_restart(tmp_path: Path) -> None:
    life = Life(tmp_path)
    made = record(life, "PN1", "+1555")
    assert life.put(made)
    assert life.again().numbers.find("+1555") == made


def test_the_last_change_counts_and_what_is_given_up_is_free_again(tmp_path: Path) -> None:
    life = Life(tmp_path)
    first = record(life, "PN1", "+1555")
    life.put(first)
    life.put(replace(first, friendly_name="hall"))
    life.put(record(life, "PN2", "+1556"))
    assert life.remove("PN2")
    assert life.put(record(life, "PN3", "+1556"))
    assert not life.put(record(life, "PN4", "+1555"))
    after = life.again()
    assert len(after.numbers) == 2
    hall, other = after.numbers.find("+1555"), after.numbers.find("+1556")
    assert hall is not None
    assert other is not None
    assert (hall.friendly_name, other.sid) == ("hall", "PN3")


def test_a_number_is_taken_while_the_database_is_away_and_written_when_it_is_back(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path)
    life.store.database.is_there = False
    assert life.put(record(life, "PN1", "+1555"))
    assert life.numbers.find("+1555") is not None
    life.store.database.is_there = True
    life.store.clock.advance(2)
    assert life.again().numbers.find("+1555") is not None
