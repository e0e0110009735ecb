"""docs/rest-api.md names every request and every code there is, and nothing that there is not."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.internet.task import Clock

from b2bua.api import errors
from b2bua.api.call_forms import WITHOUT_EFFECT, CreateForm
from b2bua.api.calls import Calls
from b2bua.api.incoming_phone_numbers import IncomingPhoneNumbers
from b2bua.api.recordings import Recordings
from tests.api.rest import NotedExchange

PAGE = (Path(__file__).parents[2] / "docs" / "rest-api.md").read_text("utf-8")
NOT_TOLD = {20500}  # a defect of ours
SPOKEN_OF_ONCE = {"/Calls.json/<sid>"}


def test_every_request_is_in_the_table_and_none_else() -> None:
    exchange = NotedExchange(Clock())
    calls = Calls(exchange)
    parts = (calls, IncomingPhoneNumbers(exchange), Recordings(exchange, calls))
    served = {
        (route.method, route.path)
        for part in parts
        for route in part.routes()
        if route.path not in SPOKEN_OF_ONCE
    }
    table = re.findall(r"^\| `(GET|POST|DELETE) (/\S+)` \|", PAGE, re.MULTILINE)
    assert {(method, path.replace("{Sid}", "<sid>")) for method, path in table} == served


def test_every_code_is_in_the_table_and_none_else() -> None:
    known = {value for value in vars(errors).values() if isinstance(value, int)}
    rows = re.findall(r"^\| \d{3} \| ([\d, ]+) \|", PAGE, re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(", ")}
    assert told == known - NOT_TOLD


def test_every_field_of_a_call_is_told() -> None:
    names = {field.alias for field in CreateForm.model_fields.values()}
    assert {name for name in names if f"`{name}`" not in PAGE} == {"ApplicationSid"}
    stems = re.findall(r"`(\w+)(…?)`", PAGE.partition("Accepted without effect")[2])
    for name in WITHOUT_EFFECT:
        assert any(name == stem or (more and name.startswith(stem)) for stem, more in stems), name
