"""Prompts to sound: spoken, decoded or made up, off the reactor's thread, and kept.

`Prompts.render` gives 16-bit PCM, 8,000 Hz mono, of whatever a router may say; `encode` makes of it
what the relay plays.  The same words or file asked for again, or by many at once, are rendered
once.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar

from twisted.internet.defer import DeferredSemaphore
from twisted.internet.threads import deferToThreadPool

from b2bua.media import _relay
from b2bua.media.decoder import Decoder
from b2bua.media.recordings import RecordingError, RecordingLimits, decode
from b2bua.media.shared import Kept, Shared
from b2bua.media.speech import Speaker, SpeechError, SpeechLimits, Which
from b2bua.media.tones import dtmf, error_tone, silence
from b2bua.routing.plan import ErrorTone, Prompt, Recording, Silence, Speech, Tones

T = TypeVar("T")

FRAME_OCTETS = 160  # 20 ms
_SILENT_OCTET = {"PCMU": b"\xff", "PCMA": b"\xd5"}
SAY_FAILED = 13520
PLAY_FAILED = 13420
TOO_LARGE = 11750

# -20 dB of full scale for the voice itself, as recorded announcements have, and 1 dB of room
_SPEECH_RMS = 3277
_PEAK_MOST = 29204
_HASHED_AT_ONCE = 65_536
_SILENCE_MOST = 600.0


class PromptError(Exception):
    """A prompt cannot be rendered.  `code` is a notification code (rcml.md 7.4)."""

    def __init__(self, code: int, text: str) -> None:
        """`text` says why, to the author of the prompt."""
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class PromptLimits:
    """What rendering may take; `at_once` bounds children and threads."""

    recording: RecordingLimits = field(default_factory=RecordingLimits)
    speech: SpeechLimits = field(default_factory=SpeechLimits)
    at_once: int = 3


class Prompts:
    """Renders prompts; one for the whole program."""

    def __init__(
        self,
        reactor: Any,
        *,
        cache_bytes: int = 64 * 1024 * 1024,
        limits: PromptLimits = PromptLimits(),
        which: Which = shutil.which,
    ) -> None:
        """`reactor` spawns children and has a pool of threads; `which` finds programs."""
        self._reactor, self._limits = reactor, limits
        self._speaker = Speaker(reactor, which, limits.speech)
        self._decoder = Decoder(reactor, which, limits.recording)
        self._shared = Shared(Kept(cache_bytes))
        self._turns = DeferredSemaphore(limits.at_once)

    def engines(self) -> dict[str, bool]:
        """Return which programs that prompts may need are installed."""
        return {**self._speaker.engines(), **self._decoder.engines()}

    @property
    def running(self) -> int:
        """How many prompts are being rendered."""
        return self._shared.running

    def stop(self) -> None:
        """End what is being rendered."""
        self._shared.stop()

    async def render(self, prompt: Prompt) -> bytes:
        """Return `prompt` as PCM.

        Raises:
            PromptError: it cannot be rendered.
        """
        match prompt:
            case Speech():
                said = "\0".join((prompt.voice, prompt.language.lower(), prompt.text))
                key = await self._digest(b"say\0" + said.encode("utf-8", "surrogatepass"))
                return await self._shared.get(key, lambda: self._spoken(prompt))
            case Recording(content):
                key = await self._digest(content)
                return await self._shared.get(key, lambda: self._played(content))
            case Silence(seconds):
                return _quiet(seconds)
            case Tones(digits):
                return _keys(digits)
            case ErrorTone():
                return error_tone()

    async def _digest(self, content: bytes) -> str:
        if len(content) <= _HASHED_AT_ONCE:
            return sha256(content).hexdigest()
        return await self._in_thread(lambda: sha256(content).hexdigest())

    async def _spoken(self, speech: Speech) -> bytes:
        try:
            return await self._turns.run(self._speak, speech)
        except (SpeechError, RecordingError) as problem:
            raise PromptError(SAY_FAILED, f"cannot say it: {problem}") from problem

    async def _speak(self, speech: Speech) -> bytes:
        sound = await self._speaker.speak(speech)
        limits = RecordingLimits(self._limits.speech.sound_bytes, self._limits.recording.seconds)
        return await self._in_thread(lambda: levelled(decode(sound, limits))) if sound else b""

    async def _played(self, content: bytes) -> bytes:
        if len(content) > self._limits.recording.content_bytes:
            raise PromptError(
                TOO_LARGE, f"larger than {self._limits.recording.content_bytes} bytes"
            )
        try:
            return await self._turns.run(self._decoder.decode, content)
        except RecordingError as problem:
            raise PromptError(PLAY_FAILED, f"cannot play it: {problem}") from problem

    def _in_thread(self, work: Callable[[], T]) -> Awaitable[T]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)


def encode(pcm: bytes, codec: str) -> bytes:
    """Return PCM as payload of `codec`, "PCMU" or "PCMA"; silence fills the last 20 ms up."""
    law = _relay.ulaw_encode if codec == "PCMU" else _relay.alaw_encode
    octets = law(pcm)
    return octets + _SILENT_OCTET[codec] * (-len(octets) % FRAME_OCTETS)


def levelled(pcm: bytes) -> bytes:
    """Return speech as loud as an announcement should be, without clipping it."""
    peak, active = _relay.level(pcm)
    if not active:
        return pcm
    return _relay.amplify(pcm, min(_SPEECH_RMS / active, _PEAK_MOST / peak))


def _quiet(seconds: float) -> bytes:
    if not 0 <= seconds <= _SILENCE_MOST:
        raise PromptError(PLAY_FAILED, f"{seconds:g} s of silence is for a timer, not for a sound")
    return silence(seconds)


def _keys(digits: str) -> bytes:
    try:
        return dtmf(digits)
    except ValueError as problem:
        raise PromptError(PLAY_FAILED, str(problem)) from problem
