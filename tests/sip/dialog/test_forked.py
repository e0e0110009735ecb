"""Several INVITEs as one session: what its user hears, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from twisted.internet.task import Clock

from b2bua.sip.dialog.effects import Acknowledge, Arm, Begin, CancelInvite, Effect, Report, Timer
from b2bua.sip.dialog.events import Ended, Established, Progressed, Rejected
from b2bua.sip.dialog.forked import PATIENCE, ForkedSession
from b2bua.sip.message import Request
from b2bua.sip.transaction.effects import Why
from tests.support.ladder import outgoing, response


class Race:
    """Three phones of one user; their answers by number, and everything that follows."""

    def __init__(self) -> None:
        self.session = ForkedSession([outgoing() for _ in range(3)])
        self.sent: list[tuple[str, int | None]] = []
        self.told: list[object] = []
        self.invites: list[Request] = []
        self.timers: list[Timer] = []
        self._perform(self.session.start())

    def answer(self, phone: int, status: int, *, sdp: bool = False) -> None:
        invite = self.invites[phone]
        tag = f"p{phone}"
        self._perform(self.session.response(invite, response(invite, status, sdp=sdp, tag=tag)))

    def fail(self, phone: int, why: Why = Why.TIMEOUT) -> None:
        self._perform(self.session.failed(self.invites[phone], why))

    def do(self, command: Callable[[], Iterable[Effect]]) -> None:
        self._perform(command())

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Begin(request):
                    self.sent.append((request.method, None))
                    request.headers.prepend("Via", f"SIP/2.0/UDP 192.0.2.1;branch={len(self.sent)}")
                    if request.method == "INVITE":
                        self.invites.append(request)
                case CancelInvite(request):
                    self.sent.append(("CANCEL", self._number(request)))
                case Acknowledge():
                    self.sent.append(("ACK", None))
                case Arm(timer):
                    self.timers.append(timer)
                case Report(event):
                    self.told.append(event)

    def _number(self, invite: Request) -> int:
        return next(n for n, one in enumerate(self.invites) if one is invite)


@pytest.fixture
def race() -> Race:
    race = Race()
    race.sent.clear()
    return race


def test_all_are_invited_and_patience_begins() -> None:
    race = Race()
    assert race.sent == [("INVITE", None)] * 3
    assert race.timers == [Timer.PATIENCE]


def test_ringing_is_told_but_no_early_media_of_one_among_several(race: Race) -> None:
    race.answer(0, 180)
    race.answer(1, 183, sdp=True)
    assert race.told == [Progressed(180, None), Progressed(183, None)]


def test_the_first_2xx_is_the_session_and_the_others_are_cancelled(race: Race) -> None:
    race.answer(0, 180)
    race.answer(1, 200, sdp=True)
    assert [type(event) for event in race.told] == [Progressed, Established]
    assert race.sent == [("ACK", None), ("CANCEL", 0), ("CANCEL", 2)]


def test_losers_are_heard_no_more(race: Race) -> None:
    race.answer(1, 200, sdp=True)
    race.told.clear()
    race.answer(0, 180)
    race.answer(0, 487)
    race.fail(2)
    assert race.told == []


def test_a_second_2xx_is_acknowledged_and_ended(race: Race) -> None:
    race.answer(1, 200, sdp=True)
    race.sent.clear()
    race.answer(2, 200, sdp=True)
    assert race.sent == [("ACK", None), ("BYE", None)]
    assert len(race.told) == 1


def test_the_winner_is_an_ordinary_session(race: Race) -> None:
    race.answer(1, 200, sdp=True)
    race.sent.clear()
    race.answer(1, 200, sdp=True)
    assert race.sent == [("ACK", None)]
    race.do(race.session.hang_up)
    assert race.sent[-1] == ("BYE", None)
    assert isinstance(race.told[-1], Ended)


@pytest.mark.parametrize(
    ("refusals", "best"),
    [((404, 486, 480), 486), ((480, 404, 500), 404), ((503, 480, 487), 480)],
)
def test_when_all_have_refused_the_best_refusal_is_told_once(
    race: Race, refusals: tuple[int, ...], best: int
) -> None:
    for phone, status in enumerate(refusals):
        race.answer(phone, status)
    rejected, ended = race.told
    assert isinstance(rejected, Rejected)
    assert (rejected.status, type(ended)) == (best, Ended)


def test_a_refusal_of_a_phone_counts_more_than_the_silence_of_others(race: Race) -> None:
    race.fail(0)
    race.fail(1, Why.TRANSPORT)
    race.answer(2, 500)
    assert isinstance(race.told[0], Rejected)
    assert race.told[0].status == 500


def test_one_that_says_6xx_speaks_for_all(race: Race) -> None:
    race.answer(0, 180)
    race.answer(1, 180)
    race.told.clear()
    race.answer(2, 603)
    assert race.sent == [("CANCEL", 0), ("CANCEL", 1)]
    race.answer(0, 487)
    race.answer(1, 487)
    assert isinstance(race.told[0], Rejected)
    assert race.told[0].status == 603


def test_who_says_nothing_holds_nobody_up(race: Race) -> None:
    race.answer(0, 486)
    race.answer(1, 404)
    assert race.told == []
    race.do(lambda: race.session.expire(Timer.PATIENCE))
    assert [type(event) for event in race.told] == [Rejected, Ended]
    assert race.sent == [("CANCEL", 2)]
    race.answer(2, 200, sdp=True)  # it was only slow
    assert race.sent[-2:] == [("ACK", None), ("BYE", None)]
    assert len(race.told) == 2


def test_who_rings_is_waited_for_however_long(race: Race) -> None:
    race.answer(0, 180)
    race.answer(1, 486)
    race.do(lambda: race.session.expire(Timer.PATIENCE))
    assert [type(event) for event in race.told] == [Progressed]
    race.answer(0, 486)
    assert [type(event) for event in race.told[1:]] == [Rejected, Ended]


def test_giving_up_is_over_when_those_who_rang_have_said_so(race: Race) -> None:
    race.answer(0, 180)
    race.told.clear()
    race.do(race.session.hang_up)
    assert race.sent == [("CANCEL", 0), ("CANCEL", 1), ("CANCEL", 2)]
    assert race.told == []
    race.answer(0, 487)
    assert [type(event) for event in race.told] == [Rejected, Ended]


def test_one_2xx_that_crosses_giving_up_is_acknowledged_and_ended(race: Race) -> None:
    race.do(race.session.hang_up)
    race.sent.clear()
    race.answer(1, 200, sdp=True)
    assert race.sent[:2] == [("ACK", None), ("BYE", None)]
    assert not any(isinstance(event, Established) for event in race.told)


def test_patience_is_longer_than_four_invites_take(clock: Clock) -> None:
    """17.1.1.2: at 0, 0.5, 1.5 and 3.5 seconds."""
    assert PATIENCE > 3.5
