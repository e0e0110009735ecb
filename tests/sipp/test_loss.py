"""Calls over a network that loses 5 of 100 messages both ways, on both legs: all complete."""

from __future__ import annotations

import pytest

from tests.sipp.stage import Stage, scene, static
from tests.sipp.test_load import judge

LOST = 5


@pytest.mark.parametrize(
    ("rate", "calls"), [(50, 100), pytest.param(25, 2_000, marks=pytest.mark.slow)]
)
@scene()
async def test_every_call_completes_though_messages_are_lost(
    stage: Stage, rate: int, calls: int
) -> None:
    seconds = calls // rate
    callee = await stage.callee(
        "uas_lossy", calls=0, hold=100, lost=LOST, is_traced=False, timeout=seconds + 120
    )
    daemon = await stage.daemon(static(callee.port), t1=0.1, ports=8_000)
    caller = stage.sipp(
        "uac_lossy",
        target=daemon.sip_port,
        calls=calls,
        rate=rate,
        hold=1_000,
        lost=LOST,
        is_traced=False,
        timeout=seconds + 90,
    )
    await caller.run()
    await judge(daemon, caller, calls, callee)
