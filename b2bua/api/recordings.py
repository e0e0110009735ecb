"""`/Recordings`: what was recorded of an account's calls.  Nothing is recorded yet: none are."""

from __future__ import annotations

from collections.abc import Iterator

from b2bua.api.calls import Calls
from b2bua.api.errors import Reply, not_found
from b2bua.api.paging import listed, read_turn
from b2bua.api.visit import Route, Visit
from b2bua.store.calls import CallRecord
from b2bua.store.paging import Page


class Recordings:
    """The recordings of an account, or of one of its calls."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def routes(self) -> Iterator[Route]:
        """Yield which requests are for recordings."""
        yield Route("GET", "/Recordings.json", self.list)
        yield Route("GET", "/Calls/<sid>/Recordings.json", self.list_of_call)
        yield Route("GET", "/Recordings/<sid>.json", self.fetch)
        yield Route("DELETE", "/Recordings/<sid>.json", self.fetch)

    async def list(self, visit: Visit) -> Reply:
        """List recordings: an empty list."""
        return _none(visit, "/Recordings.json")

    async def list_of_call(self, visit: Visit) -> Reply:
        """List the recordings of a call that there is: an empty list."""
        record = await self._calls.record(visit)
        return _none(visit, f"/Calls/{record.sid}/Recordings.json")

    async def fetch(self, visit: Visit) -> Reply:
        """Look for one recording: there is none."""
        raise not_found(visit.uri(f"/Recordings/{visit.sids['sid']}.json"))


def _none(visit: Visit, path: str) -> Reply:
    read_turn(visit.fields)
    empty: Page[CallRecord] = Page(())
    return listed(visit, path, "recordings", empty, lambda _record: {})
