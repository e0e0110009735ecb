"""What each verb's `read` makes of good and bad attribute values (rcml.md sections 4 and 8)."""

from __future__ import annotations

import pytest

from b2bua.rcml.flow import Follow, Verb
from b2bua.rcml.verbs.dial import RING_TONES, Dial
from b2bua.rcml.verbs.gather import Gather
from b2bua.rcml.verbs.hangup import Hangup
from b2bua.rcml.verbs.nouns import Noun
from b2bua.rcml.verbs.pause import Pause
from b2bua.rcml.verbs.play import Play
from b2bua.rcml.verbs.redirect import Redirect
from b2bua.rcml.verbs.reject import Reject
from b2bua.rcml.verbs.say import Say
from b2bua.routing.plan import Speech, Target
from b2bua.routing.taping import TapeCallback, TapePlan, TapeStatus
from tests.rcml.reading import BASE, codes, read, verb

HI = Speech("Hi")
ONE = (Noun(Target(number="101")),)
REFERRED = Follow("https://app.example/r")
HERE = Follow(BASE)

GOOD = [
    ("<Say>Hi</Say>", Say(HI)),
    ("<Say>\n  Good\t morning,\n caller </Say>", Say(Speech("Good morning, caller"))),
    ("<Say>1 &lt; 2 &#x26; <![CDATA[3 < 4]]></Say>", Say(Speech("1 < 2 & 3 < 4"))),
    ("<Say>Grüß Gott 你好</Say>", Say(Speech("Grüß Gott 你好"))),
    ('<Say voice="man" language="de">Hi</Say>', Say(Speech("Hi", "man", "de"))),
    (
        '<Say voice="Polly.Amy-Neural" language="zh-Hans-CN">Hi</Say>',
        Say(Speech("Hi", "Polly.Amy-Neural", "zh-Hans-CN")),
    ),
    ('<Say loop="0">Hi</Say>', Say(HI, 0)),
    ('<Say loop="1000">Hi</Say>', Say(HI, 1000)),
    ('<Say loop=" 2 ">Hi</Say>', Say(HI, 2)),
    ("<Play>a.wav</Play>", Play("https://app.example/calls/a.wav")),
    ("<Play>\n /a.wav \n</Play>", Play("https://app.example/a.wav")),
    ("<Play loop='3'>http://h/a.mp3</Play>", Play("http://h/a.mp3", loop=3)),
    ('<Play digits="ww1W2#"/>', Play(digits="ww1W2#")),
    ("<Pause/>", Pause(1)),
    ('<Pause length="1"/>', Pause(1)),
    ('<Pause length="14400"/>', Pause(14_400)),
    ("<Hangup/>", Hangup()),
    ("<Reject/>", Reject("rejected", is_first=True)),
    ('<Reject reason="busy"/>', Reject("busy")),
    ("<Redirect>next.xml</Redirect>", Redirect(Follow("https://app.example/calls/next.xml"))),
    ("<Redirect method='get'>?a=1</Redirect>", Redirect(Follow(f"{BASE}?a=1", "GET"))),
    ("<Redirect>//b.example/x</Redirect>", Redirect(Follow("https://b.example/x"))),
    ("<Gather/>", Gather(HERE)),
    (
        '<Gather action="/keys" method="GET" timeout="9" finishOnKey="*" numDigits="4" '
        'actionOnEmptyResult="true" input="dtmf"/>',
        Gather(Follow("https://app.example/keys", "GET"), (), 9, "*", 4, follows_silence=True),
    ),
    ('<Gather finishOnKey=""/>', Gather(HERE, finish_on_key="")),
    ('<Gather action=""/>', Gather(HERE)),
    (
        '<Gather><Say>Hi</Say><Pause length="2"/><Play loop="2">a</Play></Gather>',
        Gather(HERE, (Say(HI), Pause(2), Play("https://app.example/calls/a", loop=2))),
    ),
    ("<Dial>101</Dial>", Dial(ONE)),
    ("<Dial><Number>101</Number></Dial>", Dial(ONE)),
    (
        '<Dial action="done" method="get" timeout="1" timeLimit="14400" hangupOnStar="true" '
        'answerOnBridge="TRUE" sequential=" true " ringTone="UK" dialMusic="m.mp3">101</Dial>',
        Dial(
            ONE,
            Follow("https://app.example/calls/done", "GET"),
            timeout=1,
            time_limit=14_400,
            hangup_on_star=True,
            answer_on_bridge=True,
            sequential=True,
            ring_tone="uk",
            music="https://app.example/calls/m.mp3",
        ),
    ),
    (
        '<Dial referUrl="r" referMethod="get">101</Dial>',
        Dial(ONE, refer=Follow("https://app.example/calls/r", "GET")),
    ),
    ('<Dial timeout="600" timeLimit="1">101</Dial>', Dial(ONE, timeout=600, time_limit=1)),
    ('<Dial callerId="+1 (555) 000-1111">101</Dial>', Dial(ONE, caller_id="+15550001111")),
    ('<Dial callerId="alice.b_c-d">101</Dial>', Dial(ONE, caller_id="alice.b_c-d")),
    ('<Dial callerId="client:joe">101</Dial>', Dial(ONE, caller_id="client:joe")),
    ('<Dial record="false">101</Dial>', Dial(ONE)),
    ('<Dial record="do-not-record" trim="do-not-trim" events="x">101</Dial>', Dial(ONE)),
    ('<Dial record="true">101</Dial>', Dial(ONE, tape=TapePlan())),
    ('<Dial record="record-from-answer">101</Dial>', Dial(ONE, tape=TapePlan())),
    (
        '<Dial record="record-from-ringing" trim="trim-silence">101</Dial>',
        Dial(ONE, tape=TapePlan(from_ringing=True, trim=True)),
    ),
    (
        '<Dial record="record-from-answer-dual" recordingTrack="inbound">101</Dial>',
        Dial(ONE, tape=TapePlan(is_dual=True, callee=False)),
    ),
    (
        '<Dial record="Record-From-Ringing-Dual" recordingTrack="outbound">101</Dial>',
        Dial(ONE, tape=TapePlan(from_ringing=True, is_dual=True, caller=False)),
    ),
    (
        '<Dial record="true" recordingStatusCallback="r#rc=2">101</Dial>',
        Dial(ONE, tape=TapePlan(callback=TapeCallback("https://app.example/calls/r#rc=2", "POST"))),
    ),
    (
        '<Dial record="true" recordingStatusCallback="/r" recordingStatusCallbackMethod="get"'
        ' recordingStatusCallbackEvent="In-Progress, completed absent">101</Dial>',
        Dial(
            ONE,
            tape=TapePlan(
                callback=TapeCallback("https://app.example/r", "GET", frozenset(TapeStatus))
            ),
        ),
    ),
    ('<Dial recordingStatusCallback="/r" trim="trim-silence">101</Dial>', Dial(ONE)),
    ('<Dial action="">101</Dial>', Dial(ONE)),
    *(
        (f'<Dial ringTone="{tone}">101</Dial>', Dial(ONE, ring_tone=tone))
        for tone in sorted(RING_TONES)
    ),
]


@pytest.mark.parametrize(("body", "expected"), GOOD)
def test_a_good_document_becomes_its_verb_without_a_warning(body: str, expected: Verb) -> None:
    assert verb(body) == expected


BAD = [
    # (document, what it counts as, the codes of its warnings)
    ("<Say/>", None, [13520]),
    ("<Say> \n </Say>", None, [13520]),
    ('<Say loop="-1">Hi</Say>', Say(HI), [13510]),
    ('<Say loop="1001">Hi</Say>', Say(HI), [13510]),
    ('<Say loop="two">Hi</Say>', Say(HI), [13510]),
    ('<Say loop="">Hi</Say>', Say(HI), [13510]),
    ('<Say loop="²">Hi</Say>', Say(HI), [13510]),
    ('<Say voice="--output=/etc/x">Hi</Say>', Say(HI), [13511]),
    ('<Say voice="">Hi</Say>', Say(HI), [13511]),
    ('<Say voice="a b">Hi</Say>', Say(HI), [13511]),
    ('<Say language="../en">Hi</Say>', Say(HI), [12200]),
    ('<Say Voice="man">Hi</Say>', Say(HI), [12200]),
    ("<Say>Hi <b>you</b></Say>", Say(Speech("Hi you")), [12200]),
    ("<Play/>", None, [21402]),
    ("<Play>ftp://h/a.wav</Play>", None, [21402]),
    ("<Play>file:///etc/passwd</Play>", None, [21402]),
    ("<Play>a b.wav</Play>", None, [21402]),
    ('<Play loop="x">a.wav</Play>', Play("https://app.example/calls/a.wav"), [13410]),
    ('<Play digits="1x">a.wav</Play>', Play("https://app.example/calls/a.wav"), [12200]),
    ('<Play digits="1x"/>', None, [12200, 21402]),
    ('<Play digits="12">a.wav</Play>', Play(digits="12"), [12200]),
    ("<Play><b/>a.wav</Play>", Play("https://app.example/calls/a.wav"), [12200]),
    ('<Pause length="0"/>', Pause(), [13910]),
    ('<Pause length="14401"/>', Pause(), [13910]),
    ('<Pause length="1.5"/>', Pause(), [13910]),
    ('<Pause length="99999999999999999999"/>', Pause(), [13910]),
    ("<Pause>5</Pause>", Pause(), [12200]),
    ("<Hangup>now</Hangup>", Hangup(), [12200]),
    ('<Reject reason="Busy"/>', Reject("rejected"), [12200]),
    ('<Reject reason="sleepy"/>', Reject("rejected"), [12200]),
    ("<Redirect/>", None, [21402]),
    ("<Redirect>mailto:x@y</Redirect>", None, [21402]),
    ("<Redirect>http://[::1</Redirect>", None, [21402]),
    (
        "<Redirect method='PUT'>/x</Redirect>",
        Redirect(Follow("https://app.example/x")),
        [13710],
    ),
    ('<Gather timeout="0"/>', Gather(HERE), [13313]),
    ('<Gather timeout="601"/>', Gather(HERE), [13313]),
    ('<Gather numDigits="0"/>', Gather(HERE), [13314]),
    ('<Gather numDigits="many"/>', Gather(HERE), [13314]),
    ('<Gather finishOnKey="##"/>', Gather(HERE), [13310]),
    ('<Gather finishOnKey="A"/>', Gather(HERE), [13310]),
    ('<Gather method="HEAD"/>', Gather(HERE), [13312]),
    ('<Gather action="javascript:1"/>', Gather(HERE), [11100]),
    ('<Gather action="http://h:99999/"/>', Gather(HERE), [11100]),
    ('<Gather actionOnEmptyResult="yes"/>', Gather(HERE), [12200]),
    ('<Gather input="speech"/>', Gather(HERE), [12200]),
    ('<Gather input="dtmf speech" hints="a" language="de"/>', Gather(HERE), [12200]),
    ('<Gather input="telepathy"/>', Gather(HERE), [12200]),
    ("<Gather>press</Gather>", Gather(HERE), [12200]),
    ("<Gather><Dial>101</Dial></Gather>", Gather(HERE), [12200]),
    ("<Gather><Hangup/><Gather/></Gather>", Gather(HERE), [12200, 12200]),
    ("<Gather><Say/></Gather>", Gather(HERE), [13325]),
    ('<Gather><Say loop="x">Hi</Say></Gather>', Gather(HERE, (Say(HI),)), [13322]),
    ('<Gather><Say voice="!">Hi</Say></Gather>', Gather(HERE, (Say(HI),)), [13321]),
    ('<Gather><Play loop="x" digits="1"/></Gather>', Gather(HERE, (Play(digits="1"),)), [13322]),
    ("<Gather><Play/></Gather>", Gather(HERE), [21402]),
    ("<Dial/>", Dial(()), [13215]),
    ("<Dial> </Dial>", Dial(()), [13215]),
    ("<Dial><Fax>1</Fax></Dial>", Dial(()), [13215, 13215]),
    ("<Dial><number>1</number>101</Dial>", Dial(ONE), [13215]),
    ("<Dial><Number>101</Number>102</Dial>", Dial(ONE), [12200]),
    ('<Dial method="POSTE">101</Dial>', Dial(ONE), [13210]),
    ('<Dial timeout="0">101</Dial>', Dial(ONE), [13212]),
    ('<Dial timeout="601">101</Dial>', Dial(ONE), [13212]),
    ('<Dial timeout="20s">101</Dial>', Dial(ONE), [13212]),
    ('<Dial timeLimit="0">101</Dial>', Dial(ONE), [13216]),
    ('<Dial timeLimit="14401">101</Dial>', Dial(ONE), [13216]),
    ('<Dial callerId="a b">101</Dial>', Dial(ONE), [13214]),
    ('<Dial callerId="">101</Dial>', Dial(ONE), [13214]),
    ('<Dial callerId="x&#10;y">101</Dial>', Dial(ONE), [13214]),
    (f'<Dial callerId="{"1" * 65}">101</Dial>', Dial(ONE), [13248]),
    ('<Dial hangupOnStar="yes">101</Dial>', Dial(ONE), [12200]),
    ('<Dial answerOnBridge="1">101</Dial>', Dial(ONE), [12200]),
    ('<Dial ringTone="xx">101</Dial>', Dial(ONE), [12200]),
    ('<Dial dialMusic="ftp://x/y">101</Dial>', Dial(ONE), [11100]),
    ('<Dial action="gopher://x">101</Dial>', Dial(ONE), [11100]),
    ('<Dial record="maybe">101</Dial>', Dial(ONE), [12200]),
    ('<Dial callReason="lunch">101</Dial>', Dial(ONE), [12200]),
    ('<Dial referUrl="/r" referMethod="PUT">101</Dial>', Dial(ONE, refer=REFERRED), [13210]),
    ('<Dial record="true" trim="all">101</Dial>', Dial(ONE, tape=TapePlan()), [12200]),
    ('<Dial record="true" recordingTrack="x">101</Dial>', Dial(ONE, tape=TapePlan()), [12200]),
    (
        '<Dial record="true" recordingStatusCallback="ftp://x">101</Dial>',
        Dial(ONE, tape=TapePlan()),
        [11100],
    ),
    (
        '<Dial record="true" recordingStatusCallback="/r" recordingStatusCallbackMethod="PUT"'
        ' recordingStatusCallbackEvent="begun">101</Dial>',
        Dial(ONE, tape=TapePlan(callback=TapeCallback("https://app.example/r"))),
        [12200, 12200],
    ),
    ('<Dial Timeout="20">101</Dial>', Dial(ONE), [12200]),
]


@pytest.mark.parametrize(("body", "expected", "warned"), BAD)
def test_a_bad_value_is_warned_of_and_its_default_counts(
    body: str, expected: Verb | None, warned: list[int]
) -> None:
    assert list(read(body).verbs) == [expected] * (expected is not None)
    assert codes(body) == warned


@pytest.mark.parametrize("before", ["<Pause/>", "<Say>Hi</Say>", "<Hangup/>"])
def test_a_reject_knows_whether_it_is_first(before: str) -> None:
    assert read(f"{before}<Reject/>").verbs[-1] == Reject("rejected", is_first=False)
    assert read(f"<!-- first -->\n<Reject/>{before}").verbs[0] == Reject("rejected")
