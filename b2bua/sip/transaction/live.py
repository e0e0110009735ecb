"""All live transactions, found by what a message says of itself.

`Live` finds and forgets; it does not know what a transaction is made of, so that the driver may
keep here the very objects that it needs again.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.matching import Key, merge_key, request_key, response_key

ClientT = TypeVar("ClientT")
ServerT = TypeVar("ServerT")


class Live(Generic[ClientT, ServerT]):
    """The transactions of one transport user: those it began, and those its peers began."""

    __slots__ = ("_clients", "_merging", "_servers", "counts")

    def __init__(self) -> None:
        self._clients: dict[Key, ClientT] = {}
        self._servers: dict[Key, ServerT] = {}
        self._merging: dict[Key, Key] = {}
        self.counts = {"invite_client": 0, "invite_server": 0, "client": 0, "server": 0}

    def client_of(self, response: Response) -> ClientT | None:
        """Return the transaction that `response` answers (17.1.3)."""
        return self._clients.get(response_key(response))

    def client_named(self, branch: str, method: str) -> ClientT | None:
        """Return the transaction that sends `method` with `branch` in its Via."""
        return self._clients.get((branch, method))

    def server_of(self, request: Request) -> ServerT | None:
        """Return the transaction of which `request` is a repetition (17.2.3)."""
        return self._servers.get(request_key(request, request.method))

    def invite_of(self, request: Request) -> ServerT | None:
        """Return the INVITE that `request`, an ACK or a CANCEL, belongs to (17.2.3, 9.2)."""
        return self._servers.get(request_key(request, "INVITE"))

    def is_merged(self, invite: Request) -> bool:
        """Tell whether this INVITE, which is new here, has come by another way too (8.2.2.2)."""
        key = merge_key(invite)
        return key is not None and key in self._merging

    def add_client(self, branch: str, request: Request, client: ClientT) -> Key:
        """Keep `client`, which sends `request` with `branch` in its Via; return its key."""
        key = (branch, request.method)
        self._clients[key] = client
        self.counts[_kind(request, "client")] += 1
        return key

    def add_server(self, request: Request, server: ServerT) -> Key:
        """Keep `server`, which answers `request`; return its key."""
        key = request_key(request, request.method)
        self._servers[key] = server
        self.counts[_kind(request, "server")] += 1
        if request.method == "INVITE" and (merging := merge_key(request)) is not None:
            self._merging.setdefault(merging, key)
        return key

    def remove_client(self, key: Key, request: Request) -> None:
        """Forget the client transaction of `key`, which sent `request`."""
        if self._clients.pop(key, None) is not None:
            self.counts[_kind(request, "client")] -= 1

    def remove_server(self, key: Key, request: Request) -> None:
        """Forget the server transaction of `key`, which answered `request`."""
        if self._servers.pop(key, None) is None:
            return
        self.counts[_kind(request, "server")] -= 1
        merging = merge_key(request)
        if merging is not None and self._merging.get(merging) == key:
            del self._merging[merging]

    @property
    def server_count(self) -> int:
        """The number of transactions that peers began."""
        return len(self._servers)

    def clear(self) -> list[ClientT | ServerT]:
        """Forget all transactions, and return them."""
        forgotten: list[ClientT | ServerT] = [*self._clients.values(), *self._servers.values()]
        for table in (self._clients, self._servers, self._merging):
            table.clear()
        self.counts = dict.fromkeys(self.counts, 0)
        return forgotten


def _kind(request: Request, side: str) -> str:
    return f"invite_{side}" if request.method == "INVITE" else side
