"""So many at a time, and nobody's queue is another one's delay."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred

from b2bua.webhooks.limits import Limits
from b2bua.webhooks.turns import Host, Turns

A: Host = ("http", "a.example", 80)
B: Host = ("http", "b.example", 80)
C: Host = ("http", "c.example", 80)


class Queue:
    """Takes turns and notes who was served."""

    def __init__(self, **limits: int) -> None:
        self.turns = Turns(Limits(**limits))
        self.served: list[str] = []

    def take(
        self, name: str, host: Host, account: str = "x", patient: bool = False
    ) -> Deferred[None] | None:
        turn = self.turns.take(host, account, patient)
        if turn is None:
            self.served.append(name)
        else:
            turn.addCallbacks(lambda _: self.served.append(name), lambda f: f.trap(CancelledError))
        return turn


def test_a_host_serves_ten_at_a_time() -> None:
    queue = Queue()
    for number in range(12):
        queue.take(str(number), A, account=str(number))
    assert len(queue.served) == 10
    queue.turns.give_back(A, "0")
    assert queue.served[10:] == ["10"]
    assert queue.turns.waiting == 1


def test_an_account_is_served_twenty_at_a_time() -> None:
    queue = Queue()
    for number in range(21):
        queue.take(str(number), ("http", f"{number}.example", 80))
    assert len(queue.served) == 20
    queue.turns.give_back(("http", "7.example", 80), "x")
    assert queue.served[20:] == ["20"]


def test_accounts_that_wait_for_one_host_are_served_in_rotation() -> None:
    queue = Queue(connections_per_host=1)
    queue.take("first", A, "x")
    for name in ("x1", "x2", "x3"):
        queue.take(name, A, "x")
    for name in ("y1", "y2"):
        queue.take(name, A, "y")
    for account in "xyxyxx":
        queue.turns.give_back(A, account)
    assert queue.served == ["first", "y1", "x1", "y2", "x2", "x3"]


def test_an_account_s_hosts_are_served_in_rotation() -> None:
    queue = Queue(connections_per_account=1, connections_per_host=1, account_reserve=0)
    queue.take("first", C)
    for name, host in (("a1", A), ("a2", A), ("b1", B)):
        queue.take(name, host)
    for host in (C, A, B, A):
        queue.turns.give_back(host, "x")
    assert queue.served == ["first", "a1", "b1", "a2"]


def test_a_full_host_holds_up_no_other_host_of_the_account() -> None:
    queue = Queue(connections_per_host=1)
    for name in ("a1", "a2", "a3"):
        queue.take(name, A)
    queue.take("b1", B)
    assert queue.served == ["a1", "b1"]


def test_the_patient_leave_a_reserve_to_the_others() -> None:
    queue = Queue()
    for number in range(10):
        queue.take(f"p{number}", A, patient=True)
    assert len(queue.served) == 8
    queue.take("u0", A)
    queue.take("u1", A)
    assert queue.served[8:] == ["u0", "u1"]


def test_the_patient_are_served_last() -> None:
    queue = Queue(connections_per_host=1, host_reserve=0)
    queue.take("first", A)
    queue.take("patient", A, patient=True)
    queue.take("urgent", A)
    queue.turns.give_back(A, "x")
    queue.turns.give_back(A, "x")
    assert queue.served == ["first", "urgent", "patient"]


def test_who_gives_up_waiting_is_passed_over() -> None:
    queue = Queue(connections_per_host=1)
    queue.take("first", A)
    impatient = queue.take("impatient", A)
    queue.take("last", A)
    assert impatient is not None
    impatient.cancel()
    queue.turns.give_back(A, "x")
    assert queue.served == ["first", "last"]
    assert queue.turns.waiting == 0


def test_a_thousand_who_end_at_once_need_no_deep_stack() -> None:
    turns = Turns(Limits(connections_per_host=1))
    turns.take(A, "x", False)
    ended = []

    def end(_: None) -> None:
        ended.append(1)
        turns.give_back(A, "x")

    for _ in range(5_000):
        turn = turns.take(A, "x", False)
        assert turn is not None
        turn.addCallback(end)
    turns.give_back(A, "x")
    assert len(ended) == 5_000
    assert turns._at_host == {}
    assert turns._of_account == {}


def test_hosts_that_do_not_answer_leave_some_of_an_accounts_turns_to_those_that_do() -> None:
    queue = Queue()
    queue.turns.vouch(A, "x")
    for number in range(30):
        queue.take(str(number), ("http", f"{number}.example", 80))
    assert len(queue.served) == 18
    queue.take("a", A)
    queue.take("b", A)
    assert queue.served[18:] == ["a", "b"]
    queue.take("c", A)
    assert len(queue.served) == 20
    queue.turns.give_back(A, "x")
    assert queue.served[20:] == ["c"]
    queue.turns.give_back(("http", "7.example", 80), "x")
    assert queue.served[21:] == []  # 17 dead ones and two live: the next live one has its place


def test_a_host_that_fails_is_as_good_as_one_that_never_answered() -> None:
    queue = Queue()
    queue.turns.vouch(A, "x")
    queue.turns.vouch(B, "x")
    queue.turns.doubt(A, "x")
    for number in range(10):
        queue.take(str(number), A)
    for number in range(10):
        queue.take(str(number), C)
    assert len(queue.served) == 18
    queue.turns.doubt(B, "x")
    queue.turns.doubt(B, "x")
    queue.take("last", C)
    queue.turns.give_back(A, "x")
    assert len(queue.served) == 20


def test_the_hosts_of_an_account_that_answer_are_remembered_within_a_limit() -> None:
    queue = Queue(proven_hosts=2)
    for host in (A, B, A, C):
        queue.turns.vouch(host, "x")
    assert queue.turns._proven == {"x": {A: None, C: None}}
