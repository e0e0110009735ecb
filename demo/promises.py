"""What the call has to show.  Each promise is a sentence, and a function that looks for it.

The function returns what it found, in a few words; what it misses it raises as AssertionError or
LookupError, and `judge` turns that into the reason why the promise is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.cast import BUSY, PATIENT, PHONES, WINNER
from demo.evidence import Ear, Evidence
from demo.rtp import END, EVENTS, FRAME, PTIME
from demo.sound import is_only_ringback, spoken_seconds
from demo.told import callbacks_are_right, requests_are_signed
from tests.support.sipp import Message


@dataclass(frozen=True)
class Verdict:
    """Whether a promise was kept, and what was found or missed."""

    promise: str
    is_kept: bool
    found: str


def judge(evidence: Evidence) -> list[Verdict]:
    """Return a verdict for every promise."""
    return [_verdict(promise, look, evidence) for promise, look in PROMISES]


def _verdict(promise: str, look: Callable[[Evidence], str], evidence: Evidence) -> Verdict:
    try:
        return Verdict(promise, True, look(evidence))
    except (AssertionError, LookupError, ValueError) as missing:
        return Verdict(promise, False, str(missing) or "it did not happen")


def _fork(evidence: Evidence) -> str:
    came = [evidence.sip(phone.name, "INVITE", sent=False).at for phone in PHONES]
    spread = max(came) - min(came)
    assert spread < 0.2, f"the INVITEs came {spread * 1000:.0f} ms apart"
    return f"three INVITEs within {spread * 1000:.1f} ms"


def _busy(evidence: Evidence) -> str:
    refused = evidence.sip(BUSY.name, "486", sent=True).at
    assert evidence.sip(WINNER.name, "200", sent=True).at > refused
    evidence.sip(BUSY.name, "ACK", sent=False)
    return "486, and the other two went on ringing"


def _cancelled(evidence: Evidence) -> str:
    cancel = evidence.sip(PATIENT.name, "CANCEL", sent=False)
    reason = cancel.header("Reason")
    assert reason == 'SIP;cause=200;text="Call completed elsewhere"', f"Reason: {reason}"
    evidence.sip(PATIENT.name, "487", sent=True)
    return f"Reason: {reason}"


def _ringback(evidence: Evidence) -> str:
    alone = evidence.caller.alone
    assert not _is_early(evidence.caller, evidence), "the callee was heard before the bridge"
    assert alone, "nothing was heard"
    assert is_only_ringback(alone), "something else than ringback was heard"
    assert not [packet for packet in evidence.caller.heard if packet.type == EVENTS], (
        "a key pressed in the whisper was heard"
    )
    return f"{len(alone) * PTIME:.1f} s: no whisper, no word of the callee, no key"


def _whisper(evidence: Evidence) -> str:
    seconds = spoken_seconds(evidence.callee.alone)
    assert seconds > 0.5, "no speech was heard (is flite or espeak-ng installed?)"
    assert not _is_early(evidence.callee, evidence), "the caller was heard before the bridge"
    return f"{seconds:.1f} s of speech, and nothing of the caller"


def _is_early(ear: Ear, evidence: Evidence) -> bool:
    """Tell whether something was heard that was said before the key was pressed."""
    return any(packet.at < evidence.key[0].at for packet in ear.owed)


def _key(evidence: Evidence) -> str:
    asked = evidence.only("/pressed")
    assert asked["Digits"] == "1", f"Digits={asked['Digits']}"
    released = next(packet.at for packet in evidence.key if packet.payload[1] & END)
    wait = max(ear.bridged[0].at for ear in (evidence.caller, evidence.callee)) - released
    return f"Digits=1; two-way audio {wait * 1000:.0f} ms after the key was released"


def _to_callee(evidence: Evidence) -> str:
    return _crossed(evidence.callee, evidence.sip(WINNER.name, "INVITE", sent=False))


def _to_caller(evidence: Evidence) -> str:
    return _crossed(evidence.caller, evidence.sip("caller", "200", sent=False))


def _crossed(ear: Ear, described: Message) -> str:
    heard, owed = ear.bridged, ear.owed
    assert len(heard) > 25, f"only {len(heard)} packets came"
    assert [packet.words for packet in heard] == [packet.words for packet in owed], (
        f"{len(heard)} packets came of {len(owed)}, or not in order"
    )
    assert {packet.source for packet in ear.heard} == {described.media}, (
        "a packet came from elsewhere than SDP says"
    )
    first = heard[0]
    for at, packet in enumerate(heard):
        assert packet.ssrc == first.ssrc, "the SSRC changed"
        assert (packet.sequence - first.sequence) & 0xFFFF == at, "a sequence number is missing"
        assert (packet.timestamp - first.timestamp) & 0xFFFFFFFF == at * FRAME, "a timestamp jumps"
    slowest = max(came.at - went.at for came, went in zip(heard, owed, strict=True))
    octets = sum(len(packet.payload) for packet in heard)
    return (
        f"{len(heard)} of {len(owed)} packets, {octets:,} octets; slowest {slowest * 1000:.1f} ms"
    )


def _hung_up(evidence: Evidence) -> str:
    asked = evidence.sip("caller", "BYE", sent=True).at
    came = evidence.sip(WINNER.name, "BYE", sent=False).at
    evidence.sip(WINNER.name, "200 OK", sent=True)
    return f"BYE passed on after {(came - asked) * 1000:.1f} ms"


def _action(evidence: Evidence) -> str:
    asked = evidence.only("/after")
    told = {name: asked[f"Dial{name}"] for name in ("CallStatus", "Bridged", "CallSid")}
    expected = {"CallStatus": "completed", "Bridged": "true", "CallSid": evidence.winner}
    assert told == expected, f"{told}"
    return "DialCallStatus=completed DialBridged=true, once"


def _nothing_left(evidence: Evidence) -> str:
    assert evidence.is_idle, "something still counts"
    assert evidence.is_stopped, "the daemon did not stop cleanly"
    return "/counters at 0; exit status 0 on SIGTERM, no error logged"


PROMISES: tuple[tuple[str, Callable[[Evidence], str]], ...] = (
    ("Every request is signed", requests_are_signed),
    ("Three phones ring at once", _fork),
    ("A busy phone ends its own leg alone", _busy),
    ("The caller hears ringing until the bridge", _ringback),
    ("The callee hears a whisper in private", _whisper),
    ("The callee accepts by a key (RFC 4733)", _key),
    ("The phone that lost knows why", _cancelled),
    ("Caller to callee, byte for byte", _to_callee),
    ("Callee to caller, byte for byte", _to_caller),
    ("The caller hangs up, so does the callee", _hung_up),
    ("Every callback, right and in order", callbacks_are_right),
    ("<Dial action> is told how it went", _action),
    ("Nothing is left behind", _nothing_left),
)
