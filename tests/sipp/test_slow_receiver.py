"""Calls beside a receiver of callbacks that takes 15 s, and calls beside a quick one.

Two daemons with an application each take the same calls in the same moments, so that whatever else
the machine does happens to both.  A caller is answered when the callee has picked up: by then
three of the four callbacks are due.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.sipp.stage import Stage, number, rcml, scene
from tests.sipp.test_rcml import ALL
from tests.support.application import Application
from tests.support.daemon import Daemon
from tests.support.sipp import Message, Sipp

RATE, SECONDS = 10, 30
CALLS = RATE * SECONDS
RING_MS = 400
NOISE_MS = {"INVITE": 5, "BYE": 20}
"""What two equal things may differ by on a machine that others use too, beside 5 %."""


@dataclass
class Side:
    """One daemon, who calls it, and its application."""

    application: Application
    daemon: Daemon
    callee: Sipp
    caller: Sipp

    def times(self, method: str) -> list[float]:
        """Return how long each call took from a request to its 200, in the order of the calls."""
        begun = _first(self.caller.messages(sent=True, method=method), method)
        ended = _first(self.caller.messages(sent=False, method=method), "200")
        assert set(begun) == set(ended)
        return [ended[call] - begun[call] for call in begun]


def _first(messages: list[Message], start: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for message in messages:
        if message.start.startswith(start):
            found.setdefault(message.header("Call-ID"), message.at)
    return found


async def side(stage: Stage, *, slow: bool) -> Side:
    application = stage.application()
    told = f'statusCallback="{application.url("/status")}" statusCallbackEvent="{ALL}"'
    dialled = f"<Number {told}>{number('a')}</Number>"
    document = application.serve(
        "/voice", f'<Response><Dial answerOnBridge="true">{dialled}</Dial></Response>'
    )
    if slow:
        application.hang("/status")
    callee = await stage.callee(
        "uas_answer", hold=RING_MS, calls=0, is_traced=False, timeout=SECONDS + 60
    )
    daemon = await stage.daemon(rcml(document, a=callee.port), ports=500)
    caller = stage.sipp(
        "uac_call",
        target=daemon.sip_port,
        calls=CALLS,
        rate=RATE,
        hold=700,
        timeout=SECONDS + 30,
    )
    return Side(application, daemon, callee, caller)


@scene(pytest.mark.slow)
async def test_calls_take_as_long_beside_a_receiver_that_takes_15_seconds(stage: Stage) -> None:
    quick = await side(stage, slow=False)
    slow = await side(stage, slow=True)
    for each in (quick, slow):
        await each.caller.start()
    for each in (quick, slow):
        await each.caller.finish()
        await each.callee.dismiss()
    for method in ("INVITE", "BYE"):
        usual, ours = quick.times(method), slow.times(method)
        assert len(ours) == len(usual) == CALLS
        told = [(_quantile(usual, share), _quantile(ours, share)) for share in (50, 99)]
        print(f"{method} to 200, ms, quick and slow receiver: p50 {told[0]}, p99 {told[1]}")
        assert all(slower <= 1.05 * quicker + NOISE_MS[method] for quicker, slower in told)
    pending = (await slow.daemon.counters())["callbacks_pending"]
    print(f"{pending} callbacks of {4 * CALLS} still wait for the slow receiver")
    assert pending > CALLS
    assert len(quick.application.asked("/status")) == 4 * CALLS
    await quick.daemon.stop()
    slow.daemon.abort()


def _quantile(times: list[float], share: int) -> float:
    return round(1_000 * sorted(times)[len(times) * share // 100], 1)
