"""<Dial>: ring one or more targets, bridge the first that accepts, and say how it went.

(rcml.md section 4; the nouns are in `nouns.py`.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lxml import etree

from b2bua.rcml.flow import End, Flow, Follow, Next
from b2bua.rcml.numbers import canonical
from b2bua.rcml.reading import Reading, text_of
from b2bua.rcml.verbs.nouns import Noun, read_noun, read_text
from b2bua.rcml.verbs.taping import ATTRIBUTES as TAPING
from b2bua.rcml.verbs.taping import read_tape
from b2bua.routing.plan import Outcome, Ring, Status, Target
from b2bua.routing.taping import TapePlan
from b2bua.routing.voice_request import tape_parameters

ATTRIBUTES = frozenset(
    {
        "action",
        "method",
        "timeout",
        "timeLimit",
        "callerId",
        "hangupOnStar",
        "answerOnBridge",
        "sequential",
        "ringTone",
        "dialMusic",
        "referUrl",
        "referMethod",
    }
)
# Of no effect here: written by client libraries.
IGNORED = frozenset({"events", "passports", "recordingConfigurationId"})
UNSUPPORTED = frozenset({"callReason"})

# fmt: off
RING_TONES = frozenset({
    "at", "au", "bg", "br", "be", "ch", "cl", "cn", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr",
    "hu", "il", "in", "it", "lt", "jp", "mx", "my", "nl", "no", "nz", "ph", "pl", "pt", "ru", "se",
    "sg", "th", "uk", "us", "us-old", "tw", "ve", "za",
})
# fmt: on

_CALLER_ID = re.compile(r"(client:)?[A-Za-z0-9+_.-]+")
_LONGEST_CALLER_ID = 64


@dataclass(frozen=True, slots=True)
class Dial:
    """`timeout` (how long each target may ring) and `time_limit` (of the bridge) are in seconds.

    `ring_tone` is empty when the document names none; `music` is the URL of what is played in the
    tone's place.  `refer` is asked what a callee's REFER leads to; without it that is declined.
    """

    nouns: tuple[Noun, ...]
    action: Follow | None = None
    timeout: int = 30
    time_limit: int = 14_400
    caller_id: str = ""
    hangup_on_star: bool = False
    answer_on_bridge: bool = False
    sequential: bool = False
    ring_tone: str = ""
    music: str | None = None
    refer: Follow | None = None
    tape: TapePlan | None = None

    async def run(self, flow: Flow) -> Next:
        """Ring and talk; `action` is requested once, whatever happened (rule D-8).

        A callee that asks for a transfer leads to `refer` instead (rcml.md 8.10).
        """
        outcome = await self._ring(flow)
        if outcome.referred_to and self.refer is not None and not outcome.caller_gone:
            target = ("ReferTransferTarget", outcome.referred_to)
            return replace(self.refer, fields=(target, *dial_parameters(outcome)))
        if self.action is None:
            return End.OVER if outcome.caller_gone else None
        follow = replace(self.action, fields=dial_parameters(outcome))
        if outcome.caller_gone:
            await flow.tell(follow)
            return End.OVER
        return follow

    async def _ring(self, flow: Flow) -> Outcome:
        if not self.nouns:
            return Outcome(Status.FAILED)
        music = await flow.recording(self.music) if self.music else None
        return await flow.ring(
            Ring(
                targets=tuple(_target(noun, flow) for noun in self.nouns),
                timeout=float(self.timeout),
                time_limit=float(self.time_limit),
                caller_id=self.caller_id,
                answer_on_bridge=self.answer_on_bridge,
                hangup_on_star=self.hangup_on_star,
                sequential=self.sequential,
                ringback=music or self.ring_tone,
                takes_referral=self.refer is not None,
                tape=self.tape,
            )
        )


def dial_parameters(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """Return what the request to `action` says of how the <Dial> ended (rcml.md 6.6)."""
    fields = [("DialCallStatus", outcome.status.value)]
    if outcome.leg is not None:
        fields += [
            ("DialCallSid", outcome.leg.call_sid),
            ("DialCallDuration", str(outcome.duration)),
        ]
    fields.append(("DialBridged", str(outcome.bridged).lower()))
    if outcome.leg is not None and outcome.leg.sip_call_id is not None:
        fields.append(("DialSipCallId", outcome.leg.sip_call_id))
    if outcome.sip_status is not None:
        fields.append(("DialSipResponseCode", str(outcome.sip_status)))
    if outcome.leg is not None:
        fields += [(f"DialSipHeader_{name}", value) for name, value in outcome.leg.sip_headers]
    if outcome.screen_declined:
        fields.append(("DialScreenResult", "declined"))
    if outcome.tape is not None:
        fields += tape_parameters(outcome.tape)
    return tuple(fields)


def read(element: etree._Element, reading: Reading) -> Dial:
    """Read a <Dial> element.  One without a target fails when it runs, and says so to `action`."""
    reading.attributes(element, ATTRIBUTES | TAPING | IGNORED | UNSUPPORTED)
    reading.unsupported(element, sorted(UNSUPPORTED))
    action = reading.link(element, "action")
    method = reading.method(element, code=13210)
    refer = reading.link(element, "referUrl")
    refer_method = reading.method(element, "referMethod", code=13210)
    return Dial(
        nouns=_read_nouns(element, reading),
        action=Follow(action, method) if action else None,
        timeout=reading.whole(element, "timeout", 30, most=600, code=13212),
        time_limit=reading.whole(element, "timeLimit", 14_400, most=14_400, code=13216),
        caller_id=_read_caller_id(element, reading),
        hangup_on_star=reading.flag(element, "hangupOnStar"),
        answer_on_bridge=reading.flag(element, "answerOnBridge"),
        sequential=reading.flag(element, "sequential"),
        ring_tone=_read_ring_tone(element, reading),
        music=reading.link(element, "dialMusic"),
        refer=Follow(refer, refer_method) if refer else None,
        tape=read_tape(element, reading),
    )


def _target(noun: Noun, flow: Flow) -> Target:
    if noun.whisper is None or noun.target.problem is not None:
        return noun.target
    return replace(noun.target, screen=flow.screen(noun.whisper))


def _read_nouns(element: etree._Element, reading: Reading) -> tuple[Noun, ...]:
    unique: dict[object, Noun] = {}
    for child in element.iterchildren(etree.Element):
        noun = read_noun(child, reading)
        if noun is None:
            continue
        if noun.identity in unique:
            reading.warn(child, "the same target stands here twice; it is rung once")
        elif len(unique) == reading.setting.limits.dial_nouns:
            reading.warn(child, f"<Dial> rings {len(unique)} targets at most; this one is ignored")
        else:
            unique[noun.identity] = noun
    text = text_of(element)
    if not unique and text:
        return (read_text(text, element, reading),)
    if not unique:
        reading.warn(element, "<Dial> has no target", 13215)
    reading.no_text(element)
    return tuple(unique.values())


def _read_caller_id(element: etree._Element, reading: Reading) -> str:
    text = element.get("callerId")
    if text is None:
        return ""
    text = text.strip()
    if len(text) > _LONGEST_CALLER_ID:
        reading.warn(element, f"callerId is longer than {_LONGEST_CALLER_ID} characters", 13248)
        return ""
    number = canonical(text, reading.setting.country)
    if number is None and not _CALLER_ID.fullmatch(text):
        reading.warn(element, "callerId is neither a number nor a name; it counts as absent", 13214)
        return ""
    return number or text


def _read_ring_tone(element: etree._Element, reading: Reading) -> str:
    tone = element.get("ringTone", "").strip().lower()
    if tone and tone not in RING_TONES:
        reading.warn(element, f"ringTone {tone[:16]!r} is not known here")
        return ""
    return tone
