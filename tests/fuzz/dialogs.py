"""Bad messages with real dialog identifiers: what a broken or hostile peer in a call may send.

`bad` takes a phone that is in a call and returns one datagram: a well-formed message of that
dialog, spoiled.  What it is depends on the random numbers alone, so a run can be repeated.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.support.crowd import AnsweringPhone

METHODS = (
    *("INVITE",) * 6,
    *("INFO", "UPDATE", "PRACK", "CANCEL", "ACK", "BYE") * 2,
    *("OPTIONS", "REFER", "NOTIFY", "MESSAGE", "SUBSCRIBE", "REGISTER", "NEWFANGLED"),
)

MOST_NUMBER = 10**6
"""The highest CSeq that is sent and is one: it leaves room for a phone to hang up after all."""

_HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
_HERE = f"{_HEAD}c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
_DESCRIPTIONS = (
    "",
    "v=0",
    "v=0\r\n",
    "m=audio 9 RTP/AVP 0\r\n",
    f"{_HEAD}t=0 0\r\n",
    f"{_HEAD}c=IN IP4 224.0.0.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n",
    f"{_HEAD}c=IN IP4 999.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP\r\n",
    f"{_HERE}m=audio 99999 RTP/AVP 0\r\n",
    _HERE + "m=audio 0 RTP/AVP 0\r\n" * 3,
    _HERE + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 60,
    "\0\1\2\3",
    "a=" + "x" * 5000,
    "{}",
)
_INFO = (
    ("application/dtmf-relay", "Signal=\r\nDuration=\r\n"),
    ("application/dtmf-relay", "Signal=5\r\nDuration=99999999999999999999\r\n"),
    ("application/dtmf-relay", "=\r\n" * 500),
    ("application/dtmf", "\xff" * 40),
    ("application/dtmf", "5" * 300),
    ("text/plain", "hello"),
    ("", ""),
)

Spoil = Callable[[random.Random, str], str]


def bad(rng: random.Random, phone: AnsweringPhone) -> bytes:
    """Return one bad message of `phone`, of the dialog that it is in."""
    if phone.invite is not None and rng.random() < 0.1:
        text = phone.text_of_answer(rng.choice((180, 183, 200, 200, 302, 401, 486, 500, 603)))
    else:
        text = _request(rng, phone)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        text = rng.choice(SPOILS)(rng, text)
    return _in_length(rng, text)


def _request(rng: random.Random, phone: AnsweringPhone) -> str:
    method = rng.choice(METHODS)
    if method == "INFO":
        kind, body = rng.choice(_INFO)
        return phone.text(method, body, kind)
    if method in ("INVITE", "UPDATE", "ACK", "PRACK"):
        body = phone.sdp() if rng.random() < 0.3 else rng.choice(_DESCRIPTIONS)
        return phone.text(method, body)
    return phone.text(method)


def spoofed(rng: random.Random, phone: AnsweringPhone, number: int, port: int) -> bytes:
    """Return a BYE or a CANCEL of this call by somebody who does not know all of its names.

    Answers to it go to `port`.
    """
    text = phone.text(rng.choice(("BYE", "CANCEL")))
    via = f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKspoof{number}"
    text = re.sub(r"(?m)^Via: [^\r]*", via, text, count=1)
    names = rng.choice((("From",), ("To",), ("From", "To"), ("Call-ID",)))
    for name in names:
        wrong = f"{rng.getrandbits(64):x}"
        if name == "Call-ID":
            text = re.sub(r"(?m)^Call-ID: .*\r$", f"Call-ID: {wrong}\r", text)
        else:
            text = re.sub(rf"(?m)^({name}: .*;tag=)[^;\r]+", rf"\g<1>{wrong}", text)
    return text.encode()


# What is done to a message.


def _nothing(_rng: random.Random, text: str) -> str:
    return text


def _field(name: str, *values: str) -> Spoil:
    """Return what replaces a field's value by one of `values`."""

    def spoil(rng: random.Random, text: str) -> str:
        value = rng.choice(values)
        return re.sub(rf"(?m)^{name}: [^\r]*", lambda _: f"{name}: {value}", text, count=1)

    return spoil


def _more(*fields: str) -> Spoil:
    """Return what puts one of `fields` into the head."""

    def spoil(rng: random.Random, text: str) -> str:
        head, end, body = text.partition("\r\n\r\n")
        return f"{head}\r\n{rng.choice(fields)}{end}{body}"

    return spoil


def _drop(rng: random.Random, text: str) -> str:
    lines = text.split("\r\n")
    del lines[rng.randrange(len(lines))]
    return "\r\n".join(lines)


def _twice(rng: random.Random, text: str) -> str:
    lines = text.split("\r\n")
    at = rng.randrange(len(lines))
    return "\r\n".join([*lines[: at + 1], *lines[at:]])


def _other_tag(rng: random.Random, text: str) -> str:
    return re.sub(r";tag=[^;\r]+", f";tag={rng.getrandbits(32):x}", text, count=rng.choice((1, 2)))


def _other_number(rng: random.Random, text: str) -> str:
    number = rng.choice((0, 1, MOST_NUMBER, 2**31, 2**64, rng.randrange(100)))
    return re.sub(r"(?m)^CSeq: \d+", f"CSeq: {number}", text)


def _same_branch(_rng: random.Random, text: str) -> str:
    return re.sub(r"branch=[^;\r]+", "branch=z9hG4bKsame", text, count=1)


def _noise(rng: random.Random, text: str) -> str:
    characters = list(text)
    for _ in range(rng.choice((1, 3, 10))):
        at = rng.randrange(len(characters))
        characters[at] = chr(rng.randrange(256))
    return "".join(characters)


def _cut(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text)) + 1]


SPOILS: tuple[Spoil, ...] = (
    _nothing,
    _drop,
    _twice,
    _other_tag,
    _other_number,
    _same_branch,
    _noise,
    _cut,
    _field("Contact", "", "*", "<sip:>", "tel:+1", "<urn:service:sos>", "<sip:[::1>", '"'),
    _field("Max-Forwards", "0", "256", "-1", ""),
    _field("Content-Length", "0", "9", "65536", "-1", "x"),
    _field("Content-Type", "text/plain", "multipart/mixed", "multipart/mixed;boundary=", ";;"),
    _field("Via", "SIP/2.0/UDP 127.0.0.1:9", "SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKx", "SIP"),
    _more("Require: 100rel", "Require: ,", "Accept: text/plain", "Info-Package: dtmf"),
    _more("Record-Route: <sip:127.0.0.1:9;lr>", "Route: <sip:127.0.0.1:9>", "Route: <tel:1>"),
    _more("RAck: 1 1 INVITE", "RAck: x", "RSeq: 99999999999", "Session-Expires: 0", "Min-SE: x"),
    _more("Replaces: a;to-tag=b;from-tag=c", "Refer-To: <sip:a@127.0.0.1?Replaces=x>", "Event: x"),
)


def _in_length(rng: random.Random, text: str) -> bytes:
    """Put the length right, most of the time, so that what is bad is looked at."""
    data = text.encode("utf-8", "replace")
    if rng.random() < 0.8:
        length = len(data.partition(b"\r\n\r\n")[2])
        data = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % length, data, count=1)
    return data[:60_000]
