"""The tables, and every change that is made to them.

Rows have a `place`: microseconds since the epoch, made unique and rising by `Places`; it is their
key, their order and their age.  What people and peers wrote stands in `body` alone, as JSON in
ASCII, so that no character of theirs is one that a database refuses.

Migrations make the tables (`b2bua/store/migrations`); a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()
HEAD = "0004"
"""The last migration."""

# In SQLite only INTEGER is the table's own key.
PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
SID = sa.String(64)


class State(Enum):
    """Of a callback in the outbox; one that was delivered is not there any more."""

    PENDING = "pending"
    DEAD = "dead"


EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("account_sid", SID, nullable=False),
    sa.Column("call_sid", SID, nullable=False),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("events_of_call", "call_sid", "place"),
)
"""The journal: one row for each step of each leg, never changed."""

CALLBACKS = sa.Table(
    "callbacks",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("token", SID, nullable=False),
    sa.Column("account_sid", SID, nullable=False),
    sa.Column("call_sid", SID, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("callbacks_by_token", "token", unique=True),
    sa.Index("callbacks_of_account", "account_sid", "state", "place"),
)
"""The outbox.  Times are seconds since the epoch: when the next try is due, and the last one."""

NOTIFICATIONS = sa.Table(
    "notifications",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("sid", SID, nullable=False),
    sa.Column("account_sid", SID, nullable=False),
    sa.Column("call_sid", SID, nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("level", sa.String(8), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("notifications_of_call", "call_sid", "place"),
    sa.Index("notifications_of_account", "account_sid", "place"),
)
"""What went wrong in calls, with the request and the response it was about."""

CONTACTS = sa.Table(
    "contacts",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)
"""Registered contacts, each change of one as another row.  `expires_at` is in epoch seconds."""


RECORDINGS = sa.Table(
    "recordings",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("sid", SID, nullable=False),
    sa.Column("account_sid", SID, nullable=False),
    sa.Column("call_sid", SID, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("seconds", sa.Integer, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("recordings_by_sid", "sid", unique=True),
    sa.Index("recordings_of_account", "account_sid", "place"),
    sa.Index("recordings_of_call", "call_sid", "place"),
    sa.Index("recordings_by_status", "status", "place"),
)
"""What was recorded of calls; the sound is in files that have the names of the SIDs."""

LIVE_LEGS = sa.Table(
    "live_legs",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("call_sid", SID, nullable=False),
    sa.Index("live_legs_by_sid", "call_sid"),
)
"""The legs that are not over, with the place of their first event: after a death, what to end."""

MARKS = sa.Table(
    "marks",
    METADATA,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)
"""Moments, in seconds since the epoch: `alive`, when a daemon with live legs last said so."""

NUMBERS = sa.Table(
    "numbers",
    METADATA,
    sa.Column("place", PLACE, primary_key=True, autoincrement=False),
    sa.Column("sid", SID, nullable=False),
    sa.Column("account_sid", SID, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("numbers_by_sid", "sid"),
)
"""The incoming phone numbers that accounts made by the REST API."""


@dataclass(frozen=True, slots=True)
class Change:
    """One statement and its values.

    Within a transaction, changes are made in the order of `WRITES`, and those of one statement in
    the order in which they were put: rows are added before they are changed, and changed before
    they are removed.
    """

    statement: sa.UpdateBase
    values: Mapping[str, Any]


ADD_EVENT = sa.insert(EVENTS)
ADD_NOTIFICATION = sa.insert(NOTIFICATIONS)
ADD_CALLBACK = sa.insert(CALLBACKS)
CHANGE_CALLBACK = (
    sa.update(CALLBACKS)
    .where(CALLBACKS.c.place == sa.bindparam("at_place"))
    .values(
        state=sa.bindparam("state"),
        tries=sa.bindparam("tries"),
        due_at=sa.bindparam("due_at"),
        problem=sa.bindparam("problem"),
    )
)
REMOVE_CALLBACK = sa.delete(CALLBACKS).where(CALLBACKS.c.place == sa.bindparam("at_place"))
ADD_RECORDING = sa.insert(RECORDINGS)
CHANGE_RECORDING = (
    sa.update(RECORDINGS)
    .where(RECORDINGS.c.sid == sa.bindparam("at_sid"))
    .values(
        status=sa.bindparam("status"),
        seconds=sa.bindparam("seconds"),
        updated_at=sa.bindparam("updated_at"),
    )
)
FORGET_EVENTS = sa.delete(EVENTS).where(EVENTS.c.place < sa.bindparam("before"))
FORGET_NOTIFICATIONS = sa.delete(NOTIFICATIONS).where(
    NOTIFICATIONS.c.place < sa.bindparam("before")
)
FORGET_DEAD = sa.delete(CALLBACKS).where(
    CALLBACKS.c.place < sa.bindparam("before"),
    CALLBACKS.c.state == sa.literal_column(f"'{State.DEAD.value}'"),
)
ADD_CONTACT = sa.insert(CONTACTS)
REMOVE_CONTACT = sa.delete(CONTACTS).where(CONTACTS.c.place == sa.bindparam("at_place"))
FORGET_CONTACTS = sa.delete(CONTACTS).where(CONTACTS.c.expires_at < sa.bindparam("before"))

ADD_LEG = sa.insert(LIVE_LEGS)
REMOVE_LEG = sa.delete(LIVE_LEGS).where(LIVE_LEGS.c.call_sid == sa.bindparam("of_call"))
SET_MARK = (
    sa.update(MARKS).where(MARKS.c.name == sa.bindparam("of_name")).values(at=sa.bindparam("at"))
)
ADD_NUMBER = sa.insert(NUMBERS)
CHANGE_NUMBER = (
    sa.update(NUMBERS)
    .where(NUMBERS.c.sid == sa.bindparam("of_sid"))
    .values(body=sa.bindparam("body"))
)
REMOVE_NUMBER = sa.delete(NUMBERS).where(NUMBERS.c.sid == sa.bindparam("of_sid"))

WRITES: tuple[sa.UpdateBase, ...] = (
    ADD_EVENT,
    ADD_LEG,
    REMOVE_LEG,
    SET_MARK,
    ADD_NUMBER,
    CHANGE_NUMBER,
    REMOVE_NUMBER,
    ADD_NOTIFICATION,
    ADD_CALLBACK,
    CHANGE_CALLBACK,
    REMOVE_CALLBACK,
    ADD_RECORDING,
    CHANGE_RECORDING,
    FORGET_EVENTS,
    FORGET_NOTIFICATIONS,
    FORGET_DEAD,
    ADD_CONTACT,
    REMOVE_CONTACT,
    FORGET_CONTACTS,
)


class Places:
    """Gives places; `wall` is seconds since the epoch."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._last = 0

    def next(self) -> int:
        """Return a place after every other that was given, and after any of the past."""
        self._last = max(self._last + 1, int(self._wall() * 1_000_000))
        return self._last


def place_at(seconds: float) -> int:
    """Return the first place of a moment, in seconds since the epoch."""
    return int(seconds * 1_000_000)


def time_of(place: int) -> float:
    """Return when a place was given, in seconds since the epoch."""
    return place / 1_000_000
