"""A scripted SIP phone: says what it is told to, and notes what it hears.

It writes its messages by hand, as another vendor's phone would, so that our writer is never judged
by itself.  What any phone does by itself (ACK a final response, answer BYE and CANCEL with 200, and
a cancelled INVITE with 487; PRACK for what is reliable) it does by itself, unless it is `manual`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from b2bua.sip.message import Request, Response
from b2bua.sip.reader import read_datagram

Address = tuple[str, int]
Note = Callable[[str, dict[str, str]], None]
Send = Callable[[bytes, Address], None]

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


class Phone:
    """One phone.  `note` gets each message it hears, in a word and with its particulars."""

    def __init__(
        self, name: str, address: Address, server: Address, send: Send, note: Note
    ) -> None:
        self.name, self.address, self.server = name, address, server
        self.manual = False
        self.sdp_port = 40_000
        self.codecs = "0 8 101"
        self._send, self._note = send, note
        self._number = 0
        self._branch = 0
        self.invite: Request | None = None  # the INVITE it received
        self.has_answered = False
        self.sent_invite: str | None = None  # the INVITE it sent
        self.final: Response | None = None
        self.reliable: Response | None = None  # the last one that it heard
        self.local_tag = f"tag-{name}"
        self.remote_tag = ""
        self.call_id = f"call-{name}"
        self.remote_target = f"sip:{server[0]}:{server[1]}"
        self.reoffer: Request | None = None
        self._last: dict[str, Request] = {}
        self.from_ = self.to = ""

    @property
    def has_dialog(self) -> bool:
        """Whether it has sent an INVITE or been sent one."""
        return self.invite is not None or self.sent_invite is not None

    @property
    def dialog_id(self) -> str:
        """Its dialog as a Replaces field names it to the far end."""
        tag = self.final.to.tag if self.final is not None else self.remote_tag
        return f"{self.call_id};to-tag={tag};from-tag={self.local_tag}"

    # What it says.

    def say(self, words: list[str]) -> None:
        """Send what a line of a flow says: `INVITE 100`, `180`, `200`, `BYE`, `key 5`, ..."""
        verb, rest = words[0], words[1:]
        if verb.isdigit():
            self.answer(int(verb), *rest)
        elif verb == "INVITE":
            self.call(rest[0], *rest[1:])
        elif verb == "REINVITE":
            self.request("INVITE", self.sdp(*rest) if "late" not in rest else "")
        elif verb == "PRACK":
            self.prack(*rest)
        elif verb == "UPDATE":
            body = self.sdp(*rest[1:]) if rest[:1] == ["sdp"] else ""
            self.request("UPDATE", body, extra=_fields(rest))
        elif verb == "REFER":
            self.request("REFER", extra=[f"Refer-To: <{rest[0]}>"])
        elif verb == "INFO":
            self.request("INFO", f"Signal={rest[0]}\r\nDuration=160\r\n", "application/dtmf-relay")
        elif verb == "CANCEL":
            self.cancel()
        elif verb == "ACK":
            self.ack(*rest)
        else:
            self.request(verb, extra=_fields(rest))

    def sdp(self, *traits: str) -> str:
        """Return a description: PCMU, PCMA and telephone-event unless `traits` say otherwise."""
        direction = next((t for t in traits if t in _DIRECTIONS), "sendrecv")
        codecs = next((t.removeprefix("codecs=") for t in traits if t.startswith("codecs=")), "")
        formats = codecs.replace(",", " ") or self.codecs
        lines = [
            "v=0",
            f"o={self.name} 1 1 IN IP4 {self.address[0]}",
            "s=-",
            f"c=IN IP4 {self.address[0]}",
            "t=0 0",
            f"m=audio {self.sdp_port} RTP/AVP {formats}",
        ]
        if "101" in formats.split():
            lines += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16"]
        return "\r\n".join([*lines, f"a={direction}", ""])

    def call(self, number: str, *traits: str) -> None:
        """Send an INVITE for `number`; with the trait `late`, without an offer."""
        self.from_ = f'"{self.name}" <sip:+15550009999@{self.address[0]}>;tag={self.local_tag}'
        self.to = f"<sip:{number}@{self.server[0]}>"
        self._number += 1
        body = "" if "late" in traits else self.sdp(*traits)
        uri = f"sip:{number}@{self.server[0]}"
        branch = self._new_branch()
        self.sent_invite = self._text("INVITE", uri, body, branch=branch, extra=_fields(traits))
        self._send(self.sent_invite.encode(), self.server)

    def again(self) -> None:
        """Send the same INVITE again, as a lost 100 would have it."""
        assert self.sent_invite is not None
        self._send(self.sent_invite.encode(), self.server)

    def cancel(self) -> None:
        """Cancel the INVITE that was sent."""
        assert self.sent_invite is not None
        head = self.sent_invite.split("\r\n\r\n")[0].split("\r\n")
        kept = [line for line in head if line.split(":")[0] in _OF_CANCEL]
        first = head[0].replace("INVITE", "CANCEL", 1)
        text = "\r\n".join([first, *kept, f"CSeq: {self._number} CANCEL", "", ""])
        self._send(text.encode(), self.server)

    def request(
        self,
        method: str,
        body: str = "",
        content_type: str = "application/sdp",
        extra: Sequence[str] = (),
    ) -> None:
        """Send a request inside the dialog."""
        self._number += 1
        uri = self.remote_target
        text = self._text(method, uri, body, content_type=content_type, extra=extra)
        self._send(text.encode(), self.server)

    def ack(self, *traits: str) -> None:
        """Acknowledge a 2xx; with `sdp` it carries the answer."""
        body = self.sdp(*traits[1:]) if traits[:1] == ("sdp",) else ""
        number = self.final.cseq.number if self.final is not None else self._number
        self._send(self._text("ACK", self.remote_target, body, number=number).encode(), self.server)

    def prack(self, *traits: str) -> None:
        """Acknowledge the last reliable response; with `sdp` the PRACK has a description."""
        assert self.reliable is not None
        rack = f"RAck: {self.reliable.headers.get('RSeq')} {self.reliable.headers.get('CSeq')}"
        self._number += 1
        body = self.sdp(*traits[1:]) if traits[:1] == ("sdp",) else ""
        text = self._text("PRACK", self.remote_target, body, extra=[rack])
        self._send(text.encode(), self.server)

    def answer(self, status: int, *traits: str) -> None:
        """Answer the last request: the INVITE, or with `CANCEL` or `BYE` named, that one."""
        if traits and traits[0] in self._last:
            body = self.sdp(*traits) if "sdp" in traits else ""
            self._respond(self._last[traits[0]], status, body, *traits)
            return
        request = self.reoffer or self.invite
        assert request is not None
        body = ""
        if (180 < status < 190 and "sdp" in traits) or (status == 200 and "empty" not in traits):
            body = self.sdp(*traits)
        if status >= 200:
            self.has_answered = True
            self.reoffer = None
        self._respond(request, status, body, *traits)

    # What it hears.

    def hear(self, data: bytes) -> None:
        """Take one datagram."""
        message = read_datagram(data)
        if isinstance(message, Request):
            self._hear_request(message)
        elif isinstance(message, Response):
            self._hear_response(message)

    def _hear_request(self, request: Request) -> None:
        self._note(request.method, _particulars(request))
        self._last[request.method] = request
        if request.method == "INVITE":
            self._hear_invite(request)
        elif self.manual:
            return
        elif request.method in _ANSWERED or (request.method == "UPDATE" and request.sdp is None):
            self._respond(request, 200, "")
        elif request.method == "CANCEL":
            self._respond(request, 200, "")
            assert self.invite is not None
            if not self.has_answered:
                self._respond(self.invite, 487, "")

    def _hear_invite(self, request: Request) -> None:
        if self.invite is not None and request.to.tag is not None:
            self.reoffer = request
            return
        if self.sent_invite is not None:
            self.reoffer = request
            return
        self.invite = request
        self.call_id = request.call_id
        self.remote_tag = request.from_.tag or ""
        self.to = str(request.from_)
        self.from_ = f"{request.to};tag={self.local_tag}"
        if request.contact is not None:
            self.remote_target = str(request.contact.uri)
        if not self.manual:
            self._respond(request, 100, "")

    def _hear_response(self, response: Response) -> None:
        if response.cseq.method == "INVITE":
            self._note(str(response.status), _particulars(response))
        elif not (response.is_success and response.cseq.method in _QUIETLY_ANSWERED):
            self._note(f"{response.status} {response.cseq.method}", _particulars(response))
        if response.cseq.method != "INVITE":
            return
        if not response.is_final and "RSeq" in response.headers:
            self.reliable = response
            self.to = str(response.to)
            if response.contact is not None:
                self.remote_target = str(response.contact.uri)
            if not self.manual:
                self.prack()
        if response.is_success:
            self.final = response
            self.to = str(response.to)
            if response.contact is not None:
                self.remote_target = str(response.contact.uri)
            if not self.manual:
                self.ack()
        elif response.is_final:
            self._acknowledge_refusal(response)

    def _acknowledge_refusal(self, response: Response) -> None:
        via = response.headers.get("Via")
        text = "\r\n".join(
            [
                f"ACK {self.remote_target} SIP/2.0",
                f"Via: {via}",
                f"From: {response.from_}",
                f"To: {response.to}",
                f"Call-ID: {response.call_id}",
                f"CSeq: {response.cseq.number} ACK",
                "Max-Forwards: 70",
                "Content-Length: 0",
                "",
                "",
            ]
        )
        self._send(text.encode(), self.server)

    # How it writes.

    def _new_branch(self) -> str:
        self._branch += 1
        return f"z9hG4bK-{self.name}-{self._branch}"

    def _text(
        self,
        method: str,
        uri: str,
        body: str,
        *,
        branch: str = "",
        number: int = 0,
        content_type: str = "application/sdp",
        extra: Sequence[str] = (),
    ) -> str:
        host, port = self.address
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch={branch or self._new_branch()}",
            f"From: {self.from_}",
            f"To: {self.to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number or self._number} {method}",
            f"Contact: <sip:{self.name}@{host}:{port}>",
            "Max-Forwards: 70",
            *extra,
            *([f"Content-Type: {content_type}"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body])

    def _respond(self, request: Request, status: int, body: str, *traits: str) -> None:
        host, port = self.address
        tag = next((t.removeprefix("tag=") for t in traits if t.startswith("tag=")), self.local_tag)
        to = request.headers.get("To") or ""
        lines = [
            f"SIP/2.0 {status} Spoken",
            *[f"Via: {via}" for via in request.headers.get_all("Via")],
            f"From: {request.headers.get('From')}",
            f"To: {to if 'tag=' in to else f'{to};tag={tag}'}",
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.headers.get('CSeq')}",
            *([] if 300 <= status < 400 else [f"Contact: <sip:{self.name}@{host}:{port}>"]),
            *_fields(traits),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        self._send("\r\n".join([*lines, "", body]).encode(), self.server)


_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_OF_CANCEL = ("Via", "From", "To", "Call-ID", "Max-Forwards")


_ANSWERED = ("BYE", "INFO", "OPTIONS", "PRACK", "NOTIFY")
_QUIETLY_ANSWERED = ("CANCEL", "INFO", "BYE", "PRACK", "NOTIFY")
_FIELDS = {
    "100rel": ("Require: 100rel",),
    "updates": ("Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE",),
    "rseq": ("Require: 100rel", "RSeq: {}"),
    "require": ("Require: {}",),
    "replaces": ("Replaces: {}",),
    "to": ("Contact: <{}>;q=0.5",),
    "better": ("Contact: <{}>",),
    "asserted": ("P-Asserted-Identity: <sip:{}@192.0.2.9>",),
    "private": ("Privacy: id",),
    "diverted": ("Diversion: <sip:{}@192.0.2.9>",),
    "x-account": ("X-Account: {}",),
    "said": ("Reason: {}",),
    "timer": ("Supported: timer", "Session-Expires: {}"),
}


def _fields(traits: Sequence[str]) -> list[str]:
    """Return the header lines that traits like `100rel` and `rseq=7` stand for."""
    lines = []
    for trait in traits:
        name, _, value = trait.partition("=")
        lines += [line.format(value) for line in _FIELDS.get(name, ())]
    return lines


def _particulars(message: Request | Response) -> dict[str, str]:
    """Return what a flow may ask of a message besides its name."""
    reason = message.headers.get("Reason")
    told = {
        "reason": {None: "none", ELSEWHERE: "elsewhere"}.get(reason, reason or ""),
        "sdp": "no",
        "reliable": "yes" if "RSeq" in message.headers else "no",
        "timer": message.headers.get("Session-Expires") or "none",
        "state": message.headers.get("Subscription-State") or "none",
        "asserted": message.headers.get("P-Asserted-Identity") or "none",
        "privacy": message.headers.get("Privacy") or "none",
        "diversion": message.headers.get("Diversion") or "none",
        "unsupported": ",".join(message.headers.listed("Unsupported")) or "none",
    }
    if message.sdp is not None:
        told["sdp"] = "yes"
        for line in message.sdp.decode(errors="replace").splitlines():
            if line.startswith("m=audio"):
                told["codecs"] = ",".join(line.split()[3:])
            if line[2:] in _DIRECTIONS:
                told["direction"] = line[2:]
    told |= {name.lower(): value for name, value in message.headers if name.startswith("X-")}
    if isinstance(message, Request):
        told["from"] = _user(str(message.from_.uri))
        told["host"] = str(message.uri).partition("@")[2] or "none"
        told["to"] = _user(str(message.uri))
        told["tag"] = message.to.tag or "none"
    return told


def _user(uri: str) -> str:
    return uri.split(":", 1)[-1].partition("@")[0]
