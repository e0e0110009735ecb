"""Lists page by page (rcml.md R-4): keyset paging, and links to the pages around.

A `PageToken` is `PA` and the place of the last record of a page for the one after it, `PB` and that
of its first for the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from pydantic import Field

from b2bua.api.errors import BAD_PAGE, Reply, bad
from b2bua.api.fields import Form, read_form
from b2bua.api.visit import Fields, Visit
from b2bua.store.paging import Mark, Page, RecordT

_TOKEN = re.compile(r"P([AB])([0-9]{1,18})")
_OF_PAGING = frozenset({"Page", "PageSize", "PageToken"})


class _PageForm(Form):
    codes: ClassVar[Mapping[str, int]] = dict.fromkeys(_OF_PAGING, BAD_PAGE)

    page_size: Annotated[int, Field(ge=1, le=1_000)] = 50
    page: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    page_token: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page is wanted: `number` only names it, `mark` says where it begins."""

    size: int
    number: int
    mark: Mark | None


def read_turn(fields: Fields) -> Turn:
    """Return the page that a query asks for.

    Raises:
        ApiError: it asks for none that there can be.
    """
    form = read_form(_PageForm, fields)
    if not form.page_token:
        if form.page:
            raise bad(
                "Page", "pages after the first need the PageToken of `next_page_uri`", BAD_PAGE
            )
        return Turn(form.page_size, 0, None)
    found = _TOKEN.fullmatch(form.page_token)
    if found is None:
        raise bad("PageToken", "this is no token of a page", BAD_PAGE)
    return Turn(form.page_size, form.page, Mark(int(found[2]), is_newer=found[1] == "B"))


def listed(
    visit: Visit,
    path: str,
    key: str,
    page: Page[RecordT],
    render: Callable[[RecordT], Mapping[str, Any]],
) -> Reply:
    """Return a page of the list at `path`; `key` is the one name that clients take for its records.

    No other name may be added: clients know the list by having exactly one they do not know.
    """
    turn = read_turn(visit.fields)
    records = page.records

    def link(number: int, token: str) -> str:
        kept = [(n, v) for n, values in visit.fields.items() if n not in _OF_PAGING for v in values]
        query = [*kept, ("PageSize", str(turn.size)), ("Page", str(number))]
        query += [("PageToken", token)] if token else []
        return f"{visit.uri(path)}?{urlencode(query)}"

    start = turn.number * turn.size
    last, first = (records[-1].place, records[0].place) if records else (0, 0)
    older = page.has_older and records
    newer = page.has_newer and records
    body = {
        key: [render(record) for record in records],
        "page": turn.number,
        "page_size": turn.size,
        "start": start,
        "end": start + max(0, len(records) - 1),
        "uri": link(turn.number, "".join(visit.fields.get("PageToken", ()))),
        "first_page_uri": link(0, ""),
        "next_page_uri": link(turn.number + 1, f"PA{last}") if older else None,
        "previous_page_uri": link(max(0, turn.number - 1), f"PB{first}") if newer else None,
    }
    return Reply(200, body)
