"""The operator's HTTP: `/healthz`, `/counters`, `/metrics`.

Health is everybody's to ask.  Counters and metrics are open to this machine; from elsewhere they
take an account's SID and token (HTTP Basic).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.web.http import Request
from twisted.web.pages import errorPage, notFound
from twisted.web.resource import Resource
from twisted.web.server import Site

from b2bua.app.addresses import plain_form
from b2bua.app.metrics import metrics_text

Counters = Callable[[], Mapping[str, Any]]
Health = Callable[[], bool]
Tokens = Mapping[str, str]


class AdminSite(Site):
    """The site of `[http].listen`.  It keeps no log of requests: they would drown the calls."""

    def __init__(
        self,
        counters: Counters,
        health: Health,
        tokens: Tokens | None = None,
        *,
        beside: Mapping[bytes, Resource] | None = None,
        requests: Any = None,
    ) -> None:
        """`beside` is served too, by first segment of the path; `requests` makes requests."""
        root = _Root()
        for name, resource in (beside or {}).items():
            root.putChild(name, resource)
        root.putChild(b"healthz", _Healthz(health))
        root.putChild(b"counters", _Counters(counters, tokens or {}))
        root.putChild(b"metrics", _Metrics(counters, tokens or {}))
        Site.__init__(self, root, requestFactory=requests)
        self.displayTracebacks = False
        self.noisy = False

    def log(self, request: Request) -> None:
        """Do without an access log."""


class _Root(Resource):
    def __init__(self) -> None:
        Resource.__init__(self)

    def getChild(self, path: bytes, request: Request) -> Any:
        return notFound()


class _Page(Resource):
    """A page that is read, and nothing else."""

    isLeaf = True

    def render(self, request: Any) -> Any:
        if request.method in (b"GET", b"HEAD"):
            return Resource.render(self, request)
        request.setHeader(b"allow", b"GET, HEAD")
        return errorPage(405, "Method Not Allowed", "This page can only be read.").render(request)


class _Healthz(_Page):
    def __init__(self, health: Health) -> None:
        Resource.__init__(self)
        self._health = health

    def render_GET(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        if self._health():
            return b"ok\n"
        request.setResponseCode(503)
        return b"not taking calls\n"


class _Guarded(_Page):
    """What only this machine, or an account, may read."""

    def __init__(self, counters: Counters, tokens: Tokens) -> None:
        Resource.__init__(self)
        self._counters = counters
        self._tokens = tokens

    def render_GET(self, request: Request) -> bytes:
        if _is_local(request) or _is_account(request, self._tokens):
            return self.read(request)
        request.setResponseCode(401)
        request.setHeader(b"www-authenticate", b'Basic realm="b2bua", charset="UTF-8"')
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        return b"an account's SID and token, please\n"

    def read(self, request: Request) -> bytes:
        raise NotImplementedError


class _Counters(_Guarded):
    def read(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"application/json")
        return json.dumps(dict(self._counters())).encode() + b"\n"


class _Metrics(_Guarded):
    def read(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
        return metrics_text(self._counters)


def _is_local(request: Request) -> bool:
    peer = request.getClientAddress()
    return isinstance(peer, IPv4Address | IPv6Address) and plain_form(peer.host).is_loopback


def _is_account(request: Request, tokens: Tokens) -> bool:
    token = tokens.get(request.getUser().decode("utf-8", "replace"))
    given = request.getPassword()
    # Compare even for an unknown account, so that the time taken tells nothing.
    return hmac.compare_digest((token or "").encode(), given) and token is not None
