"""The REST API on HTTP: finds the resource, lets the account in, and writes what comes of it.

Here is the boundary to HTTP: whatever a request holds gets an answer, and a defect of ours is 500
to the client and a line in the log, never the end of the process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from klein import Klein
from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource
from twisted.web.static import File
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from b2bua.api.authentication import Gate, address_of
from b2bua.api.calls import Calls
from b2bua.api.errors import DEFECT, NO_SUCH_METHOD, ApiError, Reply, not_found
from b2bua.api.fields import decoded
from b2bua.api.incoming_phone_numbers import IncomingPhoneNumbers
from b2bua.api.interfaces import Exchange
from b2bua.api.recordings import Recordings
from b2bua.api.response import shown, written
from b2bua.api.visit import Route, Visit

BASES = ("/2010-04-01", "/2012-04-24", "/restcomm/2012-04-24", "/call/2012-04-24")
"""Where the API is served: its own path, and those that clients of its siblings know (R-1)."""

METHODS = frozenset({b"GET", b"HEAD", b"POST", b"DELETE"})

log = Logger()


def rest_resources(
    exchange: Exchange, now: Callable[[], float], requests_per_second: int
) -> dict[bytes, Resource]:
    """Return what a site serves, by the first segment of the path; `now` is monotonic seconds."""
    gate = Gate(exchange.token, requests_per_second, now)
    calls = Calls(exchange)
    parts = (calls, IncomingPhoneNumbers(exchange), Recordings(exchange, calls))
    routes = [route for part in parts for route in part.routes()]
    roots: dict[bytes, Resource] = {}
    for base in BASES:
        _mount(roots, base, RestResource(base, routes, gate))
    return roots


def _mount(roots: dict[bytes, Resource], base: str, resource: Resource) -> None:
    first, *rest = base.encode().strip(b"/").split(b"/")
    if not rest:
        roots[first] = resource
        return
    folder = roots.setdefault(first, _Folder())
    folder.putChild(b"/".join(rest), resource)


class _Folder(Resource):
    """A segment of a base path: there is nothing at it or beside what lies below it."""

    def __init__(self) -> None:
        Resource.__init__(self)

    def getChild(self, path: bytes, request: Any) -> Resource:
        return self

    def render(self, request: Any) -> bytes:
        return written(request, _nothing_at(request).reply())


class RestResource(Resource):
    """The API below one base path."""

    isLeaf = True

    def __init__(self, base: str, routes: list[Route], gate: Gate) -> None:
        Resource.__init__(self)
        self._base, self._gate = base, gate
        self._klein = Klein()
        self._klein.url_map.merge_slashes = False
        for number, route in enumerate(routes):
            self._add(route, f"{route.path}-{number}")
        self._klein.handle_errors(HTTPException)(self._unrouted)
        self._resource: IResource = self._klein.resource()

    def render(self, request: Any) -> Any:
        """Route a request, once it is sure that routing cannot stumble over it."""
        try:
            b"/".join(request.postpath).decode()
        except UnicodeDecodeError:
            return written(request, _nothing_at(request).reply())
        if request.method not in METHODS:
            allowed = b", ".join(sorted(METHODS)).decode()
            return written(request, _no_method(allowed).reply())
        # The router would build redirects from it, and refuse some: it is of no interest here.
        request.requestHeaders.setRawHeaders(b"host", [b"localhost"])
        return self._resource.render(request)

    def _add(self, route: Route, name: str) -> None:
        async def serve(request: IRequest, account: str, **sids: str) -> bytes | File:
            return shown(request, await self._serve(route, request, account, sids))

        path = f"/Accounts/<account>{route.path}"
        self._klein.route(path, methods=[route.method], endpoint=name)(serve)

    async def _serve(
        self, route: Route, request: Any, account: str, sids: Mapping[str, str]
    ) -> Reply:
        try:
            authorization = request.getHeader(b"authorization")
            key = self._gate.admit(authorization, address_of(request))
            visit = Visit(key, self._base, decoded(request.args), sids)
            if account != key:
                raise not_found(visit.uri("", account))
            return await route.serve(visit)
        except ApiError as error:
            return error.reply()
        except CancelledError:
            raise
        except Exception:  # the boundary: a defect of ours is not the client's
            log.failure("the REST API failed")
            return ApiError(500, DEFECT, "Internal Server Error").reply()

    def _unrouted(self, request: Any, failure: Failure) -> bytes:
        problem = failure.value
        if isinstance(problem, MethodNotAllowed):
            return written(request, _no_method(", ".join(problem.valid_methods or ())).reply())
        return written(request, _nothing_at(request).reply())


def _nothing_at(request: Any) -> ApiError:
    return not_found(request.path.decode("utf-8", "replace")[:255])


def _no_method(allowed: str) -> ApiError:
    text = f"Method not allowed; there are {allowed}"
    return ApiError(405, NO_SUCH_METHOD, text, headers=(("Allow", allowed),))
