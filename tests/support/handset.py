"""A phone with a name and a password: it registers, and calls, from an address nobody trusts."""

from __future__ import annotations

from twisted.internet.task import Clock

from b2bua.sip.digest import answer_challenge
from b2bua.sip.message import Request, Response
from b2bua.sip.reader import read_datagram
from tests.support.flow import SERVER, Flow
from tests.support.users import Wiretap

HOME = "198.51.100.7"


def with_field(text: str, field: str) -> str:
    """Return a request with one more field."""
    return text.replace("\r\nContent-Length", f"\r\n{field}\r\nContent-Length", 1)


class Handset:
    """One phone of `flow`."""

    def __init__(
        self, flow: Flow, user: str = "bob", password: str = "secret", address: str = HOME
    ) -> None:
        self.flow, self.user, self._password = flow, user, password
        self.clock: Clock = flow.clock
        self.wiretap = Wiretap(flow.network, address)
        self.address = address
        self.contact = f"<sip:{user}@{address}>"
        self.from_ = user
        self._cseq = 0

    def text(self, method: str, *fields: str, uri: str = "sip:192.0.2.1", body: str = "") -> str:
        """Return a request; each has a CSeq and a branch of its own."""
        self._cseq += 1
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address};branch=z9hG4bK{self.user}{self._cseq}",
            f"From: <sip:{self.from_}@192.0.2.1>;tag=h",
            f"To: <sip:{self.user}@192.0.2.1>" if method == "REGISTER" else f"To: <{uri}>",
            f"Call-ID: {method}-{self.user}",
            f"CSeq: {self._cseq} {method}",
            *fields,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", body])

    def send(self, text: str) -> list[Response | Request]:
        """Send, and return what comes back at once."""
        before = len(self.wiretap.heard)
        self.flow.network.carry(text.encode(), self.wiretap.address, SERVER)
        self.clock.advance(0)
        self.clock.advance(0)
        heard = [read_datagram(one.encode()) for one in self.wiretap.heard[before:]]
        return [one for one in heard if isinstance(one, Response | Request)]

    def ask(self, text: str) -> Response | None:
        """Send, and return the last response, if there is one."""
        responses = [one for one in self.send(text) if isinstance(one, Response)]
        return responses[-1] if responses else None

    def proof(self, text: str, challenged: Response, nc: int = 1) -> str:
        """Return the field that answers a challenge to `text`."""
        request = read_datagram(text.encode())
        assert isinstance(request, Request)
        answer = answer_challenge(challenged, request, self.user, self._password, "c0ffee", nc)
        assert answer is not None
        return ": ".join(answer)

    def proven(self, method: str, *fields: str, **how: str) -> Response | None:
        """Send a request, and again with a proof if that is asked for; return the last response."""
        first = self.ask(self.text(method, *fields, **how))
        if first is None or first.status != 401:
            return first
        proof = self.proof(self.text(method, *fields, **how), first)
        return self.ask(self.text(method, *fields, proof, **how))

    def register(self, *fields: str, contact: str | None = None) -> Response | None:
        """Register; return the answer."""
        return self.proven("REGISTER", f"Contact: {contact or self.contact}", *fields)
