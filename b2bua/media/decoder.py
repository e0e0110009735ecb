"""Somebody else's audio file to PCM, in a child process.

Decoders of compressed audio are large programs in C that were not written for hostile input, and
a file of 200 bytes can crash one.  Here that costs a child, and the prompt.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from twisted.internet.threads import deferToThreadPool

import b2bua
from b2bua.media import decode_child
from b2bua.media.child import ChildError, run, scratch
from b2bua.media.recordings import (
    Kind,
    RecordingError,
    RecordingLimits,
    decode,
    kind_of,
    wav,
)
from b2bua.media.speech import Which
from b2bua.media.tones import RATE, SAMPLE_BYTES

T = TypeVar("T")

OPUSDEC = "opusdec"
_OPUS_RATE, _OPUS_CHANNELS = 16_000, 2
_FILE = "file"
_RUN_SECONDS = 20.0


class Decoder:
    """Decodes, one child for each file."""

    def __init__(self, reactor: Any, which: Which, limits: RecordingLimits) -> None:
        """Look for `opusdec` with `which` each time."""
        self._reactor, self._which, self._limits = reactor, which, limits

    def engines(self) -> dict[str, bool]:
        """Return which programs are there."""
        return {OPUSDEC: self._which(OPUSDEC) is not None}

    async def decode(self, content: bytes) -> bytes:
        """Return `content` as 16-bit PCM, 8,000 Hz mono.

        Raises:
            RecordingError: it is no audio file, or a broken one, or breaks a limit.
        """
        kind = kind_of(content)
        if kind is None:
            raise RecordingError("neither WAV, MP3, Ogg nor FLAC")
        opusdec = self._which(OPUSDEC) if kind is Kind.OPUS else None
        try:
            if opusdec is not None:
                return await self._from_opus(str(Path(opusdec).absolute()), content)
            return await self._from_child(content)
        except ChildError as problem:
            if problem.status == decode_child.FILE_AT_FAULT and opusdec is None:
                raise RecordingError(problem.said) from problem
            raise RecordingError(f"its decoder {problem}") from problem

    async def _from_child(self, content: bytes) -> bytes:
        limits = self._limits
        argv = [sys.executable, "-P", "-m", decode_child.__name__, _FILE]
        argv += [str(limits.content_bytes), str(limits.seconds)]
        return await self._run(argv, content, limits.seconds * RATE * SAMPLE_BYTES)

    async def _from_opus(self, opusdec: str, content: bytes) -> bytes:
        argv = [opusdec, "--quiet", "--rate", str(_OPUS_RATE), "--force-stereo", _FILE, "-"]
        second_bytes = _OPUS_RATE * _OPUS_CHANNELS * SAMPLE_BYTES
        pcm = await self._run(argv, content, self._limits.seconds * second_bytes)
        sound = wav(pcm, _OPUS_RATE, _OPUS_CHANNELS)
        limits = RecordingLimits(len(sound), self._limits.seconds)
        return await self._in_thread(lambda: decode(sound, limits))

    async def _run(self, argv: list[str], content: bytes, output_bytes: int) -> bytes:
        with scratch() as directory:
            await self._in_thread(lambda: Path(directory, _FILE).write_bytes(content))
            return await run(
                self._reactor,
                argv,
                directory,
                seconds=_RUN_SECONDS,
                output_bytes=output_bytes,
                python_path=[str(Path(b2bua.__file__).parents[1]), *filter(None, sys.path)],
            )

    def _in_thread(self, work: Callable[[], T]) -> Awaitable[T]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)
