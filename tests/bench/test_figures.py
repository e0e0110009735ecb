"""The bench's arithmetic, its readers and its writers."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from bench.endurance import back_after
from bench.figures import highest, number, percentile, shown
from bench.ng import encoded
from bench.plan import Entry, UnaskedError, interleaved
from bench.processes import LostRunError, family, memory, processor
from bench.sipp import Load, Outcome, response_times
from bench.table import OURS, Row, Table


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (1.0, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile([*range(100, 0, -1)], share) == value


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize("limit", [40, 99, 100, 130, 900])
@pytest.mark.parametrize("first", [50.0, 100.0, 1000.0])
def test_the_highest_rate_is_found_from_either_side(limit: float, first: float) -> None:
    found = highest(lambda rate: rate <= limit, first, probes=30)
    assert limit / 1.06 <= found <= limit


def test_a_search_ends_when_its_trials_are_used_up() -> None:
    tried: list[float] = []

    def is_kept(rate: float) -> bool:
        tried.append(rate)
        return False

    assert highest(is_kept, 100, probes=4) == 0
    assert len(tried) == 4


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (9.999, "10.00"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")],
)
def test_a_figure_has_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_several_runs_show_their_median_and_their_ends() -> None:
    assert shown([3, 1, 2]) == "2.00 (1.00-3.00)"
    assert shown([5]) == "5.00"
    assert shown([]) == "-"


def an_outcome(**changes: float) -> Outcome:
    figures = {"answered": 1000, "failed": 0, "resent": 0, "seconds": 10.2, **changes}
    return Outcome(
        Load(rate=100, seconds=10, hold=0.2),
        answered=int(figures["answered"]),
        failed=int(figures["failed"]),
        resent=int(figures["resent"]),
        seconds=figures["seconds"],
        processor_ms=1,
        memory_kib=0,
        delays=(1.0, 2.0),
    )


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({}, True),
        ({"failed": 1}, True),
        ({"failed": 2}, False),
        ({"answered": 997}, False),
        ({"resent": 10}, True),
        ({"resent": 11}, False),
        ({"seconds": 11.2}, False),
    ],
    ids=str,
)
def test_a_rate_is_kept_within_its_bounds(changes: dict[str, float], is_kept: bool) -> None:
    assert an_outcome(**changes).is_kept is is_kept


def test_response_times_are_read_but_not_their_heading_or_a_torn_line() -> None:
    text = "Date_ms;response_time_ms;rtd_no\n1000.5;4.0;1\n1001.0;6;1\n10"
    assert response_times(text) == [(1000.5, 4.0), (1001.0, 6.0)]


def test_the_rate_is_back_after_the_last_bad_second() -> None:
    good = {"OutgoingCall": 100, "FailedCall": 0, "Retransmissions": 1}
    resent, failed = {**good, "Retransmissions": 2}, {**good, "FailedCall": 1}
    over = {"OutgoingCall": 0, "FailedCall": 5, "Retransmissions": 9}
    assert back_after([good, good, over], rate=100) == 0
    assert back_after([failed, good, resent, good, over], rate=100) == 3


def test_bencode_has_its_keys_in_order() -> None:
    assert encoded({"sdp": "v=0", "flags": ["a", "bc"]}) == b"d5:flagsl1:a2:bce3:sdp3:v=0e"


def entry(column: str, run: Callable[[], list[float]], missing: str = "") -> Entry:
    return Entry(column, missing, run)


def failing() -> list[float]:
    raise LostRunError("it fell over")


def unasked() -> list[float]:
    raise UnaskedError("not today")


def test_runs_are_interleaved_and_a_failure_stops_nobody_else() -> None:
    order: list[str] = []

    def run(name: str) -> list[float]:
        order.append(name)
        return [float(len(order)), 7.0]

    row = Row("work", "1")
    ours, theirs = entry(OURS, lambda: run("a")), entry("other", lambda: run("b"))
    entries = [ours, entry("away", failing, "not installed"), entry("bad", failing), theirs]
    found = interleaved(row, [*entries, entry("later", unasked)], 2)
    assert order == ["a", "b", "a", "b"]
    assert found[OURS] == [[1.0, 3.0], [7.0, 7.0]]
    assert row.cells == {
        OURS: "2.00 (1.00-3.00) / 7.00 (7.00-7.00)",
        "away": "not installed",
        "bad": "failed: it fell over",
        "other": "3.00 (2.00-4.00) / 7.00 (7.00-7.00)",
        "later": "not today",
    }


def test_a_table_lacks_something_only_when_ours_has_failed() -> None:
    table = Table("calls")
    row = table.row("work", "1")
    row.fail("other", "it fell over")
    assert table.is_whole
    row.fail(f"{OURS}, otherwise", "so did ours")
    assert not table.is_whole


def test_a_table_stands_in_line() -> None:
    table = Table("calls")
    table.row("long work", "1").put("b2bua", [2.0])
    table.row("µ", "2").skip("other", "not installed")
    lines = table.written().splitlines()
    assert lines[0].split("|")[1:-1] == [" work      ", " the bar ", " b2bua ", " other         "]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.real
def test_a_family_has_its_processor_and_its_memory() -> None:
    here = os.getpid()
    assert here in family([here])
    assert processor([here]) > 0
    assert memory([here]) > 1_000
