"""The scenarios themselves: callers and callees that fit must get along without a daemon."""

from __future__ import annotations

import pytest

from tests.sipp.stage import Stage, scene

PAIRS = [
    ("uac_call", "uas_answer"),
    ("uac_call", "uas_early_media"),
    ("uac_compact", "uas_answer"),
    ("uac_late_offer", "uas_answer"),
    ("uac_hung_up", "uas_hangs_up"),
    ("uac_hold", "uas_hold"),
    ("uac_hold_refused", "uas_refuses_hold"),
    ("uac_refused", "uas_busy"),
    ("uac_refused", "uas_not_found"),
    ("uac_cancel", "uas_cancelled"),
]


@pytest.mark.parametrize(("caller", "callee"), PAIRS, ids="-".join)
@scene()
async def test_caller_and_callee_get_along(stage: Stage, caller: str, callee: str) -> None:
    uas = await stage.callee(callee, hold=50)
    uac = stage.sipp(caller, target=uas.port, hold=100)
    await uac.run()
    await uas.finish()
    assert uac.totals()["SuccessfulCall"] == uas.totals()["SuccessfulCall"] == 1
    assert uac.messages(sent=True)[0].method == "INVITE"
    assert uas.heard()[0] == "INVITE"
