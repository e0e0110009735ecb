"""The operator's HTTP, through Twisted's own server and in memory."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.testing import StringTransport

from b2bua.app.admin import AdminSite

COUNTERS: dict[str, Any] = {
    "calls": 2,
    "transactions": {"invite_client": 1, "server": 0},
    "refused": {"capacity": 3},
    "malformed": {'CSeq "x"': 1},
    "reactor_lag_ms": {"p50": 0.5, "p99": 2.0, "max": 10.0},
}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Admin:
    """An `AdminSite`, asked by a peer of our choice."""

    healthy: bool = True
    tokens: dict[str, str] = field(default_factory=lambda: {"AC1": "sesame"})

    def get(self, path: str, peer: str = "127.0.0.1", user: str = "", method: str = "GET") -> Reply:
        site = AdminSite(lambda: COUNTERS, lambda: self.healthy, self.tokens)
        family = IPv6Address if ":" in peer else IPv4Address
        address = family("TCP", peer, 40_000)
        channel = site.buildProtocol(address)
        transport = StringTransport(peerAddress=address)
        channel.makeConnection(transport)
        login = base64.b64encode(user.encode()).decode()
        extra = f"Authorization: Basic {login}\r\n" if user else ""
        channel.dataReceived(f"{method} {path} HTTP/1.0\r\n{extra}\r\n".encode())
        head, _, body = transport.value().decode().partition("\r\n\r\n")
        status, *fields = head.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in fields)
        return Reply(int(status.split()[1]), headers, body)


def test_health_is_ok_while_calls_are_taken() -> None:
    reply = Admin().get("/healthz", peer="203.0.113.9")
    assert (reply.status, reply.body.strip()) == (200, "ok")


def test_health_is_503_while_calls_are_refused() -> None:
    assert Admin(healthy=False).get("/healthz").status == 503


def test_counters_are_json() -> None:
    reply = Admin().get("/counters")
    assert reply.headers["content-type"] == "application/json"
    assert json.loads(reply.body) == COUNTERS


def test_metrics_are_what_prometheus_reads() -> None:
    body = Admin().get("/metrics").body
    for line in (
        "b2bua_calls 2.0",
        'b2bua_transactions{type="invite_client"} 1.0',
        'b2bua_refused_total{reason="capacity"} 3.0',
        r'b2bua_malformed_total{reason="CSeq \"x\""} 1.0',
        'b2bua_reactor_lag_seconds{quantile="0.99"} 0.002',
        "# TYPE b2bua_calls gauge",
        "# TYPE b2bua_refused_total counter",
    ):
        assert line in body.splitlines()


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_needs_no_password(peer: str) -> None:
    assert Admin().get("/counters", peer=peer).status == 200


@pytest.mark.parametrize("path", ["/counters", "/metrics"])
@pytest.mark.parametrize("user", ["", "AC1:wrong", "AC2:sesame", "AC2:", ":", "AC1:sésame"])
def test_another_machine_needs_an_account(path: str, user: str) -> None:
    reply = Admin().get(path, peer="203.0.113.9", user=user)
    assert reply.status == 401
    assert "basic" in reply.headers["www-authenticate"]
    assert "calls" not in reply.body


def test_an_account_may_read_from_anywhere() -> None:
    assert Admin().get("/counters", peer="203.0.113.9", user="AC1:sesame").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("POST", "/counters", 405), ("PUT", "/counters", 405)],
)
def test_what_is_not_offered_is_refused(method: str, path: str, status: int) -> None:
    assert Admin().get(path, method=method).status == status
