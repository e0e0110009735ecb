"""The demo's call, placed once; what it shows, and that it would notice if it were not so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from demo.cast import BUSY, PARTIES, PATIENT, PHONES, WINNER
from demo.evidence import Ear, Evidence
from demo.ladder import WIDTH, draw
from demo.promises import PROMISES, judge
from demo.rtp import Packet
from demo.scene import Scene
from demo.story import story
from tests.support.application import Received
from tests.support.listening import words_in
from tests.support.sipp import Message

pytestmark = [pytest.mark.sipp, pytest.mark.real]

Spoil = Callable[[Evidence], None]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Place the call, once for all tests."""

    async def placed() -> Evidence:
        scene = Scene(reactor, tmp_path_factory.mktemp("demo"), lambda _text: None)
        try:
            await scene.play()
        finally:
            await scene.clear()
        return scene.evidence

    found: Evidence = pytest_twisted.blockon(Deferred.fromCoroutine(placed()))
    assert found.problem == "", "\n".join([found.problem, *found.log])
    return found


def octets(packets: list[Packet]) -> bytes:
    return b"".join(packet.payload for packet in packets)


def test_every_promise_is_kept(evidence: Evidence) -> None:
    assert [verdict for verdict in judge(evidence) if not verdict.is_kept] == []


def test_the_words_of_the_whisper_reach_the_callee_alone(evidence: Evidence) -> None:
    assert {"press", "take", "call"} & words_in(octets(evidence.callee.alone))
    assert words_in(octets(evidence.caller.alone)) == set()


def test_the_ladder_shows_every_message(evidence: Evidence) -> None:
    drawn = draw(PARTIES, story(evidence))
    signalling = sum(map(len, evidence.messages.values()))
    http = len(evidence.asked) + 4  # documents have an answer that is drawn too
    media = 4
    arrows = [line for line in drawn.splitlines() if line[:6].strip().replace(".", "").isdigit()]
    assert len(arrows) == signalling + http + media
    assert max(map(len, drawn.splitlines())) <= WIDTH


def test_without_a_call_no_promise_is_kept() -> None:
    assert not any(verdict.is_kept for verdict in judge(Evidence()))


# What could go wrong, and the promise that it breaks.


def without(name: str, start: str) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        kept = [each for each in evidence.messages[name] if not each.start.startswith(start)]
        evidence.messages[name] = kept

    return spoil


def with_reason(evidence: Evidence) -> None:
    def other(message: Message) -> Message:
        return replace(message, text=message.text.replace("cause=200", "cause=487"))

    evidence.messages[PATIENT.name] = [other(each) for each in evidence.messages[PATIENT.name]]


def with_callbacks(change: Callable[[list[Received]], list[Received]]) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        told = iter(change(evidence.to("/progress")))
        others = [each for each in evidence.asked if each.path != "/progress"]
        evidence.asked = [*others, *told]

    return spoil


def with_field(path: str, name: str, value: str) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        for each in evidence.to(path):
            each.fields[name] = value

    return spoil


def without_requests(evidence: Evidence) -> None:
    evidence.asked.clear()


def with_heard(end: str, change: Callable[[list[Packet], Evidence], list[Packet]]) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        ear: Ear = getattr(evidence, end)
        setattr(evidence, end, Ear(change([*ear.heard], evidence), ear.said))

    return spoil


def with_attribute(name: str, value: Any) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        setattr(evidence, name, value)

    return spoil


def flipped(packet: Packet) -> Packet:
    return replace(packet, payload=bytes([packet.payload[0] ^ 1]) + packet.payload[1:])


FIELDS = (
    "CallSid", "ParentCallSid", "AccountSid", "From", "To", "CallStatus", "Direction",
    "CallbackSource", "SequenceNumber", "Timestamp", "SipResponseCode", "CallDuration",
)  # fmt: skip

SPOILT: dict[str, list[Spoil]] = {
    "Every request is signed": [with_attribute("token", "another"), without_requests],
    "Three phones ring at once": [without(phone.name, "INVITE") for phone in PHONES],
    "A busy phone ends its own leg alone": [
        without(BUSY.name, "486"),
        without(WINNER.name, "200"),
    ],
    "The caller hears ringing until the bridge": [
        # some of the whisper, a word of the callee, its key, and no ringing at all
        with_heard("caller", lambda heard, e: [*heard[:9], *e.callee.alone[30:60], *heard[9:]]),
        with_heard("caller", lambda heard, e: [*heard[:9], e.caller.said[9], *heard[9:]]),
        with_heard("caller", lambda heard, e: [*heard, *e.key]),
        with_heard("caller", lambda _, e: e.caller.bridged),
    ],
    "The callee hears a whisper in private": [
        with_heard("callee", lambda _, e: e.caller.alone),
        with_heard("callee", lambda heard, e: [e.callee.said[9], *heard]),
    ],
    "The callee accepts by a key (RFC 4733)": [
        with_field("/pressed", "Digits", "2"),
        without_requests,
    ],
    "The phone that lost knows why": [with_reason, without(PATIENT.name, "487")],
    "Caller to callee, byte for byte": [
        with_heard("callee", lambda heard, _: [*heard[:-30], *heard[-29:]]),
        with_heard("callee", lambda heard, _: heard[:-1]),
    ],
    "Callee to caller, byte for byte": [
        with_heard("caller", lambda heard, _: [*heard, heard[-1]]),
        with_heard("caller", lambda heard, _: [*heard[:-2], heard[-1], heard[-2]]),
        with_heard("caller", lambda heard, _: [*heard[:-30], flipped(heard[-30]), *heard[-29:]]),
        with_heard("caller", lambda heard, _: [replace(heard[0], source=("::1", 9)), *heard[1:]]),
    ],
    "The caller hangs up, so does the callee": [without(WINNER.name, "BYE")],
    "Every callback, right and in order": [
        with_callbacks(lambda told: told[:-1]),
        with_callbacks(lambda told: told[1:]),
        with_callbacks(lambda told: [*told, told[-1]]),
        with_callbacks(lambda told: told[::-1]),
        *[with_field("/progress", name, "1") for name in FIELDS],
    ],
    "<Dial action> is told how it went": [
        with_field("/after", "DialBridged", "false"),
        without_requests,
    ],
    "Nothing is left behind": [
        with_attribute("is_idle", False),
        with_attribute("is_stopped", False),
    ],
}


@pytest.mark.parametrize("promise", SPOILT)
def test_a_broken_promise_is_noticed(evidence: Evidence, promise: str) -> None:
    for spoil in SPOILT[promise]:
        spoilt = copy.deepcopy(evidence)
        spoilt.caller = Ear([*evidence.caller.heard], evidence.caller.said)
        spoilt.callee = Ear([*evidence.callee.heard], evidence.callee.said)
        spoil(spoilt)
        assert promise in [verdict.promise for verdict in judge(spoilt) if not verdict.is_kept]


def test_every_promise_is_spoilt_by_something() -> None:
    assert set(SPOILT) == {promise for promise, _ in PROMISES}
