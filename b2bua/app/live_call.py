"""One call with its hands on the world: performs what the call's core decides.

It owns the call's clocks, its legs and the conversations with them.  This is also the boundary
between our own defects and the caller: an exception in a call ends that call and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from b2bua.app.call_media import CallMedia
from b2bua.app.conversation import Step
from b2bua.app.equipment import Equipment
from b2bua.app.garbage import forget_frames
from b2bua.app.live_leg import LiveLeg
from b2bua.app.logs import logger, traceback
from b2bua.app.outbound import Outbound
from b2bua.app.party import LiveParty
from b2bua.app.redirects import Redirects
from b2bua.app.replacement import Replacements
from b2bua.app.routed import Routed
from b2bua.app.turns import Turns
from b2bua.call import effects
from b2bua.call.call import Call
from b2bua.call.effects import Clock, Effect, Elsewhere, LegId
from b2bua.call.record import End
from b2bua.call.vocabulary import HungUp, Refused, Reoffered, Word
from b2bua.callbacks.interfaces import StatusEvent
from b2bua.media.interfaces import NoPortsError
from b2bua.routing.interfaces import Gone, IRouter
from b2bua.routing.plan import Event, LegFacts, NumberSettings, Offer, Status, Target, Tones
from b2bua.sdp.description import Description
from b2bua.sip.dialog.effects import Effect as SessionEffect
from b2bua.sip.dialog.session import Session

REASONS = {
    Elsewhere.ANSWERED_ELSEWHERE: 'SIP;cause=200;text="Call completed elsewhere"',
    Elsewhere.NO_REASON: None,
}
"""RFC 3326; rcml.md D-10: phones log no missed call when somebody else took it."""

log = logger("call")

Command = Callable[[Session], Iterable[SessionEffect]]
CommandWithBody = Callable[[Session, "bytes | None"], Iterable[SessionEffect]]


class LiveCall:
    """One call.  `ended` is told once, when neither legs nor router have anything left to do."""

    def __init__(
        self,
        core: Call,
        offer: Offer,
        equipment: Equipment,
        outbound: Outbound,
        ended: Callable[[LiveCall], None],
    ) -> None:
        self.core = core
        self._offer = offer
        self._equipment = equipment
        self._outbound = outbound
        self.family = outbound.family
        self._ended = ended
        self._turns: Turns[Effect] = Turns()
        self._legs: dict[LegId, LiveLeg] = {}
        self._replacements = Replacements(self._legs)
        self._redirects = Redirects(equipment.settings.sip.redirects, equipment.entropy.call_id)
        self._media = CallMedia(equipment, self._legs)
        self._clocks: dict[tuple[Clock, LegId], IDelayedCall] = {}
        self._targets: dict[LegId, Target] = {}
        self._screens: dict[LegId, LiveParty] = {}
        self._routed = Routed(equipment, core, self.take, partial(self._note, core.sid))
        self._waiting: tuple[IRouter, str] | None = None
        self._has_failed = False

    @property
    def clocks(self) -> int:
        """How many clocks of the call run."""
        return len(self._clocks)

    @property
    def legs(self) -> list[LiveLeg]:
        """The legs that are not over on the wire."""
        return [*self._legs.values()]

    def begin(self, caller: LiveLeg, router: IRouter) -> None:
        """Hand the call, with its caller's leg, to `router`."""
        self._legs[caller.sid] = caller
        self.take(lambda _now: self.core.start())
        self._routed.begin(router, self._offer, caller.lines)

    def dial(self, dial: Step, router: IRouter, digits: str = "") -> None:
        """Begin a call of our own by `dial`; whoever answers is the caller, in `router`'s hands.

        `digits` are dialled before the router takes it.
        """
        self._waiting = (router, digits)
        self.take(dial)

    def _answered(self) -> None:
        assert self._waiting is not None, "only a call of our own is answered by its caller"
        router, digits = self._waiting
        self._routed.begin(router, self._offer, self._legs[self.core.sid].lines, digits)

    def redirect(self, router: IRouter, number: NumberSettings) -> bool:
        """Hand the caller to `router` anew; whoever it rings or talks to is let go.

        False: nobody has it in hands, because it is over or is still being dialled.
        """
        caller = self._legs.get(self.core.sid)
        if caller is None or not self._routed.is_under_way or self.core.caller.is_over:
            return False
        self._routed.stop()
        self.take(self.core.redirect)
        self._routed.begin(router, replace(self._offer, number=number), caller.lines)
        return True

    # What comes in.

    def take(self, step: Step) -> None:
        """Give the call's core an input, and perform what it decides."""
        try:
            self._turns.take(lambda: step(self._equipment.clock.seconds()), self._perform)
        except Exception:  # the boundary: a defect of ours ends this call, not the process
            log.exception("a defect ended this call", call_sid=self.core.sid)
            self.fail()
        self._end_if_over()

    def say(self, leg: LiveLeg, word: Word) -> None:
        """Take one word of one leg."""
        if isinstance(word, Refused) and self._redirects.follows(leg.sid, word):
            return
        if isinstance(word, Refused):
            log.info("a leg was refused", call_sid=leg.sid, status=word.status, reason=word.reason)
        if isinstance(word, HungUp) and word.error is not None:
            log.info("a leg was lost", call_sid=leg.sid, reason=word.error[1])
        heard = self._replacements.heard(leg, word)
        if heard is not None:
            self.take(lambda now: self.core.hear(leg.sid, heard, now))

    def replace(self, new: LiveLeg, offer: Description | None) -> None:
        """Let `new` take the place of the leg of its name, if whom that talks to agrees."""
        if not self._replacements.wait(new):
            new.mute()
            new.take(lambda: new.session.refuse(491))
            return
        log.info("another phone takes a leg's place", call_sid=new.sid)
        self.take(lambda now: self.core.hear(new.sid, Reoffered(offer), now))

    def leg_ended(self, leg: LiveLeg) -> None:
        """Take that nothing of a leg is left on the wire."""
        if had_place := self._legs.get(leg.sid) is leg:
            del self._legs[leg.sid]
        self._replacements.ended(leg, had_place=had_place)
        self._open_again(leg.sid)
        self._end_if_over()

    def silent(self, leg: LegId) -> None:
        """Take that no media came from a leg for too long."""
        self.take(lambda now: self.core.silent(leg, now))

    def played(self, leg: LegId, token: int) -> None:
        """Take that what was played to a leg has ended."""
        if party := self._party(leg):
            party.played(token)

    def hang_up(self) -> None:
        """End the call from our side."""
        self.take(self.core.hang_up)

    def fail(self) -> None:
        """End every leg at once, whatever state it is in, without asking the core."""
        if self._has_failed:
            return
        self._has_failed = True
        self._turns.clear()
        self._disarm_all()
        self._media.tape.end()
        for leg in self.legs:
            leg.take(leg.session.hang_up)
            self._complete(leg.sid)
        self._routed.gone()
        for party in self._screens.values():
            party.gone()

    def _complete(self, leg: LegId) -> None:
        """Tell of the end of a leg that the core can tell of no more (rule E-3)."""
        try:
            record = self.core.record(leg)
        except KeyError:  # it had its end
            return
        for told in record.complete(self._equipment.clock.seconds(), DEFECT):
            self._perform_here(told)

    def _end_if_over(self) -> None:
        is_over = self.core.is_over or self._has_failed
        has_legs = bool(self._legs) or self._replacements.are_waiting
        if is_over and not self._routed.is_under_way and not has_legs:
            self._disarm_all()
            self._media.tape.end()
            self._routed.let_go()
            self._ended(self)

    # What the core asks of the legs.

    def _perform(self, effect: Effect) -> None:
        match effect:
            case effects.OpenLeg():
                self._open(effect)
            case effects.Alert(leg, status, sdp):
                self._tell(leg, sdp, lambda session, body: session.ring(status, body))
            case effects.AnswerLeg(leg, sdp):
                self._tell(leg, sdp, lambda session, body: session.accept(body or b""))
            case effects.RefuseLeg(leg, status, reason):
                self._command(leg, lambda session: session.refuse(status, reason))
            case effects.LetGo(leg, why, said):
                self._redirects.stop(leg)
                self._command(leg, lambda session: session.hang_up(REASONS[why] or said or None))
            case effects.Reoffer(leg, sdp):
                self._tell(leg, sdp, lambda session, body: session.reoffer(body))
            case effects.AcceptReferral(leg, status):
                self._command(leg, lambda session: session.accept_referral())
                self._command(leg, lambda session: session.end_referral(status))
            case effects.RefuseReferral(leg, status):
                self._command(leg, lambda session: session.refuse_referral(status))
            case effects.AnswerReoffer(leg, sdp):
                if self._replacements.take_over(leg):
                    self._tell(leg, sdp, lambda session, body: session.accept(body or b""))
                else:
                    self._tell(leg, sdp, lambda session, body: session.answer_reoffer(body or b""))
            case effects.RefuseReoffer(leg, status, reason):
                if not self._replacements.refuse(leg, status, reason):
                    self._command(leg, lambda session: session.refuse_reoffer(status, reason))
            case effects.Acknowledge(leg, sdp):
                self._tell(leg, sdp, lambda session, body: session.acknowledge(body))
            case _:
                self._perform_here(effect)

    def _perform_here(self, effect: Effect) -> None:
        match effect:
            case effects.Arm(clock, leg, seconds):
                self._disarm(clock, leg)
                delayed = self._equipment.clock.callLater(seconds, self._expire, clock, leg)
                self._clocks[clock, leg] = delayed
            case effects.Disarm(clock, leg):
                self._disarm(clock, leg)
            case effects.Report():
                self._report(effect)
            case effects.Recorded(facts, event, duration, plan, sequence):
                self._equipment.journal.append(facts, event, duration, plan, sequence)
                self._equipment.calls.note(facts, event, self._equipment.wall(), duration)
            case effects.AskRouter():
                self._answered()
            case effects.RingOver(outcome):
                tape = self._media.tape.of_ring()
                self._routed.ring_over(outcome if tape is None else replace(outcome, tape=tape))
            case effects.CallerGone():
                self._routed.gone()
            case effects.StartScreen(leg):
                self._start_screen(leg)
            case effects.StopScreen(leg):
                if party := self._screens.pop(leg, None):
                    party.gone()
            case effects.HearKey(leg, key):
                if party := self._party(leg):
                    party.pressed(key)
            case effects.Note(leg, code, text):
                self._note(leg, code, text, "")
            case effects.AimAt(leg, sdp, blocked):
                self._media.aim(leg, sdp, blocked)
                if party := self._party(leg):
                    party.aimed()
            case _:
                self._media.perform(effect)

    def _command(self, leg: LegId, command: Command) -> None:
        if live := self._legs.get(leg):
            live.take(lambda: command(live.session))

    def _tell(self, leg: LegId, sdp: Description | None, command: CommandWithBody) -> None:
        live = self._legs.get(leg)
        if live is None:
            return
        try:
            body = None if sdp is None else live.lines.tell(sdp)
        except NoPortsError as problem:
            self._note(leg, NO_PORTS, str(problem), "")
            self.take(lambda now: self.core.no_media(leg, now))
            return
        live.take(lambda: command(live.session, body))

    def _open(self, effect: effects.OpenLeg) -> None:
        if effect.leg not in self._targets:
            self._targets[effect.leg] = effect.target
            self._redirects.opened(effect)
        facts = self.core.record(effect.leg).facts
        opened = self._outbound.open(effect, facts, say=self.say, ended=self.leg_ended)
        if isinstance(opened, Refused):
            refused = opened
            if self._redirects.follows(effect.leg, refused):
                self._open_again(effect.leg)
                return
            self._note(effect.leg, NOT_DIALLED, refused.reason, "")
            self.take(lambda now: self.core.hear(effect.leg, refused, now))
            return
        self._legs[effect.leg] = opened
        opened.take(opened.session.start)

    def _open_again(self, leg: LegId) -> None:
        if again := self._redirects.next(leg):
            log.info("a leg is redirected", call_sid=leg, to=again.target.to)
            self._open(again)

    # Clocks, reports, conversations.

    def _expire(self, clock: Clock, leg: LegId) -> None:
        del self._clocks[clock, leg]
        self.take(lambda now: self.core.expire(clock, leg, now))

    def _disarm(self, clock: Clock, leg: LegId) -> None:
        if delayed := self._clocks.pop((clock, leg), None):
            delayed.cancel()

    def _disarm_all(self) -> None:
        for clock, leg in [*self._clocks]:
            self._disarm(clock, leg)

    def _report(self, report: effects.Report) -> None:
        is_over = report.event is Event.COMPLETED
        self._equipment.events.put(
            StatusEvent(
                plan=report.plan,
                leg=report.leg,
                event=report.event,
                sequence=report.sequence,
                fired_at=self._equipment.wall(),
                token=self._equipment.entropy.token(),
                duration=report.duration,
                sip_status=report.sip_status,
                error=report.error,
                tape=self._media.tape.of_leg(report.leg.call_sid) if is_over else None,
            )
        )

    def _note(self, leg: LegId, code: int, text: str, url: str) -> None:
        log.warning(text, code=code, url=url, call_sid=leg)
        self._equipment.notes.note(self._facts_of(leg), code, text, url)

    def _facts_of(self, leg: LegId) -> LegFacts:
        try:
            return self.core.record(leg).facts
        except KeyError:  # it has gone, and its conversation has not ended yet
            return replace(self.core.caller.record.facts, call_sid=leg)

    def _party(self, leg: LegId) -> LiveParty | None:
        return self._routed.party if leg == self.core.sid else self._screens.get(leg)

    def _start_screen(self, leg: LegId) -> None:
        live = self._legs.get(leg)
        if live is None:
            return
        record = self.core.record(leg)
        party = LiveParty(
            self._equipment,
            live.lines,
            lambda: record.facts,
            partial(self._note, leg),
            lambda: self.take(lambda now: self.core.screened(leg, False, now)),
        )
        self._screens[leg] = party
        screening = Deferred.fromCoroutine(_screen(party, self._targets[leg]))
        screening.addErrback(self._screen_failed, leg)
        screening.addCallback(
            lambda accepted: self.take(lambda now: self.core.screened(leg, accepted, now))
        )

    def _screen_failed(self, failure: Failure, leg: LegId) -> bool:
        """Decline: a callee that hung up, or a defect of the router's own screen."""
        if failure.check(Gone) is None:
            log.error("a screen failed", exc_info=traceback(failure), call_sid=leg)
        forget_frames(failure)
        return False


DEFECT = End(Status.FAILED, error=(12_400, "internal error"))
NO_PORTS = 53_400
NOT_DIALLED = 13_224


async def _screen(party: LiveParty, target: Target) -> bool:
    """Dial what the target asks to be dialled, then let the router talk to it (rule W-1)."""
    if target.send_digits:
        await party.play(Tones(target.send_digits))
    return True if target.screen is None else bool(await target.screen(party))
