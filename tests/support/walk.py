"""Any walk of a session through commands, wire inputs and time, and the books kept of it.

The walk knows what transactions know: a request has one final response or is lost, but a 2xx to an
INVITE may be followed by more of them (RFC 6026).  At the end the books are checked.
"""

from __future__ import annotations

from collections import Counter

from twisted.internet.task import Clock

from b2bua.sip.dialog.events import Ended, Rejected
from b2bua.sip.dialog.session import Session, State
from b2bua.sip.message import Request
from b2bua.sip.transaction.effects import Why
from tests.support.ladder import Ladder, fields, named, request, response

Step = tuple[str, ...]

_CHALLENGE = ('WWW-Authenticate: Digest realm="trunk", nonce="n"',)


class Walk(Ladder):
    """A ladder that takes any step, as far as the transactions below would let it happen."""

    def __init__(self, session: Session, clock: Clock) -> None:
        super().__init__(session, clock)
        self.lost: set[int] = set()
        self.finals: dict[int, int] = {}
        self.owed: Counter[tuple[int, str]] = Counter()
        self.asked: list[Request] = []
        self.acknowledged = 0

    def take(self, step: Step) -> None:
        match step:
            case ("do", "acknowledge", *_):
                self._acknowledge()
            case ("do", command, *arguments):
                self.do(command, *arguments)
            case ("answer", status, *traits):
                self._answer(int(status), *traits)
            case ("ask", *traits):
                self._ask(*traits)
            case ("lost", why, method):
                self._lose(why, method)
            case ("wait", seconds):
                self.clock.advance(float(seconds))
            case _:
                raise AssertionError(step)

    def _acknowledge(self) -> None:
        """An answer is given when it is owed, and then at any time, but once."""
        offers = [event for event in self.events if getattr(event, "is_offer", False)]
        if len(offers) > self.acknowledged:
            self.acknowledged = len(offers)
            self.do("acknowledge", "sdp")

    def open(self, method: str = "") -> list[Request]:
        """Return our requests that may yet get a final response."""
        return [
            request
            for request in self.begun
            if id(request) not in self.finals
            and id(request) not in self.lost
            and method in ("", request.method)
        ]

    def _answer(self, status: int, *traits: str) -> None:
        method = next((trait for trait in traits if trait.isupper()), "INVITE")
        about = self.open(method)
        accepted = [r for r in self.begun if self.finals.get(id(r)) == 200 and r.method == method]
        if status == 200 and method == "INVITE" and accepted and not about:
            about = accepted  # RFC 6026: further 2xx
        if not about:
            return
        asked = about[-1]
        if status >= 200:
            self.finals.setdefault(id(asked), status)
        answer = response(
            asked,
            status,
            sdp="sdp" in traits,
            tag=named("tag", traits) or "them",
            extra=(*_CHALLENGE, *fields(traits)),
        )
        if status == 200 and method == "INVITE":
            self.owed[asked.cseq.number, answer.to.tag or ""] += 1
        self.perform(self.session.response(asked, answer))

    def _ask(self, method: str, *traits: str) -> None:
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
        if method not in ("ACK", "CANCEL"):
            self.asked.append(asked)
        take = {"ACK": self.session.ack, "CANCEL": self.session.cancelled}
        self.perform(take.get(method, self.session.request)(asked))

    def _lose(self, why: str, method: str) -> None:
        if about := self.open(method):
            self.lost.add(id(about[-1]))
            self.perform(self.session.failed(about[-1], Why[why]))

    def finish(self) -> None:
        """Bring the session to its end: our user hangs up, the peer says nothing any more."""
        self.do("hang_up")
        while about := self.open():
            self.lost.add(id(about[0]))
            self.perform(self.session.failed(about[0], Why.TIMEOUT))
        self.clock.advance(1_000)
        while about := self.open():
            self.lost.add(id(about[0]))
            self.perform(self.session.failed(about[0], Why.TIMEOUT))

    def check(self) -> None:
        """Check the books of a session that is over."""
        assert self.session.state is State.ENDED
        assert self.armed == set()
        assert self.clock.getDelayedCalls() == []
        ends = [event for event in self.events if isinstance(event, Ended)]
        assert len(ends) == 1
        assert self.events[-1] is ends[0]
        assert len([event for event in self.events if isinstance(event, Rejected)]) <= 1
        self._check_numbers()
        self._check_answers()
        self._check_acks()

    def _check_numbers(self) -> None:
        """RFC 3261 12.2.1.1: in each dialog the numbers go up by one."""
        by_dialog: dict[str | None, list[int]] = {}
        for begun in self.begun:
            by_dialog.setdefault(begun.to.tag, []).append(begun.cseq.number)
        for tag, numbers in by_dialog.items():
            if tag is not None:
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        byes = Counter(begun.to.tag for begun in self.begun if begun.method == "BYE")
        tries = [begun for begun in self.begun if "Authorization" in begun.headers]
        assert all(count == 1 for count in byes.values()) or tries

    def _check_answers(self) -> None:
        """Everything asked has one final answer, except that a 2xx to INVITE is repeated."""
        for asked in self.asked:
            finals = [r for about, r in self.replies if about is asked and r.is_final]
            assert finals, asked.method
            assert len(set(map(id, finals))) == 1

    def _check_acks(self) -> None:
        """No 2xx to an INVITE of ours is left without an ACK (13.2.2.4)."""
        acked = {(ack.cseq.number, ack.to.tag) for ack in self.acks}
        assert self.owed.keys() <= acked
