"""Prompts are rendered once, by the right program, within their limits."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError

from b2bua.media import _relay
from b2bua.media.prompts import PromptError, PromptLimits, Prompts, encode
from b2bua.media.recordings import RecordingLimits, decode, wav
from b2bua.media.speech import SpeechLimits
from b2bua.media.tones import dtmf, error_tone
from b2bua.routing.plan import ErrorTone, Prompt, Recording, Silence, Speech, Tones
from tests.media.sounds import Result, assert_failed, g711_wav, sine, sine_wav
from tests.support.listening import tone_level
from tests.support.processes import FakeProcesses

ALL = ("flite", "espeak-ng", "opusdec")


@pytest.fixture
def reactor() -> FakeProcesses:
    return FakeProcesses()


def prompts(reactor: FakeProcesses, *programs: str, limits: PromptLimits | None = None) -> Prompts:
    def which(name: str) -> str | None:
        return f"/opt/{name}" if name in (programs or ALL) else None

    return Prompts(reactor, which=which, limits=limits or PromptLimits())


def render(prompts_: Prompts, prompt: Prompt) -> Result:
    return Result(prompts_.render(prompt))


def spoken(reactor: FakeProcesses, prompts_: Prompts, speech: Speech) -> list[str]:
    """Let a child speak; return its arguments behind the priority."""
    result = render(prompts_, speech)
    child = reactor.children[-1]
    child.write("sound.wav", sine_wav(500, 0.5, 16000))
    child.end()
    assert result.error is None
    assert len(result.value) == 8000
    return child.argv[child.argv.index("10") + 1 :]


def test_english_is_spoken_by_flite_and_other_languages_by_espeak(reactor: FakeProcesses) -> None:
    both = prompts(reactor)
    flite = ["/opt/flite", "-voice", "rms", "-f", "text", "-o", "sound.wav"]
    assert spoken(reactor, both, Speech("hello", language="en-GB")) == flite
    assert spoken(reactor, both, Speech("hello", language="")) == flite
    espeak = ["/opt/espeak-ng", "-v", "pt-br", "-b", "1", "-f", "text", "-w", "sound.wav"]
    assert spoken(reactor, both, Speech("olá", language="pt-BR")) == espeak


def test_english_is_spoken_by_espeak_where_flite_is_missing(reactor: FakeProcesses) -> None:
    only = prompts(reactor, "espeak-ng")
    assert spoken(reactor, only, Speech("hello"))[:3] == ["/opt/espeak-ng", "-v", "en-us"]


@pytest.mark.parametrize(
    ("programs", "language", "advice"),
    [
        (("opusdec",), "en-US", "install flite or espeak-ng"),
        (("flite",), "de-DE", "install espeak-ng"),
    ],
)
def test_without_a_program_the_error_says_what_to_install(
    reactor: FakeProcesses, programs: tuple[str, ...], language: str, advice: str
) -> None:
    result = render(prompts(reactor, *programs), Speech("hello", language=language))
    assert_failed(result, PromptError, advice)
    assert isinstance(result.error, PromptError)
    assert result.error.code == 13520


@pytest.mark.parametrize("language", ["--help", "-v", "en us", "../../x", "d", "de\0", "dé-DE"])
def test_a_language_that_is_none_never_becomes_an_argument(
    reactor: FakeProcesses, language: str
) -> None:
    assert_failed(render(prompts(reactor), Speech("x", language=language)), PromptError, "language")
    assert reactor.children == []


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        ("--help", "en-US", "--help\n"),
        ("two\nlines\tand\0more", "en-US", "two lines and more\n"),
        ("\u201cCafé\u201d \u2013 it\u2019s naïve", "en-US", '"Cafe" - it\'s naive\n'),
        ("[[h@l'oU]] schön", "de-DE", "[ [h@l'oU]] schön\n"),
    ],
)
def test_the_text_goes_through_a_file_cleaned(
    reactor: FakeProcesses, text: str, language: str, written: str
) -> None:
    render(prompts(reactor), Speech(text, language=language))
    child = reactor.children[0]
    assert (child.directory / "text").read_text("utf-8") == written
    assert text not in child.argv
    child.end(1)


def test_the_files_of_a_run_are_gone_when_it_is(reactor: FakeProcesses) -> None:
    ours = prompts(reactor)
    spoken(reactor, ours, Speech("good"))
    render(ours, Speech("bad"))
    reactor.children[-1].end(1)
    left = render(ours, Speech("left"))
    left.cancel()
    assert reactor.children[-1].directory.exists()
    reactor.advance(0)
    assert isinstance(left.error, CancelledError)
    assert [child.directory.exists() for child in reactor.children] == [False] * 3
    assert reactor.getDelayedCalls() == []


def test_speech_is_as_loud_as_an_announcement_however_soft_the_program_is(
    reactor: FakeProcesses,
) -> None:
    for peak in (300, 3000, 30000):
        result = render(prompts(reactor), Speech(f"text {peak}"))
        reactor.children[-1].write("sound.wav", sine_wav(500, 0.5, 16000, peak))
        reactor.children[-1].end()
        assert _relay.level(result.value)[1] == pytest.approx(3277, rel=0.02)


def test_speech_with_a_high_peak_is_not_clipped(reactor: FakeProcesses) -> None:
    quiet, loud = sine(500, 1.0, 8000, 500), sine(500, 0.02, 8000, 32000)
    result = render(prompts(reactor), Speech("bang"))
    reactor.children[-1].write("sound.wav", g711_wav(_relay.ulaw_encode(quiet + loud), 7))
    reactor.children[-1].end()
    assert 25000 < _relay.level(result.value)[0] < 29500


@pytest.mark.parametrize("text", ["", "  \n\t", "\0\x01"])
def test_nothing_to_say_is_nothing_to_hear(reactor: FakeProcesses, text: str) -> None:
    assert render(prompts(reactor), Speech(text)).value == b""
    assert reactor.children == []


def test_english_without_a_letter_of_english_is_an_error(reactor: FakeProcesses) -> None:
    assert_failed(render(prompts(reactor), Speech("你好")), PromptError, "letters of English")


def test_the_length_of_a_text_is_bounded_at_n_and_n_plus_1(reactor: FakeProcesses) -> None:
    spoken(reactor, prompts(reactor), Speech("x" * 4096))
    assert_failed(render(prompts(reactor), Speech("x" * 4097)), PromptError, "4096 characters")


@pytest.mark.parametrize("sound", [None, b"", b"RIFF", bytes(100)], ids=str)
def test_a_program_that_writes_no_sound_is_an_error(
    reactor: FakeProcesses, sound: bytes | None
) -> None:
    result = render(prompts(reactor), Speech("hello"))
    if sound is not None:
        reactor.children[0].write("sound.wav", sound)
    reactor.children[0].end()
    if sound == b"":
        assert result.value == b""
    else:
        assert_failed(result, PromptError, "cannot say it")


def test_a_program_that_writes_too_much_is_an_error(reactor: FakeProcesses) -> None:
    limits = PromptLimits(speech=SpeechLimits(sound_bytes=1000))
    result = render(prompts(reactor, limits=limits), Speech("hello"))
    reactor.children[0].write("sound.wav", bytes(1001))
    reactor.children[0].end()
    assert_failed(result, PromptError, "flite wrote more than 1000 bytes")


def test_speech_that_is_silent_stays_so(reactor: FakeProcesses) -> None:
    result = render(prompts(reactor), Speech("hush"))
    reactor.children[0].write("sound.wav", wav(bytes(1600), 8000, 1))
    reactor.children[0].end()
    assert result.value == bytes(1600)


def test_a_program_that_hangs_is_killed_and_the_prompt_fails(reactor: FakeProcesses) -> None:
    result = render(prompts(reactor), Speech("hello"))
    reactor.advance(15)
    reactor.advance(0)
    assert_failed(result, PromptError, "flite took longer than 15 s")


def test_the_same_words_are_spoken_once(reactor: FakeProcesses) -> None:
    ours = prompts(reactor)
    results = [render(ours, Speech("hello")) for _ in range(3)]
    assert (len(reactor.children), ours.running) == (1, 1)
    reactor.children[0].write("sound.wav", sine_wav(500))
    reactor.children[0].end()
    again = render(ours, Speech("hello"))
    assert len(reactor.children) == 1
    assert all(result.value == again.value for result in results)


@pytest.mark.parametrize(
    "other", [Speech("hello!"), Speech("hello", language="fr"), Speech("hello", voice="woman")]
)
def test_other_words_voices_and_languages_are_other_prompts(
    reactor: FakeProcesses, other: Speech
) -> None:
    ours = prompts(reactor)
    spoken(reactor, ours, Speech("hello"))
    spoken(reactor, ours, other)
    assert len(reactor.children) == 2


def test_only_so_many_are_rendered_at_once(reactor: FakeProcesses) -> None:
    ours = prompts(reactor)
    for at in range(5):
        render(ours, Speech(f"text {at}"))
    assert len(reactor.children) == 3
    reactor.children[0].end(1)
    assert len(reactor.children) == 4
    ours.stop()
    while reactor.getDelayedCalls():
        reactor.advance(0)


def test_stopping_kills_what_speaks(reactor: FakeProcesses) -> None:
    ours = prompts(reactor)
    result = render(ours, Speech("hello"))
    ours.stop()
    reactor.advance(0)
    assert isinstance(result.error, CancelledError)
    assert ours.running == 0


def test_a_recording_is_decoded_once(reactor: FakeProcesses) -> None:
    ours, content = prompts(reactor), sine_wav(1000, 1.0, 44100)
    first, second = (render(ours, Recording(content)) for _ in range(2))
    (child,) = reactor.children
    child.say(decode((child.directory / "file").read_bytes()))
    child.end()
    assert tone_level(first.value, 1000) == pytest.approx(10000, rel=0.02)
    assert second.value is first.value
    assert render(ours, Recording(content)).value is first.value


@pytest.mark.parametrize(
    ("content", "code", "why"),
    [
        (b"<html>", 13420, "cannot play it: neither WAV, MP3, Ogg nor FLAC"),
        (bytes(30_001), 11750, "larger than 30000 bytes"),
    ],
    ids=["html", "large"],
)
def test_a_recording_that_is_none_costs_no_child(
    reactor: FakeProcesses, content: bytes, code: int, why: str
) -> None:
    limits = PromptLimits(recording=RecordingLimits(content_bytes=30_000, seconds=1))
    result = render(prompts(reactor, limits=limits), Recording(content))
    assert_failed(result, PromptError, why)
    assert isinstance(result.error, PromptError)
    assert result.error.code == code
    assert reactor.children == []


def test_tones_and_silence_are_made_up(reactor: FakeProcesses) -> None:
    ours = prompts(reactor)
    assert render(ours, ErrorTone()).value == error_tone()
    assert render(ours, Tones("12#")).value == dtmf("12#")
    assert render(ours, Silence(0.5)).value == bytes(8000)


@pytest.mark.parametrize("prompt", [Tones("1x"), Silence(600.1), Silence(-1)], ids=str)
def test_what_is_no_sound_is_an_error(reactor: FakeProcesses, prompt: Prompt) -> None:
    assert_failed(render(prompts(reactor), prompt), PromptError, "key|timer")


def test_the_engines_that_are_there_are_named(reactor: FakeProcesses) -> None:
    assert prompts(reactor, "flite").engines() == {
        "flite": True,
        "espeak-ng": False,
        "opusdec": False,
    }


@pytest.mark.parametrize(
    ("samples", "octets"), [(0, 0), (1, 160), (159, 160), (160, 160), (161, 320)]
)
@pytest.mark.parametrize(("codec", "silent"), [("PCMU", 0xFF), ("PCMA", 0xD5)])
def test_a_payload_is_whole_packets_filled_up_with_silence(
    samples: int, octets: int, codec: str, silent: int
) -> None:
    payload = encode(b"\x00\x40" * samples, codec)
    assert len(payload) == octets
    assert set(payload[samples:]) <= {silent}
    assert silent not in payload[:samples]
