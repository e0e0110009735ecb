"""Acceptance scenarios 1, 3, 9 and 13 of the RCML specification, over real sockets."""

from __future__ import annotations

import pytest

from tests.sipp.stage import Stage, number, rcml, scene
from tests.support.application import Application, Received
from tests.support.sipp import Sipp

ALL = "initiated ringing answered completed"
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def dial(application: Application, callees: str, *, timeout: int = 20, whispers: str = "") -> str:
    """Serve a document that rings `callees` at once, and return its URL.

    `whispers` holds, for each callee, the letter of the document it hears: `/w` and that letter.
    """
    heard = dict(zip(callees, whispers, strict=False))
    nouns = "".join(
        f'<Number statusCallback="{application.url("/status")}" statusCallbackEvent="{ALL}"'
        + (f' url="{application.url("/w" + heard[name])}"' if name in heard else "")
        + f">{number(name)}</Number>"
        for name in callees
    )
    action = application.serve("/action", "<Response/>")
    return application.serve(
        "/voice",
        f'<Response><Dial timeout="{timeout}" action="{action}">{nouns}</Dial></Response>',
    )


def told(callbacks: list[Received]) -> list[str]:
    """Return the statuses of a leg's callbacks, whose numbers must be gapless."""
    assert [int(each["SequenceNumber"]) for each in callbacks] == list(range(len(callbacks)))
    assert all(each["CallbackSource"] == "call-progress-events" for each in callbacks)
    return [each["CallStatus"] for each in callbacks]


def by_number(application: Application) -> dict[str, list[str]]:
    """Return what was told of each callee, by its letter."""
    legs = application.legs("/status").values()
    letters = {number(name): name for name in "abc"}
    return {letters[leg[0]["To"]]: told(leg) for leg in legs}


WON = ["initiated", "ringing", "in-progress", "completed"]
LOST = ["initiated", "ringing", "canceled"]


@scene()
async def test_1_the_second_of_three_answers(stage: Stage) -> None:
    application = stage.application()
    a = await stage.callee("uas_cancelled")
    b = await stage.callee("uas_answer", hold=400)
    c = await stage.callee("uas_cancelled")
    document = dial(application, "abc")
    daemon = await stage.daemon(rcml(document, a=a.port, b=b.port, c=c.port))
    uac = stage.sipp("uac_call", target=daemon.sip_port, hold=1_500)
    await uac.run()
    for callee in (a, b, c):
        await callee.finish()
    await application.until_asked("/status", 10)
    assert by_number(application) == {"a": LOST, "b": WON, "c": LOST}
    for loser in (a, c):
        [cancel] = loser.messages(sent=False, method="CANCEL")
        assert cancel.header("Reason") == ELSEWHERE
    [action] = await application.until_asked("/action", 1)
    assert (action["DialCallStatus"], action["DialBridged"]) == ("completed", "true")
    await daemon.until_over()
    await daemon.stop()


@scene()
async def test_3_the_first_declines_in_its_whisper_and_the_second_accepts(stage: Stage) -> None:
    application = stage.application()
    ear = stage.ear()
    a = await stage.callee("uas_answer", hold=100)
    b = await stage.callee("uas_answer", hold=700)
    c = await stage.callee("uas_cancelled")
    application.serve("/wh", '<Response><Pause length="1"/><Hangup/></Response>')
    application.serve("/we", "<Response/>")
    document = dial(application, "abc", whispers="hee")
    daemon = await stage.daemon(rcml(document, a=a.port, b=b.port, c=c.port))
    uac = stage.sipp("uac_call", target=daemon.sip_port, hold=2_500, rtp_port=ear.port)
    await uac.run()
    for callee in (a, b, c):
        await callee.finish()
    await application.until_asked("/status", 11)
    assert by_number(application) == {"a": WON, "b": WON, "c": LOST}
    [screened] = application.asked("/wh")
    assert (screened["CallStatus"], screened["To"]) == ("in-progress", number("a"))
    [action] = await application.until_asked("/action", 1)
    assert (action["DialCallStatus"], action["DialBridged"]) == ("completed", "true")
    assert action["DialCallSid"] == application.asked("/we")[0]["CallSid"]
    ringback = [each for each in ear.packets if each.payload_type == 0]
    assert len(ringback) > 20  # 20 ms each, from the answer to the bridge
    await daemon.until_over()
    await daemon.stop()


@pytest.mark.parametrize(
    ("callees", "timeout", "status", "ends"),
    [
        (("uas_busy", "uas_busy"), 20, "busy", {"a": "busy", "b": "busy"}),
        (("uas_busy", "uas_cancelled"), 1, "no-answer", {"a": "busy", "b": "no-answer"}),
        (("uas_not_found", "uas_not_found"), 20, "failed", {"a": "failed", "b": "failed"}),
    ],
    ids=["busy", "no-answer", "failed"],
)
@scene()
async def test_9_nobody_takes_the_call(
    stage: Stage, callees: tuple[str, str], timeout: int, status: str, ends: dict[str, str]
) -> None:
    application = stage.application()
    a, b = [await stage.callee(name) for name in callees]
    document = dial(application, "ab", timeout=timeout)
    daemon = await stage.daemon(rcml(document, a=a.port, b=b.port))
    uac = stage.sipp("uac_hung_up", target=daemon.sip_port)
    await uac.run()
    await a.finish()
    await b.finish()
    [action] = await application.until_asked("/action", 1)
    assert (action["DialCallStatus"], action["DialBridged"]) == (status, "false")
    await daemon.until_over()
    assert {name: statuses[-1] for name, statuses in by_number(application).items()} == ends
    assert _final(application) == 2
    await daemon.stop()


@scene()
async def test_9_the_caller_hangs_up_while_it_rings(stage: Stage) -> None:
    application = stage.application()
    a, b = await stage.callee("uas_cancelled"), await stage.callee("uas_cancelled")
    daemon = await stage.daemon(rcml(dial(application, "ab"), a=a.port, b=b.port))
    uac = stage.sipp("uac_call", target=daemon.sip_port, hold=600)
    await uac.run()
    for callee in (a, b):
        await callee.finish()
        [cancel] = callee.messages(sent=False, method="CANCEL")
        assert "elsewhere" not in cancel.header("Reason")
    await application.until_asked("/status", 6)
    assert by_number(application) == {"a": LOST, "b": LOST}
    await daemon.until_over()
    await daemon.stop()


async def timed_out(stage: Stage, scenario: str, **options: int) -> tuple[Sipp, Application]:
    """Ring one callee until the <Dial> gives up on it; the caller is then hung up."""
    application = stage.application()
    a = await stage.callee(scenario, **options)
    daemon = await stage.daemon(rcml(dial(application, "a", timeout=1), a=a.port))
    uac = stage.sipp("uac_hung_up", target=daemon.sip_port)
    await uac.run()
    await a.finish()
    await application.until_asked("/action", 1)
    await daemon.until_over()
    await daemon.stop()
    return a, application


@scene()
async def test_13_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended(
    stage: Stage,
) -> None:
    a, application = await timed_out(stage, "uas_answers_late")
    assert a.heard()[-3:] == ["CANCEL", "ACK", "BYE"]
    assert by_number(application) == {"a": ["initiated", "ringing", "no-answer"]}


@scene()
async def test_13_ringing_after_the_cancel_tells_nobody(stage: Stage) -> None:
    _, application = await timed_out(stage, "uas_rings_late")
    assert by_number(application) == {"a": ["initiated", "ringing", "no-answer"]}


@scene()
async def test_13_a_callee_that_says_nothing_is_not_cancelled_before_it_speaks(
    stage: Stage,
) -> None:
    """RFC 3261 9.1: no CANCEL before a provisional response, however late that comes."""
    a, application = await timed_out(stage, "uas_silent", hold=1_800)
    assert a.heard().count("CANCEL") >= 1
    assert by_number(application)["a"][-1] == "no-answer"


@scene()
async def test_13_a_repeated_200_is_acknowledged_again(stage: Stage) -> None:
    application = stage.application()
    a = await stage.callee("uas_resends")
    daemon = await stage.daemon(rcml(dial(application, "a"), a=a.port))
    uac = stage.sipp("uac_call", target=daemon.sip_port, hold=1_200)
    await uac.run()
    await a.finish()
    assert a.heard().count("ACK") == 2
    await application.until_asked("/status", 4)
    assert by_number(application) == {"a": WON}
    await daemon.until_over()
    await daemon.stop()


def _final(application: Application) -> int:
    """Return how many callbacks told of a leg's end."""
    over = ("completed", "busy", "no-answer", "failed", "canceled")
    return sum(each["CallStatus"] in over for each in application.asked("/status"))
