"""Words to sound by the speech programs of this machine: flite for English, espeak-ng for the rest.

They run as children (one of them is GPL, and a child that hangs can be killed), one run for each
text, with the text in a file.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from b2bua.media.child import ChildError, run, scratch
from b2bua.routing.plan import Speech

Which = Callable[[str], str | None]

FLITE, ESPEAK = "flite", "espeak-ng"
VOICE = "rms"  # docs/decisions: the one best understood over a telephone line
ENGLISH = "en"
_TEXT, _SOUND = "text", "sound.wav"
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  # RFC 5646 section 2.1, roughly
_QUOTES_AND_DASHES = str.maketrans(
    {
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{EN DASH}": "-",
        "\N{EM DASH}": " - ",
    }
)
_CONSOLE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SpeechLimits:
    """How long a text may be, and how many seconds and bytes speaking it may take."""

    characters: int = 4096
    seconds: float = 15.0
    sound_bytes: int = 32 * 1024 * 1024


class SpeechError(Exception):
    """The words cannot be spoken; the text says why."""


class Speaker:
    """Speaks, one child for each text."""

    def __init__(
        self, reactor: Any, which: Which = shutil.which, limits: SpeechLimits = SpeechLimits()
    ) -> None:
        """Look for the programs with `which` each time, so that one may be installed meanwhile."""
        self._reactor, self._which, self._limits = reactor, which, limits

    def engines(self) -> dict[str, bool]:
        """Return which programs are there."""
        return {name: self._which(name) is not None for name in (FLITE, ESPEAK)}

    async def speak(self, speech: Speech) -> bytes:
        """Return a WAV file with the words of `speech`; empty if there are none.

        Raises:
            SpeechError: no program can, or the one that should could not.
        """
        if len(speech.text) > self._limits.characters:
            raise SpeechError(f"longer than {self._limits.characters} characters")
        text = _spoken(speech.text)
        if not text:
            return b""
        name, path = self._program(speech.language)
        if name == FLITE:
            text = _in_ascii(text)
            if not text.strip():
                raise SpeechError("none of it is in the letters of English")
        try:
            return await self._run(_argv(name, path, speech.language), text)
        except ChildError as problem:
            raise SpeechError(f"{name} {problem}") from problem

    def _program(self, language: str) -> tuple[str, str]:
        wanted = (FLITE, ESPEAK) if _primary(language) == ENGLISH else (ESPEAK,)
        for name in wanted:
            path = self._which(name)
            if path is not None:
                return name, os.path.abspath(path)
        raise SpeechError(f"nothing here speaks {language!a}: install {' or '.join(wanted)}")

    async def _run(self, argv: list[str], text: str) -> bytes:
        with scratch() as directory:
            Path(directory, _TEXT).write_text(text + "\n", "utf-8")
            await run(
                self._reactor,
                argv,
                directory,
                seconds=self._limits.seconds,
                output_bytes=_CONSOLE_BYTES,
            )
            return self._sound(Path(directory, _SOUND))

    def _sound(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > self._limits.sound_bytes:
                raise ChildError(f"wrote more than {self._limits.sound_bytes} bytes")
            return path.read_bytes()
        except FileNotFoundError as problem:
            raise ChildError("wrote nothing") from problem


def _argv(name: str, path: str, language: str) -> list[str]:
    if name == FLITE:
        return [path, "-voice", VOICE, "-f", _TEXT, "-o", _SOUND]
    voice = language.lower() if language else "en-us"
    return [path, "-v", voice, "-b", "1", "-f", _TEXT, "-w", _SOUND]


def _primary(language: str) -> str:
    """Return the primary subtag in lower case; none given is English.

    Raises:
        SpeechError: it is no language tag (and must not become an argument of a program).
    """
    if not language:
        return ENGLISH
    if not _TAG.fullmatch(language):
        raise SpeechError(f"not a language: {language[:40]!a}")
    return language.partition("-")[0].lower()


def _spoken(text: str) -> str:
    """Return `text` on one line, without control characters and what programs take for markup."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.replace("[[", "[ [").split())  # espeak-ng: phonemes in brackets


def _in_ascii(text: str) -> str:
    """Return `text` in the only letters flite knows: é as e, curly quotes as straight ones."""
    text = text.translate(_QUOTES_AND_DASHES)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
