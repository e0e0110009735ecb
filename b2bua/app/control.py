"""Where the operator's tools reach the running daemon: HTTP on a socket in the file system.

Who may open the file may do everything, and nobody else can: no reverse proxy leads here, and no
account's token.  `b2bua.cli.control` is the other end.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from b2bua.app.desk import Desk
from b2bua.app.logs import logger, traceback
from b2bua.store.database import StoreAwayError
from b2bua.store.notifications import Notifications

PATH_BYTES = 107
"""How long the name of a socket may be, on Linux."""
PAGE = 100
LARGEST_PAGE = 10_000

log = logger("control")

Reply = tuple[int, Any]


def listen(reactor: Any, path: Path, site: Site) -> Any:
    """Serve `site` on a socket at `path`, for this process's user; return the port.

    A process that has the socket holds a lock beside it, so a second daemon in one folder does not
    start; the socket of one that was killed is cleared away.  None: the path is too long.

    Raises:
        CannotListenError, OSError: it can't be made.
    """
    if len(os.fsencode(path)) > PATH_BYTES:
        log.warning("no socket for the tools: its path is too long", path=str(path))
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    return reactor.listenUNIX(str(path), site, mode=0o600, wantPID=True)


class ControlSite(Site):
    """JSON: `/callbacks`, a TOKEN of them, its `/replay`, `/notifications`, `/registrations`."""

    def __init__(
        self,
        desk: Desk,
        notifications: Notifications,
        registrations: Callable[[], Any] = dict,
    ) -> None:
        root = Resource()
        root.putChild(b"callbacks", _Page(_Callbacks(desk).reply))
        root.putChild(b"notifications", _Page(_Notes(notifications).reply))
        root.putChild(b"registrations", _Page(_Told(registrations).reply))
        Site.__init__(self, root)
        self.displayTracebacks = False
        self.noisy = False

    def log(self, request: object) -> None:
        """Do without an access log."""


class _Page(Resource):
    """Answers with what a coroutine returns: a status, and a value for JSON."""

    isLeaf = True

    def __init__(self, reply: Callable[[str, list[str], _Query], Awaitable[Reply]]) -> None:
        Resource.__init__(self)
        self._reply = reply

    def render(self, request: Any) -> Any:
        method = request.method.decode("ascii", "replace")
        path = [part.decode("ascii", "replace") for part in request.postpath or () if part]
        replying: Deferred[Reply] = Deferred.fromCoroutine(self._coroutine(method, path, request))
        replying.addCallbacks(
            _finish, self._failed, callbackArgs=(request,), errbackArgs=(request,)
        )
        return NOT_DONE_YET

    async def _coroutine(self, method: str, path: list[str], request: Any) -> Reply:
        return await self._reply(method, path, _Query(request.args or {}))

    def _failed(self, failure: Failure, request: Any) -> None:
        if failure.check(StoreAwayError) is not None:
            _finish((503, {"problem": f"the store is away: {failure.getErrorMessage()}"}), request)
            return
        log.error("a tool's request failed", exc_info=traceback(failure))
        _finish((500, {"problem": "internal failure"}), request)


class _Query:
    """The arguments of a request."""

    def __init__(self, args: dict[bytes, list[bytes]]) -> None:
        self._args = args

    def __call__(self, name: str) -> str:
        return self._args.get(name.encode(), [b""])[-1].decode("utf-8", "replace")

    @property
    def size(self) -> int:
        """How many are wanted."""
        text = self("limit")
        return min(LARGEST_PAGE, int(text)) if text.isascii() and text.isdigit() else PAGE


class _Callbacks:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def reply(self, method: str, path: list[str], query: _Query) -> Reply:
        match method, path:
            case "GET", []:
                found = await self._desk.find(
                    query("state"), query("account"), query("call"), query.size
                )
                return 200, found
            case "GET", [token]:
                shown = await self._desk.show(token)
                return (404, _UNKNOWN) if shown is None else (200, shown)
            case "POST", [token, "replay"]:
                return (200, {}) if await self._desk.replay(token) else (404, _UNKNOWN)
            case "DELETE", [token]:
                return (200, {}) if await self._desk.drop(token) else (404, _UNKNOWN)
            case _:
                return 404, {"problem": "no such page"}


_UNKNOWN = {"problem": "no such callback, or it is being sent"}


class _Notes:
    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications

    async def reply(self, method: str, path: list[str], query: _Query) -> Reply:
        if method != "GET" or path:
            return 404, {"problem": "no such page"}
        found = await self._notifications.find(query("account"), query("call"), query.size)
        return 200, [{**asdict(note), "level": note.level} for note in found]


class _Told:
    """A page that is read whole."""

    def __init__(self, told: Callable[[], Any]) -> None:
        self._told = told

    async def reply(self, method: str, path: list[str], _query: _Query) -> Reply:
        if method != "GET" or path:
            return 404, {"problem": "no such page"}
        return 200, self._told()


def _finish(reply: Reply, request: Any) -> None:
    status, value = reply
    if request._disconnected:
        return
    request.setResponseCode(status)
    request.setHeader(b"content-type", b"application/json")
    request.write(json.dumps(value).encode() + b"\n")
    request.finish()
