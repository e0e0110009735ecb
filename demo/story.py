"""The evidence as arrows of a ladder."""

from __future__ import annotations

from collections.abc import Iterator

from demo.cast import ANSWERS, PHONES, WINNER
from demo.evidence import Evidence
from demo.ladder import Arrow, Kind
from demo.rtp import PTIME, Packet
from tests.support.application import Received
from tests.support.sipp import Message

HUB, APPLICATION = "b2bua", "application"


def story(evidence: Evidence) -> list[Arrow]:
    """Return every message, request and span of media, in seconds since the caller's INVITE."""
    if not evidence.messages.get("caller"):
        return []
    begun = evidence.messages["caller"][0].at
    arrows = [*_signalling(evidence, begun), *_http(evidence, begun), *_media(evidence, begun)]
    return sorted(arrows, key=lambda arrow: arrow.at)


def event(callback: Received) -> str:
    """Return the event that a status callback tells of."""
    names = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
    return names.get(callback["CallStatus"], "completed")


def _signalling(evidence: Evidence, begun: float) -> Iterator[Arrow]:
    for name, messages in evidence.messages.items():
        seen: set[tuple[bool, str]] = set()
        for message in messages:
            key = message.is_sent, message.text.strip()
            label = _label(message) + (" (again)" if key in seen else "")
            seen.add(key)
            ends = (name, HUB) if message.is_sent else (HUB, name)
            yield Arrow(message.at - begun, *ends, label, _kind(message))


def _label(message: Message) -> str:
    if not message.start[0].isdigit():
        return message.start.split()[0]
    asked = "" if message.method == "INVITE" else f" ({message.method})"
    return message.start + asked


def _kind(message: Message) -> Kind:
    if not message.start[0].isdigit():
        return Kind.REQUEST
    return Kind.RESPONSE if message.start[0] in "12" else Kind.REFUSAL


def _http(evidence: Evidence, begun: float) -> Iterator[Arrow]:
    for each in evidence.asked:
        at = each.at - begun
        if each.path in ANSWERS:
            yield Arrow(at, HUB, APPLICATION, _request(each), Kind.HTTP)
            yield Arrow(at, APPLICATION, HUB, ANSWERS[each.path], Kind.HTTP)
        else:
            yield Arrow(at, HUB, APPLICATION, _callback(each), Kind.CALLBACK)


def _request(asked: Received) -> str:
    told = [
        f"{name}={asked[name]}" for name in ("Digits", "DialCallStatus") if name in asked.fields
    ]
    return " ".join([asked.seen.method, asked.path, *told])


def _callback(callback: Received) -> str:
    phone = next((each.name for each in PHONES if each.number == callback["To"]), callback["To"])
    told, status = event(callback), callback["CallStatus"]
    words = told if told == status else f"{told}: {status}"
    return f"{phone} {words} #{callback['SequenceNumber']}"


def _media(evidence: Evidence, begun: float) -> Iterator[Arrow]:
    caller, callee = evidence.caller, evidence.callee
    if caller.alone:
        yield _span(caller.alone, begun, HUB, "caller", "ringback")
    if callee.alone:
        yield _span(callee.alone, begun, HUB, WINNER.name, "whisper")
    if evidence.key:
        first, last = evidence.key[0].at - begun, evidence.key[-1].at - begun
        yield Arrow(first, WINNER.name, HUB, "key 1 (RFC 4733)", Kind.MEDIA, until=last)
    if caller.bridged and callee.bridged:
        packets = sorted([*caller.bridged, *callee.bridged], key=lambda packet: packet.at)
        counts = f"RTP: {len(callee.bridged)} packets to {WINNER.name}, {len(caller.bridged)} back,"
        yield _span(packets, begun, "caller", WINNER.name, counts, both=True)


def _span(
    packets: list[Packet], begun: float, source: str, target: str, what: str, *, both: bool = False
) -> Arrow:
    first, last = packets[0].at, packets[-1].at + PTIME
    label = f"{what} {last - first:.1f} s"
    return Arrow(first - begun, source, target, label, Kind.MEDIA, both, last - begun)
