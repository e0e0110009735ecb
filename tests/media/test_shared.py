"""Dear results are made once for all who ask, and kept within bounds."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from b2bua.media.shared import Kept, Shared
from tests.media.sounds import Result, assert_failed


class Works:
    """Makes results when the test says so."""

    def __init__(self) -> None:
        self.begun: list[Deferred[bytes]] = []
        self.cancelled = 0

    def _cancel(self, _work: Deferred[bytes]) -> None:
        self.cancelled += 1

    async def make(self) -> bytes:
        work: Deferred[bytes] = Deferred(self._cancel)
        self.begun.append(work)
        return await work


def test_all_who_ask_meanwhile_share_one_making() -> None:
    shared, works = Shared(Kept(100)), Works()
    results = [Result(shared.get("key", works.make)) for _ in range(3)]
    assert (len(works.begun), shared.running) == (1, 1)
    works.begun[0].callback(b"sound")
    assert [result.value for result in results] == [b"sound"] * 3
    assert shared.running == 0


def test_what_was_made_is_kept() -> None:
    shared, works = Shared(Kept(100)), Works()
    Result(shared.get("key", works.make))
    works.begun[0].callback(b"sound")
    assert Result(shared.get("key", works.make)).value == b"sound"
    assert len(works.begun) == 1


def test_other_keys_are_other_results() -> None:
    shared, works = Shared(Kept(100)), Works()
    one, other = (Result(shared.get(key, works.make)) for key in ("one", "other"))
    works.begun[1].callback(b"2")
    assert (one.is_over, other.value) == (False, b"2")


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    shared, works = Shared(Kept(100)), Works()
    results = [Result(shared.get("key", works.make)) for _ in range(2)]
    works.begun[0].errback(ValueError("broken"))
    for result in results:
        assert_failed(result, ValueError, "broken")
    Result(shared.get("key", works.make))
    assert len(works.begun) == 2


def test_one_who_leaves_does_not_disturb_the_others() -> None:
    shared, works = Shared(Kept(100)), Works()
    leaving, staying = (Result(shared.get("key", works.make)) for _ in range(2))
    leaving.cancel()
    assert isinstance(leaving.error, CancelledError)
    assert works.cancelled == 0
    works.begun[0].callback(b"sound")
    assert staying.value == b"sound"


def test_the_making_ends_when_the_last_one_leaves() -> None:
    shared, works = Shared(Kept(100)), Works()
    for result in [Result(shared.get("key", works.make)) for _ in range(2)]:
        result.cancel()
    assert (works.cancelled, shared.running) == (1, 0)


def test_who_asks_after_all_have_left_gets_a_making_of_its_own() -> None:
    shared, works = Shared(Kept(100)), Works()
    Result(shared.get("key", works.make)).cancel()
    again = Result(shared.get("key", works.make))
    works.begun[1].callback(b"anew")
    assert again.value == b"anew"


def test_stopping_ends_every_making() -> None:
    shared, works = Shared(Kept(100)), Works()
    results = [Result(shared.get(key, works.make)) for key in "abc"]
    shared.stop()
    assert (works.cancelled, shared.running) == (3, 0)
    assert all(isinstance(result.error, CancelledError) for result in results)


def test_a_result_that_is_there_at_once_is_given_at_once() -> None:
    async def make() -> bytes:
        return b"now"

    shared = Shared(Kept(100))
    assert Result(shared.get("key", make)).value == b"now"
    assert shared.running == 0


def test_the_one_not_used_for_longest_goes_first() -> None:
    kept = Kept(10)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    kept.get("a")
    kept.put("c", b"1234")
    assert [kept.get(key) for key in "abc"] == [b"1234", None, b"1234"]
    assert kept.size == 8


def test_as_much_is_kept_as_fits_and_not_a_byte_more() -> None:
    kept = Kept(10)
    kept.put("a", b"x" * 10)
    assert kept.get("a") is not None
    kept.put("b", b"x" * 11)
    assert (kept.get("b"), kept.size) == (None, 10)
    kept.put("a", b"x" * 10)
    assert kept.size == 10
