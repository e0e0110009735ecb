"""Prompts through the real programs: what is said is heard."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor

from b2bua.media.prompts import PromptError, PromptLimits, Prompts, encode
from b2bua.media.speech import SpeechLimits
from b2bua.media.tones import ringback
from b2bua.routing.plan import Recording, Speech
from tests.media.sounds import sine_wav
from tests.support.listening import is_ringback, tone_level, words_in

pytestmark = pytest.mark.real
SOUNDS = Path(__file__).parents[1] / "data" / "sounds"


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
    assert words_in(encode(ringback("us"), "PCMU")) == set()


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


@on_the_reactor
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"OggS\0\2" + bytes(20) + b"\x01\x08OpusHead", "opusdec|its decoder"),
        (b"RIFF\0\0\0\0WAVE", "^13420 cannot play it: cannot be decoded as WAV$"),
        (b"fLaC" + bytes(200), "^13420 cannot play it: cannot be decoded as FLAC$"),
        (sine_wav(440, 601), "^13420 cannot play it: longer than 600 s$"),
    ],
    ids=["opus", "wav", "flac", "long"],
)
async def test_a_broken_file_says_what_is_wrong_with_it(content: bytes, why: str) -> None:
    with pytest.raises(PromptError, match=why):
        await Prompts(reactor).render(Recording(content))


@on_the_reactor
async def test_a_file_that_crashes_the_decoder_crashes_nothing_else() -> None:
    content = (SOUNDS / "crashes-a-decoder.ogg").read_bytes()
    ours = Prompts(reactor)
    with pytest.raises(PromptError, match=r"crashed with signal|cannot be decoded"):
        await ours.render(Recording(content))
    assert ours.running == 0


@on_the_reactor
async def test_damaged_files_are_decoded_or_an_error(tmp_path: Path) -> None:
    """A few of them, always the same: each costs a child."""
    damage = Random(4475)
    path = tmp_path / "tone.mp3"
    subprocess.run(
        [need("sox"), "-n", "-r", "44100", str(path), "synth", "1", "sine", "1000"],
        check=True,
        capture_output=True,
        timeout=20,
    )
    ours = Prompts(reactor)
    for _ in range(5):
        content = bytearray(path.read_bytes())
        for _ in range(20):
            content[damage.randrange(4, len(content))] = damage.randrange(256)
        with suppress(PromptError):
            assert len(await ours.render(Recording(bytes(content)))) < 40_000
    assert ours.running == 0
