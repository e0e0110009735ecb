"""Prompts through the real programs: what is said is heard."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor

from b2bua.media.prompts import PromptError, PromptLimits, Prompts, encode
from b2bua.media.speech import SpeechLimits
from b2bua.routing.plan import Recording, Speech
from tests.support.listening import is_ringback, tone_level, words_in

pytestmark = pytest.mark.real


def on_the_reactor(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Let a coroutine be a test."""
    wrapped: Callable[..., None] = pytest_twisted.ensureDeferred(test)
    return wrapped


def need(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@on_the_reactor
async def test_an_english_sentence_is_understood_over_a_telephone_line() -> None:
    need("flite")
    pytest.importorskip("pocketsphinx")
    pcm = await Prompts(reactor).render(Speech("Please hold while we connect your call."))
    heard = words_in(encode(pcm, "PCMU"))
    assert {"please", "hold", "connect", "call"} <= heard
    assert not is_ringback(encode(pcm, "PCMU"))


@on_the_reactor
async def test_another_language_is_spoken_and_takes_about_as_long_as_it_should() -> None:
    need("espeak-ng")
    pcm = await Prompts(reactor).render(Speech("Drücken Sie die Eins.", language="de-DE"))
    assert 0.8 < len(pcm) / 16000 < 4


@on_the_reactor
async def test_a_text_that_looks_like_an_option_is_spoken() -> None:
    need("flite")
    assert len(await Prompts(reactor).render(Speech("-o hello -voice x"))) > 8000


@on_the_reactor
async def test_a_program_that_hangs_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "flite"
    pid_file = tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {pid_file}\nexec tail -f /dev/null\n", "utf-8")
    program.chmod(0o755)
    limits = PromptLimits(speech=SpeechLimits(seconds=0.3))
    ours = Prompts(reactor, which=lambda _name: str(program), limits=limits)
    with pytest.raises(PromptError, match=r"took longer than 0\.3 s"):
        await ours.render(Speech("hello"))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text("utf-8")), 0)


@on_the_reactor
async def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    ours = Prompts(reactor, which=lambda name: str(tmp_path / name))
    with pytest.raises(PromptError, match="ended with"):
        await ours.render(Speech("hello"))


@pytest.mark.parametrize(
    "name", ["tone.mp3", "tone.ogg", "tone.flac", "tone.wav", "alaw.wav", "ulaw.wav", "tone.opus"]
)
@on_the_reactor
async def test_files_as_programs_make_them_are_heard(name: str, tmp_path: Path) -> None:
    """A tone of 1 kHz stays; one of 6 kHz, as loud, does not come back at 2 kHz."""
    path = tmp_path / name
    made = tmp_path / "made.wav" if name.endswith("opus") else path
    law = {"alaw.wav": ["-e", "a-law"], "ulaw.wav": ["-e", "mu-law"]}.get(name, ["-c", "2"])
    bits = [] if len(law) == 2 and law[0] == "-e" else ["-b", "16"]
    argv = [need("sox"), "-n", "-r", "44100", *law]
    argv += [*bits, str(made)] if made.suffix == ".wav" else [str(made)]
    tones = ["synth", "2", "sine", "1000", "synth", "2", "sine", "mix", "6000", "gain", "-6"]
    subprocess.run([*argv, *tones], check=True, capture_output=True, timeout=20)
    if made != path:
        argv = [need("opusenc"), "--quiet", "--bitrate", "96", str(made), str(path)]
        subprocess.run(argv, check=True, capture_output=True, timeout=20)
        need("opusdec")
    pcm = await Prompts(reactor).render(Recording(path.read_bytes()))
    assert 1.9 < len(pcm) / 16000 < 2.2
    middle = pcm[8000:24000]
    assert tone_level(middle, 1000) > 4000
    assert tone_level(middle, 2000) < 60
