"""Our own registration with a carrier: one contact of ours, kept alive (RFC 3261 section 10.2).

    IDLE --start--> ASKING --2xx--> BOUND --due--> ASKING ...
                    ASKING --refused, lost--> RESTING --due--> ASKING
    any --stop--> LEAVING (a REGISTER for 0 seconds) --any end--> GONE

A binding is refreshed well before it ends.  Who refuses, or cannot be reached, is asked again after
a pause that doubles and is never twice the same (RFC 5626 section 4.5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from b2bua.machine import Symbol, Table, ignore, step
from b2bua.sip.dialog.authentication import Authentication
from b2bua.sip.grammar import find_param
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request, Response
from b2bua.sip.uri import Uri
from b2bua.sip.values import NameAddr

EXPIRES = 3_600
"""Seconds that are asked for."""
MOST_EXPIRES = 86_400
BASE_PAUSE, LONGEST_PAUSE = 30.0, 1_800.0
"""Seconds: RFC 5626 section 4.5, base-time where nothing works, and max-time."""
LINE = "line"
"""The parameter of our contact that says which registration a call has come by."""


class State(Symbol):
    IDLE = "idle"
    ASKING = "asking"
    BOUND = "bound"
    RESTING = "resting"  # refused, or not reached: asked again later
    LEAVING = "leaving"
    GONE = "gone"


class Input(Symbol):
    START = "start"
    STOP = "stop"
    DUE = "due"
    ACCEPTED = "2xx"
    CHALLENGED = "401 or 407 that we can answer"
    TOO_BRIEF = "423"
    REFUSED = "300-699"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Ask:
    """Send `request`; its final response comes back by `response`, or its failure by `lost`."""

    request: Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Call `due` after `seconds`; this takes the place of an earlier one."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Settled:
    """Tell how it stands: `seconds` that we are bound for (0: not), and what was `said`."""

    seconds: int
    said: str


@dataclass(frozen=True, slots=True)
class Gone:
    """It is over: nothing runs any more."""


Effect = Ask | Wait | Settled | Gone
Effects = tuple[Effect, ...]


class Registration:
    """One contact with one registrar.  `jitter` gives random numbers from 0 to 1."""

    def __init__(
        self,
        registrar: Uri,
        contact: Uri,
        call_id: str,
        tag: str,
        authentication: Authentication,
        jitter: Callable[[], float],
        user: str,
    ) -> None:
        self.state = State.IDLE
        self.contact = contact
        self.expires = EXPIRES
        self.failures = 0
        self.jitter = jitter
        self._registrar = registrar
        self._us = NameAddr(Uri("sip", registrar.host, user=user))
        self._call_id, self._tag = call_id, tag
        self._authentication = authentication
        self._cseq = 0
        self._asked: Request | None = None

    def start(self) -> Effects:
        """Register."""
        return step(TABLE, self, Input.START)

    def stop(self) -> Effects:
        """Unregister; `Gone` says when that is done."""
        return step(TABLE, self, Input.STOP)

    def due(self) -> Effects:
        """Take that the time of `Wait` is over."""
        return step(TABLE, self, Input.DUE)

    def response(self, request: Request, response: Response) -> Effects:
        """Take the final response to a request of ours; only one to the latest counts."""
        if self._asked is None or request.cseq != self._asked.cseq:
            return ()
        if response.is_success:
            return step(TABLE, self, Input.ACCEPTED, response)
        again = self._authentication.retry(self._asked, response, self._cseq + 1)
        if again is not None:
            self._cseq += 1
            self._asked = again
            return step(TABLE, self, Input.CHALLENGED, again)
        if response.status == 423 and _seconds(response, "Min-Expires") > self.expires:
            return step(TABLE, self, Input.TOO_BRIEF, response)
        return step(TABLE, self, Input.REFUSED, response)

    def lost(self, request: Request, why: str) -> Effects:
        """Take that a request of ours gets no final response."""
        if self._asked is None or request.cseq != self._asked.cseq:
            return ()
        return step(TABLE, self, Input.LOST, why)

    def ask(self, seconds: int) -> Effects:
        """Return the REGISTER that asks for `seconds`."""
        self._cseq += 1
        fields = Headers(
            [
                ("Max-Forwards", "70"),
                ("From", str(self._us.with_tag(self._tag))),
                ("To", str(self._us)),
                ("Call-ID", self._call_id),
                ("CSeq", f"{self._cseq} REGISTER"),
                ("Contact", f"<{self.contact}>;expires={seconds}"),
                ("Supported", "path"),
            ]
        )
        self._asked = Request("REGISTER", self._registrar, fields)
        return (Ask(self._asked),)


def _ask(r: Registration, _: object) -> Effects:
    return r.ask(r.expires)


def _again(_r: Registration, request: Request) -> Effects:
    return (Ask(request),)


def _ask_longer(r: Registration, response: Response) -> Effects:
    r.expires = min(_seconds(response, "Min-Expires"), MOST_EXPIRES)
    return r.ask(r.expires)


def _bound(r: Registration, response: Response) -> Effects:
    r.failures = 0
    granted = _granted(r, response)
    # Between half and three quarters: time for a second try, and not all trunks at once.
    return (Settled(granted, "registered"), Wait(granted * (0.5 + r.jitter() / 4)))


def _refused(r: Registration, response: Response) -> Effects:
    pause = max(_pause(r), min(_seconds(response, "Retry-After"), LONGEST_PAUSE))
    return (Settled(0, f"{response.status} {response.reason}"), Wait(pause))


def _lost(r: Registration, why: str) -> Effects:
    return (Settled(0, why), Wait(_pause(r)))


def _leave(r: Registration, _: object) -> Effects:
    return (Wait(LEAVE_SECONDS), *r.ask(0))


def _over(_r: Registration, _: object) -> Effects:
    return (Settled(0, "unregistered"), Gone())


LEAVE_SECONDS = 2.0
"""How long the answer to our last REGISTER is waited for."""


def _pause(r: Registration) -> float:
    """Return the next pause: half of the upper bound to all of it (RFC 5626 section 4.5)."""
    longest = min(LONGEST_PAUSE, BASE_PAUSE * 2.0 ** min(r.failures, 10))
    r.failures += 1
    return longest * (0.5 + r.jitter() / 2)


def _granted(r: Registration, response: Response) -> int:
    """Return for how long we are bound: what stands with our own contact (10.2.4)."""
    line = r.contact.param(LINE)
    for contact in response.contacts:
        uri = contact.uri
        if isinstance(uri, Uri) and uri.param(LINE) == line:
            given = find_param(contact.params, "expires") or ""
            if given.isascii() and given.isdigit():
                return max(1, min(int(given[:6]), MOST_EXPIRES))
    return max(1, min(_seconds(response, "Expires") or r.expires, r.expires))


def _seconds(response: Response, name: str) -> int:
    text = (response.headers.get(name) or "").partition("(")[0].partition(";")[0].strip()
    return min(int(text[:6]), MOST_EXPIRES) if text.isascii() and text.isdigit() else 0


_ENDS = (Input.ACCEPTED, Input.TOO_BRIEF, Input.REFUSED, Input.LOST)

TABLE: Table[State, Input, Effect] = {
    # What comes out of turn is of no use: a timer that was on its way, a second stop.
    **{(state, input_): (state, ignore) for state, input_ in product(State, Input)},
    (State.IDLE, Input.START): (State.ASKING, _ask),
    (State.IDLE, Input.STOP): (State.GONE, _over),
    (State.ASKING, Input.ACCEPTED): (State.BOUND, _bound),
    (State.ASKING, Input.CHALLENGED): (State.ASKING, _again),
    (State.ASKING, Input.TOO_BRIEF): (State.ASKING, _ask_longer),
    (State.ASKING, Input.REFUSED): (State.RESTING, _refused),
    (State.ASKING, Input.LOST): (State.RESTING, _lost),
    (State.ASKING, Input.STOP): (State.LEAVING, _leave),
    (State.BOUND, Input.DUE): (State.ASKING, _ask),
    (State.BOUND, Input.STOP): (State.LEAVING, _leave),
    (State.RESTING, Input.DUE): (State.ASKING, _ask),
    (State.RESTING, Input.STOP): (State.GONE, _over),
    (State.LEAVING, Input.CHALLENGED): (State.LEAVING, _again),
    (State.LEAVING, Input.DUE): (State.GONE, _over),
    **{(State.LEAVING, input_): (State.GONE, _over) for input_ in _ENDS},
}
