"""What a call asks of the media: aim, link, watch, ring back, press keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from twisted.internet.defer import Deferred

from b2bua.app.call_tape import CallTape
from b2bua.app.equipment import Equipment
from b2bua.app.live_leg import LiveLeg
from b2bua.app.logs import logger, traceback
from b2bua.call import effects
from b2bua.call.effects import Effect, LegId
from b2bua.media.prompts import PromptError, encode
from b2bua.media.tones import ringback
from b2bua.routing.plan import Recording
from b2bua.sdp.description import Description

log = logger("media")


class CallMedia:
    """Performs a call's media effects on its legs; nothing happens to a leg that is over."""

    def __init__(self, equipment: Equipment, legs: Mapping[LegId, LiveLeg]) -> None:
        self._equipment = equipment
        self._legs = legs
        self.tape = CallTape(equipment, legs)
        self._ringing: dict[LegId, str | Recording] = {}

    def aim(self, leg: LegId, sdp: Description, block_digits: str) -> None:
        """Send this leg's media where its peer's description says."""
        if live := self._legs.get(leg):
            was_aimed = live.lines.is_aimed
            live.lines.hear(sdp, block_digits)
            if not was_aimed and leg in self._ringing:
                self._ring_back(live)

    def perform(self, effect: Effect) -> None:
        """Perform one effect on the media."""
        match effect:
            case effects.Link(a, b):
                if a in self._legs and b in self._legs:
                    self._legs[a].lines.link(self._legs[b].lines)
            case effects.StartRingback(leg, sound):
                self._ringing[leg] = sound
                if live := self._legs.get(leg):
                    self._ring_back(live)
            case effects.StopRingback(leg):
                self._stop_ringing_back(leg)
            case effects.BeginTape():
                self.tape.begin(effect)
            case effects.TapeLeg():
                self.tape.hear(effect)
            case effects.EndTape():
                self.tape.end()
            case effects.Watch(leg, early):
                media = self._equipment.settings.media
                self._watch(leg, media.timeout_early if early else media.timeout)
            case effects.Unwatch(leg):
                self._watch(leg, 0)
            case effects.SendKey(leg, key):
                self._send_key(leg, key)
            case effects.Unlink(leg):
                if live := self._legs.get(leg):
                    live.lines.unlink()
            case effects.CloseMedia(leg):
                self._ringing.pop(leg, None)
                if live := self._legs.get(leg):
                    live.lines.close()

    def _watch(self, leg: LegId, seconds: float) -> None:
        if live := self._legs.get(leg):
            live.lines.watch(seconds)

    def _ring_back(self, live: LiveLeg) -> None:
        found = live.lines.playable
        sound = self._ringing[live.sid]
        if found is None:
            return
        if isinstance(sound, str):
            self._loop(live, _ringback_octets(sound, found.codec))
            return
        music = Deferred.fromCoroutine(self._play_music(live, sound))
        music.addErrback(lambda failure: log.error("ringback failed", exc_info=traceback(failure)))

    async def _play_music(self, live: LiveLeg, sound: Recording) -> None:
        """Play a recording instead of the tone, or the tone if it cannot be played."""
        try:
            pcm = await self._equipment.voice.render(sound)
        except PromptError as problem:
            log.warning(problem.text, code=problem.code, call_sid=live.sid)
            pcm = ringback("us")
        found = live.lines.playable
        if found is not None and self._ringing.get(live.sid) is sound:
            self._loop(live, encode(pcm, found.codec))

    def _loop(self, live: LiveLeg, octets: bytes) -> None:
        stream = live.lines.playing_stream
        if stream is not None:
            token = next(self._equipment.play_tokens)
            self._equipment.backend.play(stream, token, octets, loop=True)

    def _stop_ringing_back(self, leg: LegId) -> None:
        self._ringing.pop(leg, None)
        live = self._legs.get(leg)
        stream = live.lines.playing_stream if live is not None else None
        if stream is not None:
            self._equipment.backend.quiet(stream)

    def _send_key(self, leg: LegId, key: str) -> None:
        live = self._legs.get(leg)
        if live is None:
            return
        stream = live.lines.playing_stream
        if stream is not None and live.lines.has_keys:
            self._equipment.backend.press(stream, next(self._equipment.play_tokens), key)
            return
        body = f"Signal={key}\r\nDuration=160\r\n".encode("ascii")
        live.take(lambda: live.session.info("application/dtmf-relay", body))


@lru_cache(maxsize=128)
def _ringback_octets(country: str, codec: str) -> bytes:
    return encode(ringback(country), codec)
