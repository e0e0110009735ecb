"""What was last asked for a call, and answered: the two halves of a notification.

A note of an error knows its code and its URL; the request and the response it is about are
remembered here, one pair for each live call.
"""

from __future__ import annotations

from typing import Any

from b2bua.app.log_lines import WITHHELD
from b2bua.routing.interfaces import Web
from b2bua.routing.plan import Answer, Ask, Fault, LegFacts
from b2bua.store.notifications import Notification, Notifications
from b2bua.webhooks.url import without_secrets

BODY_CHARACTERS = 4_096
"""How much of a response's body a notification keeps."""
REMEMBERED_CALLS = 1_000
PRIVATE_FIELDS = frozenset({"Digits", "FinishedOnKey", "SpeechResult"})


class Witness:
    """Fetches by `web`, and remembers; a `routing.interfaces.Web`."""

    def __init__(self, web: Web, notifications: Notifications) -> None:
        self._web = web
        self._notifications = notifications
        self._last: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    def __len__(self) -> int:
        return len(self._last)

    async def fetch(self, ask: Ask) -> Answer | Fault:
        """Send `ask`; see `Web`."""
        outcome = await self._web.fetch(ask)
        if ask.call_sid:
            self._last.pop(ask.call_sid, None)
            self._last[ask.call_sid] = (_request(ask), _response(outcome))
            if len(self._last) > REMEMBERED_CALLS:
                del self._last[next(iter(self._last))]
        return outcome

    def forget(self, call_sid: str) -> None:
        """Forget a call that is over."""
        self._last.pop(call_sid, None)

    def note(self, leg: LegFacts, code: int, text: str, url: str) -> None:
        """Keep an error or warning of rcml.md 7.4; return at once."""
        last = self._last.get(leg.call_sid) or self._last.get(leg.parent_call_sid or "")
        request, response = last if last is not None and code < NOT_OF_THE_WEB else ({}, {})
        note = Notification(
            leg.account_sid, leg.call_sid, code, text, without_secrets(url), request, response
        )
        self._notifications.add(note)


NOT_OF_THE_WEB = 50_000


def _request(ask: Ask) -> dict[str, Any]:
    fields = [(name, WITHHELD if name in PRIVATE_FIELDS else value) for name, value in ask.fields]
    return {"method": ask.method, "url": without_secrets(ask.url), "fields": fields}


def _response(outcome: Answer | Fault) -> dict[str, Any]:
    if isinstance(outcome, Fault):
        return {"status": outcome.status, "fault": f"{outcome.code} {outcome.text}"}
    body = outcome.body[: 4 * BODY_CHARACTERS].decode("utf-8", "replace")[:BODY_CHARACTERS]
    return {"status": outcome.status, "content_type": outcome.content_type, "body": body}
