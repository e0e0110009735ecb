"""The one door between the REST API and the service: what the API asks for, in routing's words.

The API reads the records, and asks `Exchange` to begin, redirect and end calls.  It knows nothing
of SIP, and the service nothing of HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from b2bua.routing.plan import NumberSettings, StatusPlan, Target
from b2bua.store.calls import CallRecord, CallRecords
from b2bua.store.numbers import NumberRecords
from b2bua.store.paging import Mark, Page
from b2bua.store.recordings import RecordingRecord


@dataclass(frozen=True, slots=True)
class Order:
    """A call that an account asks for: whom to dial, and what becomes of whoever answers.

    `from_` is a number or a name.  `timeout` is how long it may ring and `time_limit` how long the
    call may last, in seconds; `digits` are dialled once it has been answered.
    """

    account_sid: str
    from_: str
    target: Target
    number: NumberSettings
    timeout: float = 60.0
    time_limit: float = 14_400.0
    digits: str = ""


class Shelf(Protocol):
    """Where recordings are kept.

    Raises:
        StoreAwayError: in coroutines, when the database can't be asked now.
    """

    async def get(self, account_sid: str, sid: str) -> RecordingRecord | None:
        """Return an account's recording."""

    async def page(
        self, account_sid: str, call_sid: str, mark: Mark | None, size: int
    ) -> Page[RecordingRecord]:
        """Return one page of an account's recordings, newest first; of one call if it is named."""

    async def remove(self, record: RecordingRecord) -> None:
        """Remove a recording that is over, with its files."""

    async def file(self, record: RecordingRecord, form: str) -> Path | None:
        """Return the file of a recording as `wav` or `mp3`; None: that cannot be had."""

    def url_of(self, account_sid: str, sid: str) -> str:
        """Return where a recording is fetched, without an ending."""


class Exchange(Protocol):
    """Everything the REST API needs of the service."""

    @property
    def calls(self) -> CallRecords:
        """The records of calls."""

    @property
    def numbers(self) -> NumberRecords:
        """The incoming phone numbers."""

    @property
    def recordings(self) -> Shelf:
        """The recordings."""

    def token(self, account_sid: str) -> str | None:
        """Return the secret of an account, None if there is no such account."""

    def country(self, account_sid: str) -> str:
        """Return the ISO code that the account's national numbers are read by; empty: none."""

    def may_show(self, account_sid: str, caller_id: str) -> bool:
        """Whether the account's calls may come from this number or name (rcml.md D-3)."""

    @property
    def takes_calls(self) -> bool:
        """Whether calls can be asked for; not while the service drains."""

    def originate(self, order: Order) -> CallRecord | None:
        """Queue a call; None: too many of the account's wait."""

    def redirect(self, sid: str, number: NumberSettings) -> bool:
        """Run another document on a caller's leg; False: it is not talking to its router."""

    def end(self, sid: str) -> bool:
        """End a leg, in whatever state it is, or take it out of the queue; False: it is over."""

    def limit(self, sid: str, seconds: float) -> bool:
        """Let a caller's leg last `seconds` from now on; False: it is over, or no caller's."""

    def report_to(self, sid: str, plan: StatusPlan) -> bool:
        """Send the rest of a leg's status callbacks by `plan`; False: the leg is over."""

    def now(self) -> float:
        """Return the time in seconds since the epoch."""

    def new_sid(self, prefix: str) -> str:
        """Return a fresh SID: two letters and 32 hexadecimal digits."""
