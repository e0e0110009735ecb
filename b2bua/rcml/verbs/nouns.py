"""The nouns of <Dial>: <Number>, <Sip>, <Client>, and what they share (rcml.md section 3).

A noun that can't be dialled is still a leg: it carries its `problem`, so that its application hears
of `initiated` and `completed` like of any other (rcml.md 6.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lxml import etree

from b2bua.rcml.addresses import AddressError, has_control, read_address, sip_uri
from b2bua.rcml.flow import Follow
from b2bua.rcml.numbers import canonical
from b2bua.rcml.reading import INVALID_URL, Reading, text_of
from b2bua.rcml.verbs.status import read_status
from b2bua.routing.plan import Credentials, Target

NOT_A_NUMBER = 13223
NOT_DIALLABLE = 13224
BAD_METHOD = 13210
BAD_TIMEOUT = 13212

SHARED = frozenset(
    {"url", "method", "statusCallback", "statusCallbackMethod", "statusCallbackEvent", "timeout"}
)
MACHINE_DETECTION = frozenset(
    {
        "machineDetection",
        "machineDetectionTimeout",
        "machineDetectionSpeechThreshold",
        "machineDetectionSpeechEndThreshold",
        "machineDetectionSilenceTimeout",
        "amdStatusCallback",
        "amdStatusCallbackMethod",
    }
)
NUMBER_ATTRIBUTES = SHARED | MACHINE_DETECTION | {"sendDigits", "byoc"}
SIP_ATTRIBUTES = SHARED | MACHINE_DETECTION | {"username", "password"}
CLIENT_ATTRIBUTES = SHARED | {"clientNotificationUrl"}

LONGEST_IDENTITY = 256
_TRUNK = r"[A-Za-z0-9._-]{1,64}"


@dataclass(frozen=True, slots=True)
class Noun:
    """A leg to ring, and the document its callee hears before the bridge, if any."""

    target: Target
    whisper: Follow | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two nouns the same leg (rule N-4)."""
        target = self.target
        return (
            target.to,
            target.trunk,
            target.send_digits,
            target.headers,
        )


def read_noun(element: etree._Element, reading: Reading) -> Noun | None:
    """Read one element inside <Dial>; None when it is no noun that is known here."""
    read = NOUNS.get(str(element.tag))
    if read is None:
        reading.warn(element, f"<{element.tag:.64}> is no target of <Dial>", 13215)
        return None
    reading.no_children(element)
    return read(element, reading)


def read_text(text: str, element: etree._Element, reading: Reading) -> Noun:
    """Read the text of a <Dial> without nouns: a number, a SIP address, or `client:` and a name."""
    if text.startswith("client") and "@" not in text.partition("?")[0]:
        return Noun(_client(text.removeprefix("client:"), element, reading))
    if "@" in text.partition("?")[0]:
        return Noun(_sip(text, element, reading))
    return Noun(_number(text, element, reading))


def _read_number(element: etree._Element, reading: Reading) -> Noun:
    reading.attributes(element, NUMBER_ATTRIBUTES)
    reading.unsupported(element, sorted(MACHINE_DETECTION))
    longest = reading.setting.limits.send_digits
    target = replace(
        _number(text_of(element), element, reading),
        send_digits=reading.word(element, "sendDigits", "", f"[0-9A-D*#wW]{{1,{longest}}}"),
        trunk=reading.word(element, "byoc", "", _TRUNK, NOT_DIALLABLE),
    )
    return _shared(target, element, reading)


def _read_sip(element: etree._Element, reading: Reading) -> Noun:
    reading.attributes(element, SIP_ATTRIBUTES)
    reading.unsupported(element, sorted(MACHINE_DETECTION))
    target = _sip(text_of(element), element, reading)
    username, password = element.get("username", ""), element.get("password", "")
    if has_control(username + password):
        return Noun(_broken(target, element, reading, "a control character in its credentials"))
    credentials = Credentials(username, password) if username else None
    return _shared(replace(target, credentials=credentials), element, reading)


def _read_client(element: etree._Element, reading: Reading) -> Noun:
    reading.attributes(element, CLIENT_ATTRIBUTES)
    return _shared(_client(text_of(element), element, reading), element, reading)


NOUNS: dict[str, Callable[[etree._Element, Reading], Noun]] = {
    "Number": _read_number,
    "Sip": _read_sip,
    "Client": _read_client,
}


def _shared(target: Target, element: etree._Element, reading: Reading) -> Noun:
    target = replace(
        target,
        status=read_status(element, reading),
        screen_timeout=float(reading.whole(element, "timeout", 60, most=600, code=BAD_TIMEOUT)),
    )
    method = reading.method(element, code=BAD_METHOD)
    url = reading.link(element, "url")
    if url is not None:
        return Noun(target, Follow(url, method))
    if element.get("url", "").strip() and target.problem is None:
        # Without its whisper the callee could not decline: it is not rung at all.
        target = replace(target, problem=(INVALID_URL, "its whisper has no http or https URL"))
    return Noun(target)


def _number(text: str, element: etree._Element, reading: Reading) -> Target:
    try:
        address = read_address(text)
    except AddressError as problem:
        return _broken(Target(label=text[:255]), element, reading, str(problem))
    _warn_refused(address.refused, element, reading)
    number = canonical(address.text, reading.setting.country)
    if number is None:
        target = Target(label=address.text[:255])
        return _broken(target, element, reading, "it is no telephone number", NOT_A_NUMBER)
    return Target(number=number, headers=address.headers)


def _sip(text: str, element: etree._Element, reading: Reading) -> Target:
    try:
        address = read_address(text)
        uri = sip_uri(address.text)
    except AddressError as problem:
        return _broken(Target(label=_printable(text)), element, reading, str(problem))
    _warn_refused(address.refused, element, reading)
    return Target(uri=uri, headers=address.headers)


def _client(text: str, element: etree._Element, reading: Reading) -> Target:
    try:
        address = read_address(text)
    except AddressError as problem:
        label = f"client:{_printable(text)}"
        return _broken(Target(label=label), element, reading, str(problem))
    _warn_refused(address.refused, element, reading)
    name = address.text
    if not 0 < len(name) <= LONGEST_IDENTITY or has_control(name):
        target = Target(label=f"client:{_printable(name)}")
        return _broken(target, element, reading, "it is no name of a client")
    return Target(client=name, headers=address.headers)


def _broken(
    target: Target,
    element: etree._Element,
    reading: Reading,
    text: str,
    code: int = NOT_DIALLABLE,
) -> Target:
    reading.warn(element, f"the target {target.to[:64]!r} can't be dialled: {text}", code)
    return replace(target, problem=(code, text))


def _warn_refused(names: tuple[str, ...], element: etree._Element, reading: Reading) -> None:
    for name in names:
        reading.warn(element, f"the header {name:.64} may not be set by a document")


def _printable(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())[:255]
