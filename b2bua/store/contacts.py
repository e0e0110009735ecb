"""Registered contacts: added and removed without waiting, and read once, at the start."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from b2bua.store.schema import (
    ADD_CONTACT,
    CONTACTS,
    FORGET_CONTACTS,
    REMOVE_CONTACT,
    Change,
    Places,
)
from b2bua.store.writer import Writer


class KeptContact(NamedTuple):
    """One row.  `expires_at` is in seconds since the epoch, `body` is JSON."""

    place: int
    expires_at: float
    body: str


class Contacts:
    """The table of contacts."""

    def __init__(self, writer: Writer, places: Places) -> None:
        self._writer = writer
        self._places = places

    def add(self, expires_at: float, body: str) -> int:
        """Keep a contact; return its place."""
        place = self._places.next()
        values = {"place": place, "expires_at": expires_at, "body": body}
        self._writer.put(Change(ADD_CONTACT, values))
        return place

    def remove(self, place: int) -> None:
        """Forget a contact."""
        self._writer.put(Change(REMOVE_CONTACT, {"at_place": place}))

    def forget_before(self, moment: float) -> None:
        """Forget what has expired before `moment`, in seconds since the epoch."""
        self._writer.put(Change(FORGET_CONTACTS, {"before": moment}))

    async def live(self, now: float) -> list[KeptContact]:
        """Return what has not expired at `now`, the newest first.

        Raises:
            StoreAwayError: the database can't be asked now.
        """
        query = (
            sa.select(CONTACTS).where(CONTACTS.c.expires_at > now).order_by(CONTACTS.c.place.desc())
        )
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return [KeptContact(*row) for row in rows]
