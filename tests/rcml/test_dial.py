"""<Dial> as it runs: what is rung, what `action` hears, and that it hears it once (rule D-8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.task import Clock

from b2bua.rcml.router import APOLOGY, RcmlRouter
from b2bua.routing.interfaces import Site
from b2bua.routing.plan import (
    NumberSettings,
    Outcome,
    Recording,
    Ring,
    Speech,
    Status,
    Target,
)
from tests.support.fake_call import ACCOUNT, CALLEE, CALLER, FakeCall, FakeParty, play_out
from tests.support.fake_web import FakeWeb

VOICE = "https://app.example/calls/voice.xml"
ACTION = "https://app.example/calls/done"
TALKED = Outcome(
    Status.COMPLETED, replace(CALLEE, sip_call_id="b@here"), True, 42, 200, caller_gone=False
)


@pytest.fixture
def call(clock: Clock) -> FakeCall:
    return FakeCall(clock, NumberSettings("+15550002222", "rcml", ACCOUNT, VOICE), country="US")


Run = Callable[..., None]


@pytest.fixture
def run(clock: Clock, web: FakeWeb, call: FakeCall) -> Run:
    def run(body: str, *outcomes: Outcome, **more: Any) -> None:
        web.serve(VOICE, f"<Response>{body}</Response>")
        call.outcomes += outcomes
        play_out(clock, RcmlRouter(Site(clock, web)).take(call), 3_600)

    return run


def test_it_rings_with_the_defaults(call: FakeCall, run: Run) -> None:
    run("<Dial>(415) 555-2671</Dial>", TALKED)
    assert call.rings == [
        Ring(
            (Target(number="+14155552671"),),
            timeout=30.0,
            time_limit=14_400.0,
            caller_id="",
            answer_on_bridge=False,
            hangup_on_star=False,
            sequential=False,
            ringback="",
        )
    ]


def test_it_rings_as_its_attributes_say(call: FakeCall, run: Run) -> None:
    run(
        '<Dial timeout="20" timeLimit="60" callerId="+15550009999" answerOnBridge="true" '
        'hangupOnStar="true" sequential="true" ringTone="de"><Number>101</Number>'
        "<Sip>sip:b@b.example</Sip></Dial>",
        TALKED,
    )
    assert call.rings == [
        Ring(
            (Target(number="101"), Target(uri="sip:b@b.example")),
            timeout=20.0,
            time_limit=60.0,
            caller_id="+15550009999",
            answer_on_bridge=True,
            hangup_on_star=True,
            sequential=True,
            ringback="de",
        )
    ]


def test_music_is_fetched_first_and_wins_over_the_tone(
    web: FakeWeb, call: FakeCall, run: Run
) -> None:
    web.serve("https://app.example/m.mp3", b"ID3", "audio/mpeg")
    run('<Dial dialMusic="/m.mp3" ringTone="de">101</Dial>', TALKED)
    assert call.rings[0].ringback == Recording(b"ID3")
    assert web.asks[1].limit_bytes == 10_485_760


def test_music_that_fails_gives_way_to_the_tone(web: FakeWeb, call: FakeCall, run: Run) -> None:
    run('<Dial dialMusic="/m.mp3" ringTone="de">101</Dial>', TALKED)
    assert (call.rings[0].ringback, call.codes) == ("de", [11200])


PARENT = {"CallSid": CALLER.call_sid, "CallStatus": "in-progress", "Direction": "inbound"}

OUTCOMES = [
    pytest.param(
        TALKED,
        {
            "DialCallStatus": "completed",
            "DialCallSid": CALLEE.call_sid,
            "DialCallDuration": "42",
            "DialBridged": "true",
            "DialSipCallId": "b@here",
            "DialSipResponseCode": "200",
        },
        id="talked",
    ),
    pytest.param(
        Outcome(Status.BUSY, CALLEE, sip_status=486),
        {
            "DialCallStatus": "busy",
            "DialCallSid": CALLEE.call_sid,
            "DialCallDuration": "0",
            "DialBridged": "false",
            "DialSipResponseCode": "486",
        },
        id="busy",
    ),
    pytest.param(
        Outcome(Status.NO_ANSWER, CALLEE, duration=7, sip_status=200, screen_declined=True),
        {
            "DialCallStatus": "no-answer",
            "DialCallSid": CALLEE.call_sid,
            "DialCallDuration": "7",
            "DialBridged": "false",
            "DialSipResponseCode": "200",
            "DialScreenResult": "declined",
        },
        id="declined",
    ),
    pytest.param(
        Outcome(Status.FAILED, replace(CALLEE, sip_headers=(("X-Why", "full"),)), sip_status=503),
        {
            "DialCallStatus": "failed",
            "DialCallSid": CALLEE.call_sid,
            "DialCallDuration": "0",
            "DialBridged": "false",
            "DialSipResponseCode": "503",
            "DialSipHeader_X-Why": "full",
        },
        id="failed",
    ),
    pytest.param(
        Outcome(Status.FAILED), {"DialCallStatus": "failed", "DialBridged": "false"}, id="no leg"
    ),
]


def dial_fields(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name.startswith("Dial")}


@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES)
def test_the_action_is_told_how_it_went_and_its_document_runs(
    web: FakeWeb, call: FakeCall, run: Run, outcome: Outcome, expected: dict[str, str]
) -> None:
    web.serve(ACTION, "<Response><Say>Next</Say></Response>")
    run('<Dial action="done">101</Dial><Say>never</Say>', outcome)
    (fields,) = web.asked(ACTION)
    assert dial_fields(fields) == expected
    assert fields.items() >= PARENT.items()
    assert call.prompts == [Speech("Next")]


GONE = [
    Outcome(Status.CANCELED, CALLEE, sip_status=487, caller_gone=True),
    replace(TALKED, caller_gone=True),
]


@pytest.mark.parametrize("outcome", GONE)
def test_the_action_is_told_once_of_a_caller_who_is_gone_and_not_run(
    web: FakeWeb, call: FakeCall, run: Run, outcome: Outcome
) -> None:
    web.serve(ACTION, "<Response><Redirect>never</Redirect></Response>")
    run('<Dial action="done">101</Dial><Redirect>never</Redirect>', outcome)
    (fields,) = web.asked(ACTION)
    assert fields["DialCallStatus"] == outcome.status.value
    assert fields["CallStatus"] == "completed"
    assert web.urls == [VOICE, ACTION]


def test_a_caller_who_hangs_up_while_it_rings_is_told_as_canceled(
    web: FakeWeb, call: FakeCall, run: Run
) -> None:
    web.serve(ACTION, "<Response/>")
    call.hang_up_at(0.5)
    run('<Dial action="done">101</Dial>', TALKED)
    assert [fields["DialCallStatus"] for fields in web.asked(ACTION)] == ["canceled"]


def test_an_action_that_fails_for_a_caller_who_is_gone_is_noted_and_that_is_all(
    web: FakeWeb, call: FakeCall, run: Run
) -> None:
    run('<Dial action="done">101</Dial>', GONE[0])
    assert (web.urls, call.codes) == ([VOICE, ACTION], [11200])


def test_an_action_that_fails_is_requested_once(web: FakeWeb, call: FakeCall, run: Run) -> None:
    web.fail(ACTION)
    run('<Dial action="done">101</Dial>', TALKED)
    assert web.urls == [VOICE, ACTION]
    assert call.prompts == [APOLOGY]


def test_a_dial_without_targets_fails_and_tells_its_action(
    web: FakeWeb, call: FakeCall, run: Run
) -> None:
    web.serve(ACTION, "<Response><Say>Nobody</Say></Response>")
    run('<Dial action="done"><Fax>1</Fax></Dial>')
    assert dial_fields(web.asked(ACTION)[0]) == {
        "DialCallStatus": "failed",
        "DialBridged": "false",
    }
    assert call.rings == []
    assert call.prompts == [Speech("Nobody")]


@pytest.mark.parametrize("outcome", [TALKED, Outcome(Status.BUSY, CALLEE, sip_status=486)])
def test_without_an_action_the_next_verb_follows(
    web: FakeWeb, call: FakeCall, run: Run, outcome: Outcome
) -> None:
    run("<Dial>101</Dial><Say>Next</Say>", outcome)
    assert call.prompts == [Speech("Next")]
    assert web.urls == [VOICE]


def test_without_an_action_and_a_next_verb_the_caller_is_hung_up(call: FakeCall, run: Run) -> None:
    run("<Dial>101</Dial>", TALKED)
    assert call.is_gone
    assert call.refused is None


def test_without_a_caller_nothing_follows(call: FakeCall, run: Run) -> None:
    run("<Dial>101</Dial><Say>never</Say>", GONE[0])
    assert call.prompts == []


def test_one_dial_after_another(web: FakeWeb, call: FakeCall, run: Run) -> None:
    web.serve(ACTION, '<Response><Dial action="done2">102</Dial></Response>')
    web.serve(f"{ACTION}2", "<Response/>")
    busy = Outcome(Status.BUSY, CALLEE, sip_status=486)
    run('<Dial action="done">101</Dial>', busy, TALKED)
    assert [ring.targets[0].number for ring in call.rings] == ["101", "102"]
    assert len(web.asked(ACTION)) == len(web.asked(f"{ACTION}2")) == 1


def test_a_target_with_a_url_is_screened_by_its_document(
    clock: Clock, web: FakeWeb, call: FakeCall, run: Run
) -> None:
    web.serve("https://app.example/calls/w?n=1", "<Response><Hangup/></Response>")
    web.serve("https://app.example/calls/w?n=2", "<Response><Say>Hi</Say></Response>")
    run(
        '<Dial><Number url="w?n=1">101</Number><Number url="w?n=2" method="GET">102</Number>'
        '<Number>103</Number><Number url="w">nobody</Number></Dial>',
        TALKED,
    )
    first, second, third, fourth = call.rings[0].targets
    assert first.screen is not None
    assert second.screen is not None
    assert third.screen is None
    assert (fourth.screen, fourth.problem is None) == (None, False)
    assert play_out(clock, _ask(first, FakeParty(clock))) is False
    callee = FakeParty(clock)
    assert play_out(clock, _ask(second, callee)) is True
    assert callee.prompts == [Speech("Hi")]
    assert web.asks[-1].method == "GET"


async def _ask(target: Target, callee: FakeParty) -> bool:
    assert target.screen is not None
    return await target.screen(callee)
