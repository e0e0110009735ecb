"""Where somebody else's text enters, what it may try, and what of ours must not carry it.

A case is one field of a document, of a REST request or of a SIP message, and one payload in it.  It
is played as a whole call; what is looked at is what went over the wires and into the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from b2bua.app.families import FIELD

PAYLOADS = (
    "\r\nEvil: yes",
    "\nEvil: yes",
    "\rEvil: yes",
    "\r\n Evil: folded",
    "\r\n\r\nv=0\r\na=evil",
    "\x00Evil: yes",
    "\x0b\x0c\x1cEvil: yes",
    "\x7fEvil",
    "\x85Evil: yes",
    "\x9b31mEvil",
    "\u2028Evil: yes",
    "\u2029Evil: yes",
    "\u202eEvil",
    "%0d%0aEvil:%20yes",
    "%0AEvil: yes",
    "%00Evil",
    "%250d%250aEvil: yes",
    "%E2%80%A8Evil: yes",
    "%c2%85Evil: yes",
    '"\r\nEvil: yes',
    '" <sip:evil@evil.example>;evil="',
    '\\" ;evil=yes',
    ">;evil=yes",
    ";evil=yes",
    "@evil.example;evil=yes?Evil=yes",
    "?Evil=yes&X-Evil=%0d%0aEvil: yes",
    "&Evil=yes&=",
    "#Evil=yes\r\nEvil: yes",
    ", <sip:evil@evil.example>",
    "<Evil/>",
)


class Group(Enum):
    """How a payload gets in."""

    DOCUMENT = "document"
    REST = "rest"
    CALLER = "caller"
    CALLEE = "callee"
    DESCRIPTION = "description"


@dataclass(frozen=True)
class Field:
    """One place.  `template` has `{}` where the payload goes.

    `is_uri` says that the text there is a URI of its author's own, whose parameters and query are
    his to choose.
    """

    group: Group
    name: str
    template: str
    is_uri: bool = False


@dataclass(frozen=True)
class Case:
    """One call with one payload in one field."""

    field: Field
    payload: str

    @property
    def text(self) -> str:
        """What the field holds."""
        payload = _in_xml(self.payload) if self.field.group is Group.DOCUMENT else self.payload
        return self.field.template.replace("{}", payload)


def _in_xml(text: str) -> str:
    """Return `text` so that an XML parser gives it back; NUL alone cannot be said."""
    return "".join(
        f"&#{ord(character)};" if character != "\0" and not character.isprintable() else character
        for character in escape(text, {'"': "&quot;"})
    )


def _document(name: str, inner: str, is_uri: bool = False) -> Field:
    return Field(Group.DOCUMENT, name, f"<Response>{inner}</Response>", is_uri)


def _number(name: str, attribute: str, is_uri: bool = False) -> Field:
    inner = f"<Dial><Number {attribute}>+15550000101</Number></Dial>"
    return _document(name, inner, is_uri)


DOCUMENT = (
    _document("Say", "<Say>hi {}</Say>"),
    _document("Say voice", '<Say voice="man{}">hi</Say>'),
    _document("Say language", '<Say language="en{}">hi</Say>'),
    _document("Play", "<Play>/a.wav{}</Play>", True),
    _document("Play digits", '<Play digits="1{}"/>'),
    _document("Pause length", '<Pause length="1{}"/>'),
    _document("Gather action", '<Gather action="/g{}" actionOnEmptyResult="true"/>', True),
    _document("Gather finishOnKey", '<Gather finishOnKey="#{}"/>'),
    _document("Redirect", "<Redirect>/next{}</Redirect>", True),
    _document("Redirect method", '<Redirect method="GET{}">/next</Redirect>'),
    _document("Reject reason", '<Reject reason="busy{}"/>'),
    _document("an unknown attribute", '<Say evil="{}">hi</Say>'),
    _document("Dial", "<Dial>+15550000101{}</Dial>"),
    _document("Dial callerId", '<Dial callerId="+15551{}">+15550000101</Dial>'),
    _document("Dial callerId of a client", '<Dial callerId="client:bob{}">+15550000101</Dial>'),
    _document("Dial action", '<Dial action="/after{}">+15550000101</Dial>', True),
    _document("Dial method", '<Dial action="/after" method="GET{}">+15550000101</Dial>'),
    _document("Dial ringTone", '<Dial ringTone="de{}">+15550000101</Dial>'),
    _document("Dial dialMusic", '<Dial dialMusic="/m{}">+15550000101</Dial>', True),
    _document("Number", "<Dial><Number>+15550000101{}</Number></Dial>"),
    _document("Number, a header's value", "<Dial><Number>+15550000101?X-A=1{}</Number></Dial>"),
    _document("Number, a header's name", "<Dial><Number>+15550000101?X-A{}=1</Number></Dial>"),
    _document(
        "Number, User-to-User", "<Dial><Number>+15550000101?User-to-User=1{}</Number></Dial>"
    ),
    _number("Number url", 'url="/screen{}"', True),
    _number("Number statusCallback", 'statusCallback="/s{}"', True),
    _number("Number statusCallbackEvent", 'statusCallback="/s" statusCallbackEvent="ringing{}"'),
    _number("Number sendDigits", 'sendDigits="1{}"'),
    _number("Number byoc", 'byoc="carrier{}"'),
    _document("Sip user", "<Dial><Sip>sip:+15550000101{}@192.0.2.2</Sip></Dial>", True),
    _document("Sip host", "<Dial><Sip>sip:+15550000101@192.0.2.2{}</Sip></Dial>", True),
    _document("Sip parameter", "<Dial><Sip>sip:+15550000101@192.0.2.2;a=b{}</Sip></Dial>", True),
    _document("Sip header", "<Dial><Sip>sip:+15550000101@192.0.2.2?X-A=1{}</Sip></Dial>"),
    _document("Sip username", '<Dial><Sip username="u{}">sip:+15550000101@192.0.2.2</Sip></Dial>'),
    _document("Client", "<Dial><Client>bob{}</Client></Dial>"),
)
REST = tuple(
    Field(Group.REST, name, template, is_uri)
    for name, template, is_uri in (
        ("To", "+15550000101{}", False),
        ("To, a SIP URI", "sip:+15550000101{}@192.0.2.2", True),
        ("To, a header", "sip:+15550000101@192.0.2.2?X-A=1{}", False),
        ("From", "+15551{}", False),
        ("From, a name", "Acme{}", False),
        ("Url", "http://app.example/voice{}", True),
        ("Method", "GET{}", False),
        ("FallbackUrl", "http://app.example/f{}", True),
        ("StatusCallback", "http://app.example/s{}", True),
        ("StatusCallbackEvent", "ringing{}", False),
        ("SendDigits", "1{}", False),
        ("SipAuthUsername", "u{}", False),
        ("SipAuthPassword", "p{}", False),
        ("Byoc", "carrier{}", False),
        ("Twiml", "<Response><Dial>+15550000102{}</Dial></Response>", False),
        ("ApplicationSid", "AP{}", False),
    )
)
CALLER = tuple(
    Field(Group.CALLER, name, template)
    for name, template in (
        ("Request-URI", "sip:100{}@192.0.2.1"),
        ("From, quoted", '"Al{}" <sip:+15550009999@192.0.2.3>;tag=a'),
        ("From, unquoted", "Al{} <sip:+15550009999@192.0.2.3>;tag=a"),
        ("From, user", "<sip:+1555{}@192.0.2.3>;tag=a"),
        ("From, tag", "<sip:+15550009999@192.0.2.3>;tag=a{}"),
        ("To", '"B{}" <sip:100@192.0.2.1>'),
        ("Call-ID", "call-a{}"),
        ("Contact", '"A{}" <sip:a@192.0.2.3:5060>'),
        ("Contact, user", "<sip:a{}@192.0.2.3:5060>"),
        ("X-Ticket", "42{}"),
        ("Diversion", "<sip:+15557{}@192.0.2.3>;reason=unknown"),
        ("Subject", "hello{}"),
        ("User-Agent", "phone{}"),
    )
)
CALLEE = tuple(
    Field(Group.CALLEE, name, template)
    for name, template in (
        ("reason phrase", "Busy{}"),
        ("Contact", '"B{}" <sip:b@192.0.2.2:5060>'),
        ("Contact, user", "<sip:b{}@192.0.2.2:5060>"),
        ("X-Answer", "7{}"),
        ("To, tag", "tag-b{}"),
        ("Server", "phone{}"),
    )
)
DESCRIPTION = tuple(
    Field(Group.DESCRIPTION, name, template)
    for name, template in (
        ("o=", "o=a{} 1 1 IN IP4 192.0.2.3"),
        ("s=", "s=-{}"),
        ("a=rtpmap", "a=rtpmap:0 PCMU/8000{}"),
        ("a=fmtp", "a=fmtp:101 0-16{}"),
        ("a=", "a=sendrecv{}"),
    )
)
FIELDS = (*DOCUMENT, *REST, *CALLER, *CALLEE, *DESCRIPTION)


def cases() -> list[Case]:
    """Return every field with every payload."""
    return [Case(field, payload) for field, payload in product(FIELDS, PAYLOADS)]


# What must not be there.


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SIP_HEADERS = _names(
    """
    Via From To Call-ID CSeq Contact Max-Forwards Allow Supported Content-Type
    Content-Length Reason Accept Unsupported Retry-After Require Warning Authorization X-A
    User-to-User Session-Expires Min-SE Record-Route Route Allow-Events
    """
)
HTTP_HEADERS = _names(
    """
    host user-agent accept accept-encoding content-type content-length x-twilio-signature
    x-b2bua-signature i-twilio-idempotency-token
    """
)
FORM_FIELDS = _names(
    """
    CallSid AccountSid From To Caller Called CallStatus ApiVersion Direction ParentCallSid
    CallerName ForwardedFrom SipDomain SipCallId SipSourceIp Timestamp CallbackSource
    SequenceNumber CallDuration Duration SipResponseCode ErrorCode ErrorMessage ErrorUrl
    Digits DialCallStatus DialCallSid DialCallDuration DialBridged DialSipCallId
    DialSipResponseCode DialScreenResult SipHeader_X-Ticket SipHeader_X-Answer
    DialSipHeader_X-Answer
    """
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_END = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_URI = r"sips?:(?:[^<>@\s]*@)?[^<>;?@\s]*"  # what stands before the @ is a name, whatever it holds
_PARTY = re.compile(rf"\s*<{_URI}>(?:;tag=[\w.!%*+`'~-]+)?")
_REQUEST = re.compile(rf"[A-Z]+ {_URI} SIP/2\.0")
_OWN_WORDS = {Group.CALLER: False, Group.DESCRIPTION: False, Group.CALLEE: True}


def in_sip(message: bytes, case: Case, *, to_callee: bool) -> Iterator[str]:
    """Tell what is foreign in a message of ours.

    Whose words they are gets them back as they were (RFC 3261 section 8.2.6.2), parameters of the
    header and all, but never as a line of its own.
    """
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8").split("\r\n")
    is_request = not first.startswith("SIP/2.0 ")
    is_echo = _OWN_WORDS.get(case.field.group) is to_callee
    is_judged = is_request and not is_echo and not case.field.is_uri
    for line in (first, *lines):
        if (_LINE_END if is_echo else _CONTROL).search(line):
            yield f"control character in {line!r}"
    if is_request and len(first.split(" ")) != 3:
        yield f"request line {first!r}"
    if is_judged and not _REQUEST.fullmatch(first):
        yield f"Request-URI {first!r}"
    for line in lines:
        name, _, value = line.partition(": ")
        may_add = case.field.group in {Group.DOCUMENT, Group.REST} and name.startswith("X-")
        if name == FIELD and re.fullmatch("[0-9a-f]{16,}-[0-9]", value):
            continue  # ours: how deep a call is in calls of ours
        if name not in SIP_HEADERS and not may_add:
            yield f"header {line!r}"
        is_party = name in {"From", "To", "Contact"}
        if is_judged and is_party and not _PARTY.fullmatch(_QUOTED.sub("", value)):
            yield f"party {line!r}"
    for line in body.decode("utf-8").split("\r\n"):
        if _CONTROL.search(line) or not re.match(r"[a-z]=|$", line):
            yield f"description {line!r}"
        if "evil" in line.lower() and case.field.group is not Group.DESCRIPTION:
            yield f"description {line!r}"


def in_http(wire: bytes, case: Case) -> Iterator[str]:
    """Tell what is foreign in the one request on a connection of ours."""
    head, _, body = wire.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    names = [line.partition(": ")[0].lower() for line in lines]
    if len(first.split(" ")) != 3 or not set(names) <= HTTP_HEADERS | {"authorization"}:
        yield f"head {head!r}"
    if len(names) != len(set(names)) or _CONTROL.search(first + "".join(lines)):
        yield f"head {head!r}"
    query = first.split(" ")[1].partition("?")[2]
    said = [*parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body))]
    if not case.field.is_uri:
        said += parse_qsl(query, keep_blank_values=True)
    foreign = [name for name, _ in said if name not in FORM_FIELDS]
    if foreign or len(said) != len({name for name, _ in said}):
        yield f"fields {said!r}"


def in_log(written: str) -> Iterator[str]:
    """Tell what is wrong with the text that one event became."""
    if not written.endswith("\n") or len(written.splitlines()) != 1:
        yield f"log {written!r}"
    if _CONTROL.search(written[:-1]) or "\u202e" in written:
        yield f"log {written!r}"
