"""Ten phones on sockets that answer within 5 ms of each other: one bridge, no late 200 forgotten.

`tests/flows/test_many_forks.py` says the same on a virtual clock.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from twisted.internet import reactor as real_reactor

from tests.support.child import until
from tests.support.crowd import AnsweringPhone, Wire
from tests.support.daemon import Daemon
from tests.support.phone import Address
from tests.support.real import real

reactor: Any = real_reactor

WITHIN = 0.005
TARGETS = 10


class HastyPhone(AnsweringPhone):
    """Answers some milliseconds after it has been called, unless it has been cancelled."""

    def __init__(self, name: str, wire: Wire, server: Address, after: float) -> None:
        super().__init__(name, wire.address, server, wire)
        self.local_tag = f"{name}-{after}"
        self._after = after
        self._is_called = False

    def hear(self, data: bytes) -> None:
        """Take one datagram."""
        super(AnsweringPhone, self).hear(data)
        if self.invite is not None and not self._is_called:
            self._is_called = True
            reactor.callLater(self._after, self._pick_up)

    def _pick_up(self) -> None:
        if "CANCEL" not in self.heard:
            self.answer(200)

    @property
    def is_released(self) -> bool:
        """Whether nothing is open between it and the daemon."""
        if not self.has_answered:
            return "CANCEL" in self.heard
        return "ACK" in self.heard and "BYE" in self.heard


def settings(port: int) -> str:
    """Return settings that ring all ten at once."""
    targets = ", ".join(f'"sip:b{number}@127.0.0.1:{port}"' for number in range(TARGETS))
    return f"""
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1"
inbound_from = ["127.0.0.0/8"]
[[numbers]]
number = "*"
router = "static"
targets = [{targets}]
"""


async def fork(number: int, chance: Random, callers: Wire, callees: Wire, server: Address) -> int:
    """Place one call and end it; return how many 200s came too late."""
    caller = AnsweringPhone(f"a{number}", callers.address, server, callers)
    phones = [
        HastyPhone(f"b{one}", callees, server, chance.uniform(0, WITHIN)) for one in range(TARGETS)
    ]
    callers.phones = {caller.call_id: caller}
    callees.phones = {phone.name: phone for phone in phones}
    caller.call("100")

    async def is_bridged() -> bool:
        others = [phone for phone in phones if not phone.is_released]
        return caller.final is not None and len(others) == 1 and "ACK" in others[0].heard

    assert await until(reactor, is_bridged, 10), [(p.name, p.heard) for p in phones]
    caller.say(["BYE"])

    async def is_over() -> bool:
        return all(phone.is_released for phone in phones)

    assert await until(reactor, is_over, 10), [(p.name, p.heard) for p in phones]
    return sum(phone.has_answered for phone in phones) - 1


@pytest.mark.parametrize("forks", [20, pytest.param(500, marks=pytest.mark.slow)])
@real
async def test_a_fork_whose_phones_answer_together_has_one_bridge(
    tmp_path: Path, forks: int
) -> None:
    callers, callees = Wire(reactor), Wire(reactor)
    daemon = Daemon(reactor, tmp_path, settings(callees.address[1]))
    found: Counter[str] = Counter()
    try:
        await daemon.start()
        chance, server = Random(forks), ("127.0.0.1", daemon.sip_port)
        for number in range(forks):
            found["late"] += await fork(number, chance, callers, callees, server)
            found["bridges"] += 1
        await daemon.until_over()
        counters: dict[str, Any] = await daemon.counters()
        assert (counters["refused"], counters["malformed"]) == ({}, {})
        await daemon.stop()
    finally:
        daemon.abort()
        await callers.close()
        await callees.close()
    print(f"{forks} forks: {dict(found)}")
    assert found["bridges"] == forks
    assert found["late"] > 0
