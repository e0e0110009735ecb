"""Text of others stays text: in SIP and HTTP that we send, in descriptions, and in the log.

Every payload is played in every field, each as a whole call on a virtual clock.  The short form has
every fourth case: each field meets seven or eight payloads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import structlog
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from b2bua.app.logs import LineLog
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from tests.support.flow import CALLER, HOST, SERVER, TRUNK, Flow
from tests.support.injections import (
    FIELDS,
    PAYLOADS,
    Case,
    Field,
    Group,
    cases,
    in_http,
    in_log,
    in_sip,
)
from tests.support.internet import Internet

PUBLIC = "93.184.216.34"
PLAIN = (
    '<Response><Dial action="/after"><Number url="/screen" statusCallback="/s" '
    'statusCallbackEvent="initiated ringing answered completed">+15550000101</Number></Dial>'
    "</Response>"
)
ANSWERS = {
    "reason phrase": "SIP/2.0 486 {}",
    "Contact": "Contact: {}",
    "Contact, user": "Contact: {}",
    "X-Answer": "X-Answer: {}",
    "To, tag": "To: <sip:+15550000101@192.0.2.2>;tag={}",
    "Server": "Server: {}",
}


class Log:
    """What each event became."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.count = 0

    def write(self, data: str, /) -> None:
        self.count += 1
        self.written.append(data)

    def flush(self) -> None:
        """There is nothing to do."""


class Lines(LineLog):
    """Writes every event twice: as text and as JSON."""

    def __init__(self, log: Log) -> None:
        super().__init__(log, verbose=True)
        self._json = LineLog(log, as_json=True, verbose=True)

    def write(self, fields: Mapping[str, object]) -> None:
        super().write(fields)
        self._json.write(fields)


class Called(Flow):
    """One call with one payload in it; `foreign` says what got through."""

    def __init__(self, case: Case, clock: Clock) -> None:
        document = case.text if case.field.group is Group.DOCUMENT else PLAIN
        one_line = document.replace("\n", "&#10;").replace("\r", "&#13;")
        super().__init__("phone b +15550000101 manual\nnumber status=/s", clock)
        self.case = case
        self._web.serve(f"{HOST}/voice", one_line)
        for path in ("/after", "/screen", "/s", "/next", "/g"):
            self._web.serve(HOST + path, "<Response/>")

    def play(self) -> None:
        if self.case.field.group is Group.REST:
            self._ask()
        else:
            self.network.carry(self._invite(), CALLER, SERVER)
        self._advance_to(1)
        if self._phones["b"].invite is not None:
            self.network.carry(self._answer(), TRUNK, SERVER)
        self._advance_to(4)
        self.switchboard.hang_up_all()
        self._advance_to(75)

    def foreign(self) -> Iterator[str]:
        for _at, sender, to, data in self.network.sent:
            if sender == SERVER:
                yield from in_sip(data, self.case, to_callee=to == TRUNK)
        for wire in self._on_the_wire():
            yield from in_http(wire, self.case)

    def _ask(self) -> None:
        name = self.case.field.name.partition(",")[0]
        fields = {"To": "+15550000101", "From": "Acme", "Url": f"{HOST}/voice"}
        fields["StatusCallback"] = f"{HOST}/s"
        if name == "Twiml":
            del fields["Url"]
        if name == "SipAuthPassword":
            fields["SipAuthUsername"] = "u"
        asked = {key: [value] for key, value in (fields | {name: self.case.text}).items()}
        Deferred.fromCoroutine(self.api._hear(self.api._create(asked)))

    def _invite(self) -> bytes:
        phone = self._phones["a"]
        said = {
            "Request-URI": "sip:100@192.0.2.1",
            "From": '"Alice" <sip:+15550009999@192.0.2.3>;tag=tag-a',
            "To": "<sip:100@192.0.2.1>",
            "Call-ID": "call-a",
            "Contact": "<sip:a@192.0.2.3:5060>",
        }
        body = phone.sdp()
        field = self.case.field
        if field.group is Group.CALLER:
            said[field.name.partition(",")[0]] = self.case.text
        elif field.group is Group.DESCRIPTION:
            lines = [one for one in body.split("\r\n") if not one.startswith(field.name)]
            place = 1 if field.name in {"o=", "s="} else -1
            body = "\r\n".join([*lines[:place], self.case.text, *lines[place:]])
        uri = said.pop("Request-URI")
        head = [f"INVITE {uri} SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.3:5060;branch=z9hG4bK-a"]
        head += [f"{name}: {value}" for name, value in said.items()]
        head += ["CSeq: 1 INVITE", "Max-Forwards: 70", "Content-Type: application/sdp"]
        phone.from_, phone.to, phone.call_id = said["From"], said["To"], said["Call-ID"]
        content = body.encode()
        return "\r\n".join([*head, f"Content-Length: {len(content)}", "", ""]).encode() + content

    def _answer(self) -> bytes:
        phone, field = self._phones["b"], self.case.field
        assert phone.invite is not None
        heard = phone.invite.headers
        said = {
            "": "SIP/2.0 200 OK",
            "Via": f"Via: {heard.get('Via')}",
            "From": f"From: {heard.get('From')}",
            "To": f"To: {heard.get('To')};tag=tag-b",
            "Call-ID": f"Call-ID: {heard.get('Call-ID')}",
            "CSeq": f"CSeq: {heard.get('CSeq')}",
            "Contact": "Contact: <sip:b@192.0.2.2:5060>",
        }
        if field.group is Group.CALLEE:
            name = field.name.partition(",")[0].replace("reason phrase", "")
            said[name] = ANSWERS[field.name].replace("{}", self.case.text)
        content = b"" if "486" in said[""] else phone.sdp().encode()
        lines = [*said.values(), "Content-Type: application/sdp", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content

    def _on_the_wire(self) -> Iterator[bytes]:
        """Send what was asked of the application by the real client; yield what it wrote."""
        for ask in self._web.asks:
            internet = Internet()
            internet.serve(PUBLIC, 80, _Ear(), "app.example", "evil.example")
            policy = EgressPolicy(is_own=lambda _: False)
            client = WebClient(internet, internet, lambda _: "secret", policy)
            internet.finish(client.fetch(ask))
            client.close()
            for wire in internet.wires:
                yield bytes(wire.written)


class _Deaf(Protocol):
    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        self.transport.loseConnection()


class _Ear(Factory):
    noisy = False
    protocol = _Deaf


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    """The log of everything, as text and as JSON."""
    log = Log()
    lines = Lines(log)
    lines.take_structlog()
    globalLogPublisher.addObserver(lines)
    yield log
    globalLogPublisher.removeObserver(lines)
    structlog.reset_defaults()


def test_there_are_five_hundred_cases_in_the_short_form_and_more_in_the_long_one() -> None:
    assert len(cases()) == len(FIELDS) * len(PAYLOADS) >= 2_000
    assert len(cases()[::4]) >= 500


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.group.value} {field.name}")
def test_a_payload_stays_text(field: Field, log: Log) -> None:
    _judge([case for case in cases()[::4] if case.field == field], log)


@pytest.mark.slow
def test_every_payload_stays_text_in_every_field(log: Log) -> None:
    _judge(cases(), log)
    print(f"{len(cases())} cases, {log.count} log lines, nothing foreign")


def _judge(judged: list[Case], log: Log) -> None:
    assert judged
    for case in judged:
        log.written.clear()
        flow = Called(case, Clock())
        flow.play()
        found = [*flow.foreign(), *(one for line in log.written for one in in_log(line))]
        assert found == [], case
        assert "Traceback" not in "".join(log.written), case
        assert log.written
        assert flow.leftovers() == {}, case


# The judges see what they are to see.

CASE = Case(Field(Group.CALLER, "From", ""), "")
GOOD = (
    b'INVITE sip:+1@192.0.2.2 SIP/2.0\r\nFrom: "a;evil=\\"" <sip:a@h>;tag=t\r\nTo: <sip:b@h>'
    b"\r\n\r\nv=0\r\n"
)


def test_an_honest_message_is_no_complaint() -> None:
    assert [*in_sip(GOOD, CASE, to_callee=True)] == []


@pytest.mark.parametrize(
    ("honest", "not_so"),
    [
        (b"To: ", b"Evil: yes\r\nTo: "),
        (b"sip:b@h>", b"sip:b@h>;evil=yes"),
        (b"sip:b@h>", b"sip:b@h;evil=yes>"),
        (b"sip:b@h>", b"sip:b@h>, <sip:evil@h>"),
        (b"192.0.2.2 SIP", b"192.0.2.2;evil SIP"),
        (b"192.0.2.2 SIP", b"192.0.2.2 SIP evil"),
        (b"v=0\r\n", b"v=0\r\na=evil\r\n"),
        (b"v=0\r\n", b"v=0\r\n\r\nEvil\r\n"),
        (b'"a;', b'"a\x00'),
        (b'"a;', b'"a\xc2\x85'),
        (b'"a;', b'"a\nEvil: yes'),
    ],
)
def test_a_foreign_part_of_a_message_is_seen(honest: bytes, not_so: bytes) -> None:
    assert [*in_sip(GOOD.replace(honest, not_so), CASE, to_callee=True)] != []


@pytest.mark.parametrize(
    "wire",
    [
        b"POST / HTTP/1.1\r\nEvil: yes\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\n\r\nFrom=1&Evil=yes",
        b"POST / HTTP/1.1\r\nHost: a\r\n\r\nFrom=1&From=2",
        b"GET /?From=1&Evil=yes HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /?From=1 evil HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_a_foreign_part_of_a_request_is_seen(wire: bytes) -> None:
    assert [*in_http(wire, CASE)] != []


@pytest.mark.parametrize("written", ["a", "a\nb\n", "a\u2028b\n", "a\x9bb\n", "a\x1bb\n", "\n\n"])
def test_a_foreign_part_of_the_log_is_seen(written: str) -> None:
    assert [*in_log(written)] != []
