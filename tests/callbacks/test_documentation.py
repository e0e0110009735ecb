"""docs/callbacks.md says what is so."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from b2bua.callbacks.delivery import DeliveryLimits
from b2bua.callbacks.http import IDEMPOTENCY_TOKEN, callback_fields
from b2bua.routing.plan import Event
from b2bua.webhooks import faults
from b2bua.webhooks.limits import Limits
from b2bua.webhooks.signing import SIGNATURE, TIMED_SIGNATURE, signature, timed_signature
from tests.callbacks.conftest import an_event

PAGE = (Path(__file__).parents[2] / "docs" / "callbacks.md").read_text(encoding="utf-8")


def run(number: int) -> dict[str, Any]:
    """Run one of the page's pieces of code, which has five lines, and return its names."""
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[number]
    assert len([line for line in code.splitlines() if line]) == 5
    names: dict[str, Any] = {}
    exec(code, names)
    return names


@pytest.mark.parametrize("token", ["new", "old"])
def test_the_code_for_the_second_header_verifies_with_either_secret(token: str) -> None:
    url, body, now = "https://app.example/x?y=1", b"a=%C3%BC", int(time.time())
    verify = run(1)["is_genuine_and_new"]
    header = timed_signature(("new", "old"), now, "POST", url, body)
    assert verify(token, "POST", url, body, header)
    assert not verify("other", "POST", url, body, header)
    assert not verify(token, "GET", url, body, header)
    assert not verify(token, "POST", url, body + b"x", header)
    late = timed_signature(("new", "old"), now - 400, "POST", url, body)
    assert not verify(token, "POST", url, body, late)
    assert TIMED_SIGNATURE in PAGE


def test_the_verifying_code_verifies() -> None:
    names = run(0)
    form = [("b", "2"), ("a", "ü"), ("b", "1"), ("b", "2")]
    header = signature("token", "https://app.example/x?y=1", form)
    assert names["is_genuine"]("token", "https://app.example/x?y=1", form, header)
    assert not names["is_genuine"]("token", "https://app.example/x?y=2", form, header)


@pytest.mark.parametrize("event", list(Event))
def test_every_parameter_is_described(event: Event) -> None:
    fields = callback_fields(an_event(event, duration=1, sip_status=200, error=(13224, "x")))
    assert [name for name, _ in fields if f"`{name}`" not in PAGE] == []


def test_every_code_and_header_is_described() -> None:
    codes = {value for value in vars(faults).values() if isinstance(value, int)}
    assert [code for code in codes - {faults.INTERNAL} if str(code) not in PAGE] == []
    assert SIGNATURE in PAGE
    assert IDEMPOTENCY_TOKEN in PAGE


def test_the_figures_are_the_defaults() -> None:
    web, delivery = Limits(), DeliveryLimits()
    assert (web.connect_timeout, web.header_timeout, web.response_timeout) == (5, 10, 15)
    assert (web.connections_per_host, web.connections_per_account) == (10, 20)
    assert (web.host_reserve, web.account_reserve, web.kept_seconds) == (2, 4, 4)
    assert (delivery.pending, delivery.pending_per_account) == (100_000, 20_000)
    assert (delivery.hold_seconds, delivery.retry_most) == (86_400, 900)
