"""BYE and CANCEL into live calls, with their Call-IDs and made-up tags: none falls.

The long form (`slow`) is of `make soak-load`: a million at 2,000 a second, eight minutes.
"""

from __future__ import annotations

import re

import pytest
from twisted.internet.threads import deferToThread

from tests.sipp.stage import Stage, scene, static
from tests.support.child import until
from tests.support.spoofer import spoof


@pytest.mark.parametrize(
    ("calls", "spoofs"), [(20, 4_000), pytest.param(100, 1_000_000, marks=pytest.mark.slow)]
)
@scene()
async def test_calls_outlive_whoever_cannot_name_their_tags(
    stage: Stage, calls: int, spoofs: int
) -> None:
    seconds = spoofs // 2_000
    patience = {"calls": calls, "timeout": 120 + seconds}
    callee = await stage.callee("uas_answer", hold=50, is_traced=False, **patience)
    daemon = await stage.daemon(static(callee.port), media_timeout=3_600)
    caller = stage.sipp(
        "uac_call",
        target=daemon.sip_port,
        rate=20,
        hold=1_000 * (seconds + 4 + calls // 5),
        **patience,
    )
    await caller.start()

    async def all_talk() -> bool:
        return len(caller.messages(sent=True, method="ACK")) == calls

    assert await until(stage.reactor, all_talk, 20)
    sent = caller.messages(sent=True, method="INVITE")
    call_ids = re.findall(r"Call-ID: (\S+)", "".join(each.text for each in sent))
    answers = await deferToThread(spoof, daemon.sip_port, spoofs, 2_000.0, call_ids)
    counters = await daemon.counters()
    print(f"{spoofs} spoofs: answers {dict(answers)}; lag {counters['reactor_lag_ms']} ms")
    assert set(answers) == {"481"}
    assert counters["calls"] == calls
    await caller.finish()  # each hung up by itself, and got its 200
    await callee.finish()
    await daemon.until_over()
    await daemon.stop()
