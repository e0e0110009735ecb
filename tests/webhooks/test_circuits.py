"""A host that keeps failing costs nobody a timeout, and nobody else anything."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from b2bua.routing.plan import Answer, Ask, Fault
from b2bua.webhooks.circuit import TABLE, Circuit, Input, State
from b2bua.webhooks.circuits import Circuits
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.url import read_url
from tests.support.web_server import Customer, Reply
from tests.webhooks.conftest import ACCOUNT, ELSEWHERE, PUBLIC, Browser, assert_nothing_left

DEAD = "http://dead.example/voice#rc=0"
WELL = "http://well.example/voice#rc=0"


@pytest.fixture
def dead(browser: Browser) -> Browser:
    """A host that takes no connection, beside one that is well."""
    browser.internet.names["dead.example"] = [[PUBLIC]]
    browser.internet.black_holes.add((PUBLIC, 80))
    browser.internet.serve(ELSEWHERE, 80, Customer().site(browser.internet), "well.example")
    return browser


def took(browser: Browser, url: str, **rest: object) -> tuple[Any, int | None]:
    """Return how long asking took, and the code of the fault."""
    began = browser.internet.seconds()
    outcome = browser.fetch(url, **rest)  # type: ignore[arg-type]
    code = outcome.code if isinstance(outcome, Fault) else None
    return pytest.approx(browser.internet.seconds() - began), code


def revive(browser: Browser) -> Customer:
    customer = Customer()
    browser.internet.black_holes.clear()
    browser.internet.serve(PUBLIC, 80, customer.site(browser.internet), "dead.example")
    return customer


def states(browser: Browser) -> tuple[int, int, int]:
    told = browser.client.counters()
    return (*told["web_circuits"].values(), told["web_circuit_refused_total"])


def test_after_five_failures_a_host_costs_no_time(dead: Browser) -> None:
    assert [took(dead, DEAD) for _ in range(7)] == [(5, 11205)] * 5 + [(0, 11205)] * 2
    assert states(dead) == (1, 0, 2)
    fault = dead.fault(DEAD)
    assert fault.text == "the host failed 5 times in a row and is left alone for now"
    assert len(dead.internet.dialled) == 5


def test_other_hosts_of_the_account_are_asked_as_ever(dead: Browser) -> None:
    for _ in range(6):
        dead.fetch(DEAD)
        assert took(dead, WELL) == (0, None)


def test_another_account_finds_out_by_itself(dead: Browser) -> None:
    for _ in range(6):
        dead.fetch(DEAD)
    ask = Ask(DEAD, account_sid="AC2")
    began = dead.internet.seconds()
    dead.internet.finish(dead.client.fetch(ask))
    assert dead.internet.seconds() - began == pytest.approx(5)


def test_after_the_pause_one_request_probes_and_the_others_do_not_wait_for_it(
    dead: Browser,
) -> None:
    for _ in range(5):
        dead.fetch(DEAD)
    dead.internet.advance(5)
    assert states(dead) == (0, 0, 0)
    probe = Deferred.fromCoroutine(dead.client.fetch(Ask(DEAD, account_sid=ACCOUNT)))
    dead.internet.advance(0)
    assert states(dead) == (0, 1, 0)
    assert took(dead, DEAD) == (0, 11205)
    dead.internet.advance(5)
    assert probe.called
    assert states(dead) == (1, 0, 1)


def test_the_pause_doubles_to_a_minute_while_probes_fail(dead: Browser) -> None:
    for _ in range(5):
        dead.fetch(DEAD)
    pauses = []
    for _ in range(6):
        left_at = dead.internet.seconds()
        while states(dead)[0]:
            dead.internet.advance(0.5)
        pauses.append(dead.internet.seconds() - left_at)
        assert took(dead, DEAD) == (5, 11205)
    assert pauses == [5, 10, 20, 40, 60, 60]


def test_a_probe_that_is_answered_closes_the_circuit(dead: Browser) -> None:
    for _ in range(6):
        dead.fetch(DEAD)
    customer = revive(dead)
    dead.internet.advance(5)
    assert [took(dead, DEAD) for _ in range(3)] == [(0, None)] * 3
    assert len(customer.seen) == 3
    assert states(dead) == (0, 0, 1)


def test_a_success_in_between_begins_the_count_anew(dead: Browser) -> None:
    for _ in range(4):
        dead.fetch(DEAD)
    revive(dead)
    dead.fetch(DEAD)
    dead.internet.black_holes.add((PUBLIC, 80))
    dead.client.close()  # no kept connection
    dead.internet.advance(0)
    assert [took(dead, DEAD) for _ in range(5)] == [(5, 11205)] * 5


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_status_is_an_answer_however_bad(browser: Browser, status: int) -> None:
    customer = Customer(Reply(status))
    browser.internet.serve(PUBLIC, 80, customer.site(browser.internet), "app.example")
    for _ in range(20):
        assert isinstance(browser.fetch("http://app.example/"), Answer)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://nowhere.example/", "ftp://x/"])
def test_what_is_the_urls_own_fault_opens_nothing(browser: Browser, url: str) -> None:
    for _ in range(20):
        browser.fetch(url)
    assert states(browser) == (0, 0, 0)


def test_callbacks_neither_open_a_circuit_nor_meet_one(dead: Browser) -> None:
    for _ in range(6):
        assert took(dead, DEAD, patient=True) == (5, 11205)
    assert took(dead, DEAD) == (5, 11205)
    for _ in range(4):
        dead.fetch(DEAD)
    assert took(dead, DEAD) == (0, 11205)
    assert took(dead, DEAD, patient=True) == (5, 11205)


def test_a_host_that_hangs_is_left_alone_too(browser: Browser) -> None:
    hanging = Customer(Reply(0))
    browser.internet.serve(PUBLIC, 80, hanging.site(browser.internet), "hang.example")
    url = "http://hang.example/#rc=0"
    assert [took(browser, url) for _ in range(6)] == [(10, 11200)] * 5 + [(0, 11205)]


def test_of_many_who_wait_for_a_dead_host_all_know_as_soon_as_one_does(dead: Browser) -> None:
    waiting = [
        Deferred.fromCoroutine(dead.client.fetch(Ask(DEAD, account_sid=ACCOUNT)))
        for _ in range(100)
    ]
    dead.internet.advance(5)
    # Four had their turn from those who failed before the fifth did.
    assert sum(one.called for one in waiting) == 96
    dead.internet.advance(5)
    assert all(one.called for one in waiting)
    assert len(dead.internet.dialled) == 14


def test_a_probe_that_is_cancelled_leaves_the_next_one_to_probe(dead: Browser) -> None:
    for _ in range(5):
        dead.fetch(DEAD)
    dead.internet.advance(5)
    probe = Deferred.fromCoroutine(dead.client.fetch(Ask(DEAD, account_sid=ACCOUNT)))
    dead.internet.advance(1)
    probe.addErrback(lambda _: None)
    probe.cancel()
    assert states(dead) == (0, 0, 0)
    assert took(dead, DEAD) == (5, 11205)
    assert states(dead) == (1, 0, 0)


def test_no_more_circuits_are_kept_than_the_limit() -> None:
    browser = Browser(limits=Limits(circuits=3, circuit_failures=1))
    for number in range(5):
        host = f"h{number}.example"
        browser.internet.names[host] = [[PUBLIC]]
        browser.fetch(f"http://{host}/#rc=0")
    assert states(browser)[0] == 3
    assert_nothing_left(browser)


def test_a_fetch_that_is_no_longer_wanted_says_nothing_of_the_host() -> None:
    circuits = Circuits(lambda: 0.0, Limits(circuit_failures=1))
    url = read_url("http://app.example/")
    with pytest.raises(KeyboardInterrupt), circuits.passage("AC1", url):
        raise KeyboardInterrupt
    assert circuits.states() == {"open": 0, "probing": 0}


@pytest.mark.parametrize(("state", "input_"), list(product(State, Input)))
def test_every_input_a_host_controls_has_a_row(state: State, input_: Input) -> None:
    assert ((state, input_) in TABLE) == (state is State.OPEN or input_ is not Input.PAUSE_OVER)


def test_an_open_circuit_is_not_opened_again_by_a_late_failure() -> None:
    circuit = Circuit()
    circuit.failed(0.0, 1, 5.0, 60.0)
    circuit.failed(4.0, 1, 5.0, 60.0)
    assert (circuit.state, circuit.opens_until, circuit.pause) == (State.OPEN, 5.0, 5.0)
