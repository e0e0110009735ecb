"""One session out of several INVITEs: the phones of one user, rung at once (RFC 3261 section 16.7).

To its user this is one session, whose other end happens to be in several places.  All INVITEs are
of one Call-ID and one From tag, as if a proxy had forked.  The first 2xx is the session, and from
then on this object *is* the session that has won; the others are cancelled, and what they still
have to say is dealt with and told to nobody.

When all have refused, the best refusal is told (16.7 step 6).  Who has said nothing at all holds
nobody up: once everybody else is done it is waited for until `PATIENCE` is over, and no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from b2bua.sip.dialog.effects import Arm, Begin, Disarm, Effect, Report, Timer
from b2bua.sip.dialog.events import Cause, Ended, Established, Event, Progressed, Rejected
from b2bua.sip.dialog.outgoing import ELSEWHERE
from b2bua.sip.dialog.session import Session
from b2bua.sip.dialog.usage import State
from b2bua.sip.message import Request, Response
from b2bua.sip.transaction.effects import Why

PATIENCE = 4.0
"""Seconds in which any phone that is there has said something: it has been asked four times."""


class ForkedSession(Session):
    """A UAC with one INVITE for each of `sessions`, which have not been started."""

    __slots__ = ("_asked", "_best", "_is_patient", "_is_wanted", "_racing", "_silent", "_winner")

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._adopt(sessions[0])
        self._winner: Session | None = None
        self._racing = [*sessions]
        self._silent = set(sessions)
        self._asked: dict[int, tuple[Request, Session]] = {}
        self._best: Rejected | None = None
        self._is_patient = True
        self._is_wanted = True

    @property
    def state(self) -> State:
        """Where the session is between begin and end."""
        if self._winner is None and self._racing:
            return self._racing[0].state
        return super().state

    def start(self) -> list[Effect]:
        """Send all INVITEs."""
        sent = self._of_each(lambda one: one.start())
        return [*sent, Arm(Timer.PATIENCE, PATIENCE)] if len(self._racing) > 1 else sent

    def hang_up(self, reason_header: str | None = None) -> list[Effect]:
        """End the session, or give up all that ring."""
        if self._winner is not None:
            return super().hang_up(reason_header)
        self._is_wanted = False
        return [*self._of_each(lambda one: one.hang_up(reason_header)), *self._settle_race()]

    def response(self, request: Request, response: Response) -> list[Effect]:
        """Take a response to a request of any of them."""
        session = self._owner(request)
        if session is None:
            return super().response(request, response)
        self._silent.discard(session)
        return [*self._of(session, session.response(request, response)), *self._settle_race()]

    def failed(self, request: Request, why: Why) -> list[Effect]:
        """Take note that a request of one of them gets no final response."""
        session = self._owner(request)
        if session is None:
            return super().failed(request, why)
        return [*self._of(session, session.failed(request, why)), *self._settle_race()]

    def request(self, request: Request) -> list[Effect]:
        """Take a request in the dialog of one of them."""
        if self._winner is None:
            for session in self._racing:
                if request.from_.tag in session.early_tags:
                    return [*self._of(session, session.request(request)), *self._settle_race()]
        return super().request(request)

    def expire(self, timer: Timer) -> list[Effect]:
        """Take note that `timer` has expired."""
        if timer is Timer.PATIENCE:
            self._is_patient = False
            return self._settle_race()
        if self._winner is not None:
            return super().expire(timer)
        return self._of_each(lambda one: one.expire(timer))

    # How it is done.

    def _adopt(self, session: Session) -> None:
        for part in Session.__mro__:
            for name in getattr(part, "__slots__", ()):
                setattr(self, name, getattr(session, name))

    def _owner(self, request: Request) -> Session | None:
        """Return whose request it is; None for the winner's, which is this object by now."""
        found = self._asked.get(id(request))
        return None if found is None or found[1] is self._winner else found[1]

    def _of_each(self, command: Callable[[Session], Iterable[Effect]]) -> list[Effect]:
        racing = [*self._racing]
        return [effect for one in racing for effect in self._of(one, command(one))]

    def _of(self, session: Session, effects: Iterable[Effect]) -> list[Effect]:
        """Return what is to be done of the effects of one of them."""
        done: list[Effect] = []
        for effect in effects:
            match effect:
                case Report(event):
                    done += self._told(session, event)
                case Arm() | Disarm() if session not in self._racing:
                    pass  # what runs is the winner's
                case Begin(request):
                    self._asked[id(request)] = (request, session)
                    done.append(effect)
                case _:
                    done.append(effect)
        return done

    def _told(self, session: Session, event: Event) -> list[Effect]:
        if session not in self._racing:
            return []
        if session is self._winner:
            return [Report(event)]
        match event:
            case Progressed(status, sdp):
                early = sdp if len(self._racing) == 1 else None  # of two, which would be heard?
                return [Report(Progressed(status, early))] if self._is_wanted else []
            case Established():
                return [*self._won(session), Report(event)]
            case Rejected():
                if self._best is None or _rank(event) < _rank(self._best):
                    self._best = event
                # A 6xx speaks for the user, wherever the phone is (16.7 step 5).
                return self._of_each(lambda one: one.hang_up()) if event.status >= 600 else []
            case Ended():
                self._racing.remove(session)
                return [] if self._racing else self._lost(event)
        return []

    def _won(self, session: Session) -> list[Effect]:
        losers = [one for one in self._racing if one is not session]
        self._winner, self._racing = session, [session]
        self._adopt(session)
        cancelled = [effect for one in losers for effect in self._of(one, one.hang_up(ELSEWHERE))]
        return [Disarm(Timer.PATIENCE), *cancelled]

    def _settle_race(self) -> list[Effect]:
        """End the race if nobody is left in it but who has said nothing, for long enough."""
        best = self._best
        if self._winner is not None or best is None or not self._racing:
            return []
        if (self._is_patient and self._is_wanted) or not self._silent.issuperset(self._racing):
            return []
        left, self._racing = self._racing, []
        cancelled = [effect for one in left for effect in self._of(one, one.hang_up())]
        cause = Cause.REJECTED if self._is_wanted else Cause.CANCELLED
        return [*cancelled, *self._lost(Ended(cause, best.reason))]

    def _lost(self, last: Ended) -> list[Effect]:
        told = [] if self._best is None else [Report(self._best)]
        return [Disarm(Timer.PATIENCE), *told, Report(last)]


def _rank(rejected: Rejected) -> tuple[bool, bool, bool, int]:
    """Order refusals, best first: of a phone before ours, 6xx, then busy, then the lowest."""
    is_busy = rejected.status in (486, 600)
    return (rejected.local, rejected.status < 600, not is_busy, rejected.status)
