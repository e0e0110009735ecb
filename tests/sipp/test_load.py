"""Many calls at once: none fails, none leaves anything, and every callback comes exactly once.

The short form is part of every test run; the long one (`slow`) of `make soak-load`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.sipp.stage import Stage, number, rcml, scene, static
from tests.sipp.test_rcml import LOST, WON, dial, told
from tests.support.daemon import Daemon
from tests.support.sipp import Sipp

SECOND_OF_SOUND = bytes(range(256)) * 31 + bytes(64)
LONG = pytest.mark.slow


async def judge(daemon: Daemon, caller: Sipp, calls: int, *callees: Sipp) -> dict[str, Any]:
    """Check that all calls went well on every side, and that nothing is left; return the counts."""
    for each in (caller, *callees):
        await each.dismiss()
        totals = each.totals()
        assert (totals["SuccessfulCall"], totals["FailedCall"]) == (calls, 0), each.errors()[:2_000]
    resent = {each.scenario: each.totals()["Retransmissions"] for each in (caller, *callees)}
    busiest = await daemon.counters()
    print(f"{calls} calls; retransmissions {resent}; lag {busiest['reactor_lag_ms']} ms")
    await daemon.until_idle(60)
    counters = await daemon.counters()
    assert counters["refused"] == {}
    assert counters["malformed"] == {}
    await daemon.stop()
    return counters


@pytest.mark.parametrize(("rate", "seconds"), [(50, 5), pytest.param(50, 60, marks=LONG)])
@scene()
async def test_calls_through_static_with_their_media(stage: Stage, rate: int, seconds: int) -> None:
    calls = rate * seconds
    ear = stage.ear()
    (stage.folder / "tone.ulaw").write_bytes(SECOND_OF_SOUND)
    callee = await stage.callee(
        "uas_answer", calls=0, hold=50, is_traced=False, rtp_port=ear.port, timeout=seconds + 60
    )
    daemon = await stage.daemon(static(callee.port), t1=0.2, ports=8_000)
    caller = stage.sipp(
        "uac_media",
        target=daemon.sip_port,
        calls=calls,
        rate=rate,
        hold=1_200,
        is_traced=False,
        timeout=seconds + 30,
    )
    await caller.run()
    await judge(daemon, caller, calls, callee)
    # A second is 50 packets; SIPp's own clock may drop one or two of them.
    assert 47 * calls <= len(ear.packets) <= 51 * calls


@pytest.mark.parametrize(("rate", "seconds"), [(20, 5), pytest.param(20, 60, marks=LONG)])
@scene()
async def test_forked_calls_through_rcml_with_their_callbacks(
    stage: Stage, rate: int, seconds: int
) -> None:
    calls = rate * seconds
    application = stage.application()
    options: dict[str, Any] = {"calls": 0, "is_traced": False, "timeout": seconds + 60}
    a = await stage.callee("uas_answer", hold=200, **options)
    b = await stage.callee("uas_cancelled", **options)
    daemon = await stage.daemon(
        rcml(dial(application, "ab"), a=a.port, b=b.port), t1=0.2, ports=8_000
    )
    caller = stage.sipp(
        "uac_call",
        target=daemon.sip_port,
        calls=calls,
        rate=rate,
        hold=1_500,
        is_traced=False,
        timeout=seconds + 30,
    )
    await caller.run()
    counters = await judge(daemon, caller, calls, a, b)
    assert counters["callbacks_dead"] == 0
    legs = Counter((leg[0]["To"], tuple(told(leg))) for leg in application.legs("/status").values())
    assert legs == {(number("a"), tuple(WON)): calls, (number("b"), tuple(LOST)): calls}
    assert len(application.asked("/action")) == calls
