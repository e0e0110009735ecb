"""A running daemon has the right word for every kind of broken message, over UDP and over TCP."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from tests.fuzz.rules import BARE, DEFECTS, NOTHING, RFC4475, Rule
from tests.support.daemon import Daemon
from tests.support.real import real

reactor: Any = real_reactor
HOST = "127.0.0.1"
PATIENCE = 0.3
"""Seconds after which nothing more is waited for."""

NO_NUMBERS = """
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1"
inbound_from = ["127.0.0.0/8"]
"""


class Stranger:
    """Sends one message at a time, from a new address or connection each."""

    def __init__(self, port: int) -> None:
        self._server = (HOST, port)
        self._names = count(1)

    def datagram(self, rule: Rule) -> int:
        """Return the final status that came back over UDP, or NOTHING."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.bind((HOST, 0))
            via = f"SIP/2.0/UDP {HOST}:{wire.getsockname()[1]};rport"
            wire.sendto(rule.written(via, self._new()), self._server)
            return final(wire)

    def stream(self, rule: Rule) -> int:
        """Return the final status that came back over TCP, or NOTHING."""
        with socket.create_connection(self._server) as wire:
            via = f"SIP/2.0/TCP {HOST}:{wire.getsockname()[1]};rport"
            wire.sendall(rule.written(via, self._new()))
            return final(wire)

    def bare(self, data: bytes) -> int:
        """Return what was said to something that is no SIP."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.bind((HOST, 0))
            wire.sendto(data, self._server)
            return final(wire)

    def _new(self) -> str:
        return f"rule{next(self._names)}"


def final(wire: socket.socket) -> int:
    """Return the first status above 199 that comes."""
    wire.settimeout(PATIENCE)
    heard = b""
    try:
        while data := wire.recv(65_536):
            heard += data
            for status in re.findall(rb"(?m)^SIP/2\.0 ([2-6]\d\d) ", heard):
                return int(status)
    except (TimeoutError, ConnectionError):
        pass
    return NOTHING


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(reactor, tmp_path, NO_NUMBERS)
    pytest_twisted.blockon(Deferred.fromCoroutine(daemon.start()))
    yield daemon
    daemon.abort()


def complaints(send: Callable[[Rule], int], rules: list[Rule]) -> list[str]:
    """Return which rules were not kept, and what was said instead."""
    found = []
    for rule in rules:
        status = send(rule)
        if status not in rule.statuses:
            found.append(f"{rule.name}: {status or 'no answer'}")
    return found


@pytest.mark.parametrize("rules", [RFC4475, DEFECTS], ids=["rfc4475", "defects"])
@real
async def test_every_rule_has_its_answer(daemon: Daemon, rules: list[Rule]) -> None:
    stranger = Stranger(daemon.sip_port)
    assert await deferToThread(complaints, stranger.datagram, rules) == []
    assert await deferToThread(complaints, stranger.stream, rules) == []
    await daemon.until_over()
    await daemon.stop()


@real
async def test_what_is_no_sip_is_never_answered(daemon: Daemon) -> None:
    stranger = Stranger(daemon.sip_port)
    for name, data in BARE.items():
        assert await deferToThread(stranger.bare, data) == NOTHING, name
    await deferLater(reactor, 0)
    await daemon.until_over()
    await daemon.stop()
