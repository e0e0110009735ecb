"""Notifications: what went wrong in a call, with the request and the response it was about."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from b2bua.store.schema import ADD_NOTIFICATION, NOTIFICATIONS, Change, Places, time_of
from b2bua.store.writer import Writer

ERRORS = frozenset(
    {11100, 11200, 11205, 11206, 11210, 11215, 11220, 11235, 11236, 11237, 11750}
    | {12100, 12300, 12400, 13224, 53400}
)
"""Codes that stand for an error; the others are warnings (rcml.md 7.4)."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One error or warning.

    `request` holds method, URL and fields, `response` status, content type and the beginning of
    the body, each where there was one.  `at` is seconds since the epoch.
    """

    account_sid: str
    call_sid: str
    code: int
    text: str
    url: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    sid: str = ""
    at: float = 0.0

    @property
    def level(self) -> str:
        """`error` or `warning`."""
        return "error" if self.code in ERRORS else "warning"


class Notifications:
    """Adds without waiting; finds the newest first."""

    def __init__(self, writer: Writer, places: Places) -> None:
        self._writer = writer
        self._places = places

    def add(self, note: Notification) -> None:
        """Keep a notification; return at once."""
        body = {
            "text": note.text,
            "url": note.url,
            "request": dict(note.request),
            "response": dict(note.response),
        }
        values = {
            "place": self._places.next(),
            "sid": "NO" + secrets.token_hex(16),
            "account_sid": note.account_sid,
            "call_sid": note.call_sid,
            "code": note.code,
            "level": note.level,
            "body": json.dumps(body),
        }
        self._writer.put(Change(ADD_NOTIFICATION, values))

    async def find(
        self, account_sid: str = "", call_sid: str = "", size: int = 100
    ) -> list[Notification]:
        """Return the newest `size` of an account or a call; an empty filter wants all.

        Raises:
            StoreAwayError: the database can't be asked now.
        """
        query = sa.select(NOTIFICATIONS).order_by(NOTIFICATIONS.c.place.desc()).limit(size)
        for name, value in {"account_sid": account_sid, "call_sid": call_sid}.items():
            if value:
                query = query.where(NOTIFICATIONS.c[name] == value)
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return [_notification(row) for row in rows]


def _notification(row: Any) -> Notification:
    return Notification(
        row.account_sid,
        row.call_sid,
        row.code,
        sid=row.sid,
        at=time_of(row.place),
        **json.loads(row.body),
    )
