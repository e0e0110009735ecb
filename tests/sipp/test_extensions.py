"""Extensions of SIP on both legs, over real sockets: each leg by itself."""

from __future__ import annotations

from tests.sipp.stage import Stage, scene
from tests.sipp.test_static import play


@scene()
async def test_100rel_update_and_session_timers_on_either_leg(stage: Stage) -> None:
    """RFC 3262, 3311, 4028: the answer crosses in reliable 183s, and no 200 repeats it."""
    uac, uas, _ = await play(stage, "uac_prack", "uas_prack")
    assert uac.heard()[1:] == ["183 Session Progress", "200 OK", "200 OK", "200 OK", "200 OK"]
    assert uas.heard() == ["INVITE", "PRACK", "ACK", "BYE"]
    early, answer = (
        next(each for each in uac.messages(sent=False, method="INVITE") if each.start == start)
        for start in ("183 Session Progress", "200 OK")
    )
    assert early.header("Require") == "100rel"
    assert early.header("Content-Type") == "application/sdp"
    assert answer.header("Content-Length") == "0"
    assert answer.header("Session-Expires") == "600;refresher=uac"
    rung = uas.messages(method="INVITE")[0]
    assert rung.header("Session-Expires") == ""
