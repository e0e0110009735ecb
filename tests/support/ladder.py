"""A session and its far end on a virtual clock, played from ladders.

A ladder is text.  Each step is one line; below it stands what it must lead to, all of it, in order:

    do hang_up              our user commands
    <- 200 sdp tag=b        the far end answers our last INVITE; `<- 401 BYE` our last BYE
    <- INVITE sdp           the far end requests
    at 1.5                  time passes, until then
    lost timeout INVITE     our last INVITE gets no final response
    -> ACK 1 sdp            the session sends (number: CSeq)
    !! Ended LOCAL_BYE      the session reports

`<- 183 sdp rseq=7` is a reliable response; `<- PRACK` acknowledges our last reliable one, or with
`rack=N` another.  `updates` says that the far end takes UPDATE.  `timer=90` and
`timer=90;refresher=uas` ask for refreshes, `min-se=90` bounds them.

What the session sends has to survive the real writer and reader.  The far end writes by hand.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock

from b2bua.sip.dialog import effects, events
from b2bua.sip.dialog.effects import Effect, Timer
from b2bua.sip.dialog.session import Identity, Session
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.nexthop import Hop
from b2bua.sip.reader import read_datagram
from b2bua.sip.transaction.effects import Why
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.uri import Uri
from b2bua.sip.values import NameAddr
from b2bua.sip.writer import write

SDP = b"v=0\r\no=them 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
OUR_SDP = b"v=0\r\no=us 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
HOP = Hop("udp", "192.0.2.2", 5060)
TIMERS = Timers()
LOCAL = NameAddr(Uri("sip", "192.0.2.1", user="us")).with_tag("us")
REMOTE = NameAddr(Uri("sip", "192.0.2.2", user="them"))
CONTACT = "sip:us@192.0.2.1:5060"


def outgoing(sdp: bytes | None = OUR_SDP, **options: Any) -> Session:
    """Make a UAC that calls the far end."""
    identity = Identity("call", LOCAL, REMOTE, CONTACT, max_forwards=options.pop("hops", 70))
    return Session.outgoing(
        identity,
        Uri("sip", "192.0.2.2", user="them"),
        HOP,
        sdp=sdp,
        timers=TIMERS,
        new_cnonce=lambda: "cnonce",
        **options,
    )


def incoming(invite: Request | None = None, **options: Any) -> Session:
    """Make a UAS for the far end's INVITE."""
    return Session.incoming(invite or request("INVITE", sdp=True), "us", CONTACT, TIMERS, **options)


_branches = count(1)


def read(lines: list[str], body: bytes = b"") -> Message:
    """Return what the reader makes of a message written by hand."""
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    message = read_datagram(head.encode() + body)
    assert isinstance(message, Request | Response), message
    return message


def request(
    method: str,
    *,
    number: int = 1,
    sdp: bool = False,
    from_tag: str = "them",
    to_tag: str = "",
    extra: tuple[str, ...] = (),
    contact: str = "<sip:them@192.0.2.2:5060>",
    body: bytes = b"",
) -> Request:
    """Return a request of the far end; without `to_tag` it is outside any dialog."""
    lines = [
        f"{method} sip:us@192.0.2.1:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{next(_branches)}",
        "Max-Forwards: 70",
        f"From: <sip:them@192.0.2.2>;tag={from_tag}",
        "To: <sip:us@192.0.2.1>" + (f";tag={to_tag}" if to_tag else ""),
        "Call-ID: call",
        f"CSeq: {number} {method}",
        *([f"Contact: {contact}"] if contact else []),
        *extra,
        *(["Content-Type: application/sdp"] if sdp else []),
    ]
    message = read(lines, SDP if sdp else body)
    assert isinstance(message, Request)
    return message


def response(
    request: Request,
    status: int,
    *,
    sdp: bool = False,
    tag: str = "them",
    extra: tuple[str, ...] = (),
    contact: str = "<sip:them@192.0.2.2:5060>",
) -> Response:
    """Return a response of the far end."""
    to = request.headers.get("To") or ""
    lines = [
        f"SIP/2.0 {status} Spoken",
        f"Via: {request.headers.get('Via')}",
        f"From: {request.headers.get('From')}",
        f"To: {to if 'tag=' in to else f'{to};tag={tag}'}",
        "Call-ID: call",
        f"CSeq: {request.headers.get('CSeq')}",
        *([f"Contact: {contact}"] if contact else []),
        *extra,
        *(["Content-Type: application/sdp"] if sdp else []),
    ]
    message = read(lines, SDP if sdp else b"")
    assert isinstance(message, Response)
    return message


class Ladder:
    """Performs what a session asks, and notes it in `log`.

    `begun` are our requests, `replies` what the far end's requests got, in order.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.log: list[str] = []
        self.events: list[events.Event] = []
        self.begun: list[Request] = []
        self.hops: list[Hop] = []
        self.acks: list[Request] = []
        self.replies: list[tuple[Request, Response]] = []
        self.number = 1  # CSeq of the far end
        self._armed: dict[Timer, IDelayedCall] = {}

    @property
    def armed(self) -> set[Timer]:
        return set(self._armed)

    def last(self, method: str) -> Request:
        """Return our last request with `method`."""
        return next(request for request in reversed(self.begun) if request.method == method)

    # Steps.

    def play(self, text: str) -> None:
        """Play a ladder: after each step, what happened must be what stands below it."""
        step, expected = "", list[str]()
        for line in [*text.strip().splitlines(), "end"]:
            words = line.split("#")[0].strip()
            if words.startswith(("->", "!!")):
                expected.append(words)
            elif words:
                assert self.log == expected, f"after: {step}"
                self.log.clear()
                expected = []
                step = words
                self._step(words.split())

    def _step(self, words: list[str]) -> None:
        match words:
            case ["do", command, *arguments]:
                self.do(command, *arguments)
            case ["at", seconds]:
                self.clock.advance(float(seconds) - self.clock.seconds())
            case ["lost", why, method]:
                self.perform(self.session.failed(self.last(method), Why[why.upper()]))
            case ["<-", status, *traits] if status.isdigit():
                self.answer(int(status), *traits)
            case ["<-", method, *traits]:
                self.ask(method, *traits)
            case ["end"]:
                pass
            case _:
                raise AssertionError(words)

    def do(self, command: str, *arguments: str) -> None:
        """Command the session: `sdp` is ours, `none` is none, digits are a number."""
        values = [_argument(argument) for argument in arguments]
        self.perform(getattr(self.session, command)(*values))

    def answer(self, status: int, *traits: str) -> None:
        """Answer our last INVITE, or our last request with the method among `traits`."""
        method = next((trait for trait in traits if trait.isupper()), "INVITE")
        number = named("to", traits)
        asked = [r for r in self.begun if number is None or r.cseq.number == int(number)]
        about = next(r for r in reversed(asked) if r.method == method)
        sdp, tag = "sdp" in traits, named("tag", traits) or "them"
        answer = response(
            about, status, sdp=sdp, tag=tag, extra=(*_challenge(traits), *fields(traits))
        )
        self.perform(self.session.response(about, answer))

    def ask(self, method: str, *traits: str) -> None:
        """Request something in the dialog; an ACK or CANCEL repeats the last INVITE's number."""
        if method not in ("ACK", "CANCEL"):
            self.number += 1
        number = int(named("number", traits) or self.number)
        asked = request(
            method,
            number=number,
            sdp="sdp" in traits,
            from_tag=named("tag", traits) or "them",
            to_tag="us",
            extra=(
                *(("Content-Type: text/plain",) if "text" in traits else ()),
                *((f"RAck: {self.rack(traits)}",) if method == "PRACK" else ()),
                *fields(traits),
            ),
            body=b"hello" if "text" in traits else b"",
        )
        take = {"ACK": self.session.ack, "CANCEL": self.session.cancelled}
        self.perform(take.get(method, self.session.request)(asked))

    def rack(self, traits: tuple[str, ...]) -> str:
        """Return what acknowledges our last reliable response, if `rack=` is not among `traits`."""
        reliable = [r for _, r in self.replies if "RSeq" in r.headers]
        rseq = named("rack", traits) or (reliable[-1].headers.get("RSeq") if reliable else "1")
        return f"{rseq} 1 INVITE"

    # What the session asks.

    def perform(self, asked: list[Effect]) -> None:
        """Perform effects as a driver does."""
        for effect in asked:
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case effects.Begin(request, hop):
                self.begun.append(request)
                self.hops.append(hop)
                self._send(request)
            case effects.Acknowledge(request, hop):
                self.acks.append(request)
                self.hops.append(hop)
                self._send(request)
            case effects.CancelInvite(request, headers):
                assert any(request is begun for begun in self.begun)
                self.log.append(f"-> CANCEL {request.cseq.number}" + " reason" * bool(headers))
            case effects.Reply(request, response):
                self.replies.append((request, response))
                self.log.append(f"-> {response.status} {request.cseq}" + _marks(_over(response)))
            case effects.Report(event):
                self.events.append(event)
                self.log.append(f"!! {_told(event)}")
            case _:
                self._time(effect)

    def _send(self, request: Request) -> None:
        assert "Via" not in request.headers
        branch = next(_branches)
        request.headers.prepend("Via", f"SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{branch}")
        self.log.append(f"-> {request.method} {request.cseq.number}" + _marks(_over(request)))

    def _time(self, effect: Effect) -> None:
        match effect:
            case effects.Arm(timer, seconds):
                self._stop(timer)
                self._armed[timer] = self.clock.callLater(seconds, self._expire, timer)
            case effects.Disarm(timer):
                assert timer in self._armed, "disarmed twice"
                self._stop(timer)

    def _stop(self, timer: Timer) -> None:
        if call := self._armed.pop(timer, None):
            call.cancel()

    def _expire(self, timer: Timer) -> None:
        del self._armed[timer]
        self.perform(self.session.expire(timer))


def _over(message: Message) -> Message:
    """Return what arrives when `message` is sent."""
    arrived = read_datagram(write(message))
    assert isinstance(arrived, Request | Response), arrived
    return arrived


def _marks(message: Message) -> str:
    marks: list[tuple[bool, str]] = [
        (message.to.tag not in (None, "them", "us"), f" tag={message.to.tag}"),
        (message.sdp is not None, " sdp"),
        ("Reason" in message.headers, " reason"),
        (
            "Authorization" in message.headers or "Proxy-Authorization" in message.headers,
            " credentials",
        ),
        ("Retry-After" in message.headers, " later"),
        ("RSeq" in message.headers, " reliable"),
        ("Session-Expires" in message.headers, f" {message.headers.get('Session-Expires')}"),
        (
            "Subscription-State" in message.headers,
            f" {message.headers.get('Subscription-State')}",
        ),
        ("Min-SE" in message.headers, f" min-se={message.headers.get('Min-SE')}"),
    ]
    return "".join(mark for holds, mark in marks if holds)


def _told(event: events.Event) -> str:
    words = [type(event).__name__]
    if isinstance(event, events.Ended):
        words.append(event.cause.name)
    if (status := getattr(event, "status", None)) is not None:
        words.append(str(status))
    words += ["sdp"] * (getattr(event, "sdp", None) is not None)
    words += [flag for flag in ("is_offer", "local") if getattr(event, flag, False)]
    return " ".join(words)


def _argument(word: str) -> bytes | int | str | None:
    known: dict[str, bytes | None] = {
        "sdp": OUR_SDP,
        "another": OUR_SDP.replace(b"s=-", b"s=another"),
        "none": None,
        "body": b"5",
    }
    if word in known:
        return known[word]
    return int(word) if word.isdigit() else word


def named(name: str, traits: tuple[str, ...]) -> str | None:
    """Return the value of the trait `name=value`."""
    return next((t.removeprefix(f"{name}=") for t in traits if t.startswith(f"{name}=")), None)


def fields(traits: tuple[str, ...]) -> tuple[str, ...]:
    """Return the header lines that `traits` ask for."""
    lines: list[str] = []
    if rseq := named("rseq", traits):
        lines += ["Require: 100rel", f"RSeq: {rseq}"]
    if "updates" in traits:
        lines.append("Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    if timer := named("timer", traits):
        lines += ["Supported: timer", f"Session-Expires: {timer}"]
    if target := named("refer-to", traits):
        lines.append(f"Refer-To: {target}")
    if least := named("min-se", traits):
        lines.append(f"Min-SE: {least}")
    return tuple(lines)


_CHALLENGES: dict[str, str] = {
    "challenge": 'WWW-Authenticate: Digest realm="trunk", nonce="n1"',
    "again": 'WWW-Authenticate: Digest realm="trunk", nonce="n2"',
    "stale": 'WWW-Authenticate: Digest realm="trunk", nonce="n3", stale=true',
    "proxy": 'Proxy-Authenticate: Digest realm="edge", nonce="n4"',
}


def _challenge(traits: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text for name, text in _CHALLENGES.items() if name in traits)
