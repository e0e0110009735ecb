"""A store in memory, or in a file, whose thread is the test itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from b2bua.routing.plan import Direction, LegFacts, Status
from b2bua.store.database import Database, StoreAwayError
from b2bua.store.journal import Journal
from b2bua.store.outbox import OutboxTable, Waiting
from b2bua.store.schema import Change, Places, State
from b2bua.store.writer import Writer, WriterLimits
from tests.support.processes import FakeProcesses

NOW = 1_700_000_000.0


class Unsteady(Database):
    """A database that can be taken away."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.is_there = True
        self.writes: list[list[Change]] = []

    def write(self, changes: Sequence[Change]) -> int:
        self._check()
        self.writes.append([*changes])
        return super().write(changes)

    def read(self, question: Callable[[sa.Connection], Any]) -> Any:
        self._check()
        return super().read(question)

    def _check(self) -> None:
        if not self.is_there:
            raise StoreAwayError("unplugged")


class Store:
    """Everything of one store, on a clock."""

    def __init__(
        self, url: str, folder: Path, limits: WriterLimits | None = None, now: float = NOW
    ) -> None:
        self.folder = folder
        self.clock = FakeProcesses()
        self.database = Unsteady(url, folder)
        self.writer = Writer(self.clock, self.clock, self.database, limits)
        self.places = Places(lambda: now + self.clock.seconds())
        self.journal = Journal(self.writer, self.places)
        self.outbox = OutboxTable(self.writer, self.places)

    def row(self, token: str, call_sid: str = "CA1", account_sid: str = "AC1") -> Waiting:
        place = self.outbox.next_place()
        until = NOW + 86_400
        return Waiting(
            place, token, account_sid, call_sid, State.PENDING.value, 0, 0.0, until, "", "{}"
        )

    def add(self, *tokens: str) -> list[str]:
        """Add rows; return the tokens of those that have settled, as it grows."""
        settled: list[str] = []
        for token in tokens:
            self.outbox.add(self.row(token), lambda token=token: settled.append(token))  # type: ignore[misc]
        return settled


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store("sqlite://", tmp_path)


def facts(call_sid: str = "CA1", name: str | None = None) -> LegFacts:
    return LegFacts(
        call_sid, "AC1", Direction.INBOUND, Status.RINGING, "+1", "+2", caller_name=name
    )
