"""One leg with its hands on the world: performs what its SIP session asks.

It owns the leg's session timers, its transactions and its media lines, and ends them all when the
session ends.  It is also the boundary to our own defects on this side: an exception in a session
ends that leg, and the call is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.internet.interfaces import IDelayedCall

from b2bua.app.equipment import Equipment
from b2bua.app.lines import Lines
from b2bua.app.logs import logger
from b2bua.app.turns import Turns
from b2bua.call.leg import Leg
from b2bua.call.vocabulary import HungUp, Word
from b2bua.net.driver import Sent, ServerTransaction
from b2bua.sip.dialog import effects, events
from b2bua.sip.dialog.effects import Effect, Timer
from b2bua.sip.dialog.session import Session
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import Why

log = logger("leg")

DEFECT = (12400, "internal error")

DialogKey = tuple[str, str]
"""Call-ID and our own tag: one INVITE usage, whatever the peers' tags (a fork has several)."""


class LiveLeg:
    """`say` is told each word, `ended` that nothing of the leg is left on the wire."""

    def __init__(
        self,
        sid: str,
        call_sid: str,
        key: DialogKey,
        session: Session,
        leg: Leg,
        lines: Lines,
        equipment: Equipment,
        *,
        say: Callable[[LiveLeg, Word], None],
        ended: Callable[[LiveLeg], None],
    ) -> None:
        self.sid, self.call_sid, self.key = sid, call_sid, key
        self.session, self.lines = session, lines
        self._leg = leg
        self._equipment = equipment
        self._say, self._ended = say, ended
        self._is_broken = False
        self._turns: Turns[Effect] = Turns()
        self._timers: dict[Timer, IDelayedCall] = {}
        self._asked: dict[int, Sent] = {}
        self._to_answer: dict[int, ServerTransaction] = {}

    @property
    def timers(self) -> int:
        """How many session timers run."""
        return len(self._timers)

    def take(self, command: Callable[[], Iterable[Effect]]) -> None:
        """Perform what a command or an input of the session returns."""
        try:
            self._turns.take(command, self._perform)
        except Exception:  # the boundary: a defect of ours ends this leg, not the process
            log.exception("a defect ended this leg", call_sid=self.sid)
            self._break()

    def _break(self) -> None:
        """Hang up; or, if that is what is broken, end the leg without a word to its peer."""
        self._turns.clear()
        first, self._is_broken = not self._is_broken, True
        if first:
            self.take(self.session.hang_up)
            return
        self._say(self, HungUp(DEFECT[1], DEFECT))
        self._end()

    # What comes from the wire.

    def offered(self, transaction: ServerTransaction) -> None:
        """Remember the transaction of the INVITE that made this leg."""
        self._to_answer[id(transaction.request)] = transaction

    def requested(self, transaction: ServerTransaction) -> None:
        """Take a request inside the dialog."""
        request = transaction.request
        self._to_answer[id(request)] = transaction
        self.take(lambda: self.session.request(request))

    def acknowledged(self, ack: Request) -> None:
        """Take an ACK for a 2xx."""
        self.take(lambda: self.session.ack(ack))

    def cancelled(self, cancel: Request) -> None:
        """Take the caller's CANCEL."""
        self.take(lambda: self.session.cancelled(cancel))

    def _expire(self, timer: Timer) -> None:
        del self._timers[timer]
        self.take(lambda: self.session.expire(timer))

    # What the session asks.

    def _perform(self, effect: Effect) -> None:
        match effect:
            case effects.Report(event):
                self._report(event)
            case effects.Begin(request, hop):
                self._asked[id(request)] = self._equipment.driver.send_request(
                    request, hop, _Asked(self, request)
                )
            case effects.Acknowledge(request, hop):
                self._equipment.driver.send_ack(request, hop)
            case effects.CancelInvite(request, headers):
                if transaction := self._asked.get(id(request)):
                    transaction.cancel(headers)
            case effects.Reply(request, response):
                self._reply(request, response)
            case effects.Arm(timer, seconds):
                self._disarm(timer)
                self._timers[timer] = self._equipment.clock.callLater(seconds, self._expire, timer)
            case effects.Disarm(timer):
                self._disarm(timer)

    def _report(self, event: events.Event) -> None:
        for word in self._leg.words(event):
            self._say(self, word)
        if isinstance(event, events.Ended):
            self._end()

    def _end(self) -> None:
        self.close()
        self._ended(self)
        # Its transactions linger and keep it; it keeps nothing of the call.
        self._say, self._ended = _hear_nothing, _hear_nothing

    def _reply(self, request: Request, response: Response) -> None:
        transaction = self._to_answer.get(id(request))
        if transaction is None:
            return
        transaction.respond(response)
        # A 2xx to INVITE is resent until its ACK (RFC 3261 section 13.3.1.4); nothing else is.
        if response.is_final and not (request.method == "INVITE" and response.is_success):
            del self._to_answer[id(request)]

    def _disarm(self, timer: Timer) -> None:
        if delayed := self._timers.pop(timer, None):
            delayed.cancel()

    def forget(self, request: Request) -> None:
        """Forget a client transaction that has nothing more to say."""
        self._asked.pop(id(request), None)

    def mute(self) -> None:
        """Tell the call no word any more: another has this leg's place."""
        self._say = _hear_nothing

    def close(self) -> None:
        """End every timer and give the ports back."""
        for timer in [*self._timers]:
            self._disarm(timer)
        self.lines.close()
        for transaction in self._to_answer.values():
            transaction.user = None
        self._to_answer.clear()
        self._asked.clear()


def _hear_nothing(*_: object) -> None:
    """Stand in for a call that has heard the last of its leg."""


class _Asked:
    """One request of a leg, waiting for its responses."""

    __slots__ = ("_leg", "_request")

    def __init__(self, leg: LiveLeg, request: Request) -> None:
        self._leg = leg
        self._request = request

    def response_received(self, response: Response) -> None:
        leg, request = self._leg, self._request
        if response.is_final and request.method != "INVITE":
            leg.forget(request)
        leg.take(lambda: leg.session.response(request, response))

    def request_failed(self, why: Why) -> None:
        leg, request = self._leg, self._request
        leg.forget(request)
        leg.take(lambda: leg.session.failed(request, why))
