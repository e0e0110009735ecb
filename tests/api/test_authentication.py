"""Who is let in, how often, and what others see of it: nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.rest import ACCOUNT, CALLS, OTHER, OTHER_TOKEN, TOKEN, Rest, basic, call_path


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        basic(f"{ACCOUNT}:wrong"),
        basic(f"{ACCOUNT}:"),
        basic(f"AC9:{TOKEN}"),
        basic(f"{ACCOUNT}{TOKEN}"),
        basic(":"),
        "Basic",
        "Basic =====",
        "Basic gICAgICA",
        f"Bearer {TOKEN}",
    ],
)
def test_a_request_without_the_right_key_is_401(rest: Rest, authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    reply = rest.ask("GET", CALLS, user="", headers=headers)
    assert (reply.status, reply.body["code"]) == (401, 20003)
    assert "basic" in reply.headers["www-authenticate"]


def test_the_right_key_is_let_in(rest: Rest) -> None:
    assert rest.get(CALLS).status == 200


def test_another_accounts_path_is_not_found(rest: Rest) -> None:
    reply = rest.get(CALLS, user=f"{OTHER}:{OTHER_TOKEN}")
    assert (reply.status, reply.body["code"]) == (404, 20404)


def test_another_accounts_object_is_not_found(rest: Rest) -> None:
    sid = rest.create()
    theirs = call_path(sid).replace(ACCOUNT, OTHER)
    for method in ("GET", "POST", "DELETE"):
        assert rest.ask(method, theirs, user=f"{OTHER}:{OTHER_TOKEN}").status == 404
    assert rest.get(call_path(sid)).status == 200


def statuses(rest: Rest, times: int, **options: Any) -> list[int]:
    """Ask so often at the same moment."""
    now, answers = rest.clock.seconds(), []
    for _ in range(times):
        answers.append(rest.get(CALLS, **options).status)
        rest.clock.rightNow = now
    return answers


def test_a_key_has_20_requests_a_second_and_not_21(rest: Rest) -> None:
    rest.clock.advance(5)
    assert statuses(rest, 21) == [200] * 20 + [429]


def test_a_second_later_it_has_them_again(rest: Rest) -> None:
    rest.clock.advance(5)
    statuses(rest, 21)
    rest.clock.advance(1)
    assert statuses(rest, 20) == [200] * 20


def test_too_many_requests_say_when_to_come_again(rest: Rest) -> None:
    rest.clock.advance(5)
    statuses(rest, 20)
    rest.clock.rightNow -= 0.1
    reply = rest.get(CALLS)
    assert (reply.status, reply.body["code"], reply.headers["retry-after"]) == (429, 20429, "1")


def test_one_accounts_requests_are_not_anothers(rest: Rest) -> None:
    rest.clock.advance(5)
    statuses(rest, 20)
    assert 429 not in statuses(rest, 5, user=f"{OTHER}:{OTHER_TOKEN}")


def test_who_fails_too_often_is_not_asked_again_and_nobody_else_suffers(rest: Rest) -> None:
    rest.clock.advance(5)
    wrong = f"{ACCOUNT}:wrong"
    assert statuses(rest, 21, user=wrong, peer="198.51.100.1") == [401] * 20 + [429]
    assert statuses(rest, 20) == [200] * 20
