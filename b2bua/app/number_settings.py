"""`[[numbers]]`: which router takes a call, and what that router is told."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from b2bua.app.addresses import read_web_url
from b2bua.app.settings_file import Section
from b2bua.routing.plan import Event, NumberSettings, StatusPlan

_COMPLETED = frozenset({Event.COMPLETED})  # rcml.md N-8: also when the list is empty


def _document_url(text: str) -> str:
    return read_web_url(text, file_allowed=True)


def _pattern(text: str) -> str:
    if not re.fullmatch(r"[^\s*\x00-\x1f\x7f]*\*?", text) or not text:
        raise ValueError('this should be a number, a prefix such as "9*", or "*"')
    return text


def _events(value: object) -> frozenset[Event]:
    """Read event names from a list, or from text with spaces or commas (rcml.md N-7)."""
    match value:
        case frozenset():
            return value
        case str():
            names = re.findall(r"[^\s,]+", value)
        case tuple():
            names = [str(name) for name in value]
        case _:
            raise ValueError('this should be text such as "initiated completed"')
    known = {event.value: event for event in Event}
    for name in names:
        if name.lower() not in known:
            raise ValueError(f"{name!r} is not an event; there are {', '.join(known)}")
    return frozenset(known[name.lower()] for name in names) or _COMPLETED


def _method(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Method = Annotated[Literal["GET", "POST"], BeforeValidator(_method)]
WebUrl = Annotated[str, AfterValidator(read_web_url)]
DocumentUrl = Annotated[str, AfterValidator(_document_url)]


class NumberEntry(Section):
    """What becomes of calls to one number, or to all that begin alike."""

    number: Annotated[str, AfterValidator(_pattern)]
    router: Annotated[str, Field(min_length=1)]
    account: str = ""
    voice_url: DocumentUrl = ""
    voice_method: Method = "POST"
    voice_fallback_url: DocumentUrl = ""
    voice_fallback_method: Method = "POST"
    status_callback: WebUrl = ""
    status_callback_event: Annotated[frozenset[Event], BeforeValidator(_events)] = _COMPLETED
    status_callback_method: Method = "POST"
    targets: tuple[str, ...] = ()

    def plan(self, first_account: str) -> NumberSettings:
        """Return this entry as routers see it; `first_account` is meant where none is named."""
        status = StatusPlan(
            self.status_callback, self.status_callback_method, self.status_callback_event
        )
        return NumberSettings(
            number=self.number,
            router=self.router,
            account_sid=self.account or first_account,
            voice_url=self.voice_url,
            voice_method=self.voice_method,
            voice_fallback_url=self.voice_fallback_url,
            voice_fallback_method=self.voice_fallback_method,
            status=status if self.status_callback else None,
            targets=self.targets,
        )
