"""What becomes of the copies of packets: channels, mix, trim, and files that cannot be written."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b2bua.media._relay import alaw_encode, ulaw_encode
from b2bua.media.tape import CHILD, FREE_BYTES, HOLD, PARENT, QUIET, Style, Tape, TapeError
from b2bua.media.tapped import Tapped, write_tapped
from b2bua.media.track import APART
from b2bua.media.wav import HEADER_BYTES, WavFile, mended
from tests.media.sounds import sine
from tests.support.listening import tone_level

BEGAN = 77_000_000_000
FRAME = 160
PCMU, PCMA, COMFORT, STRANGE = 0, 8, 13, 96


def copies(
    side: int, pcm: bytes, *, at: float = 0.0, payload_type: int = PCMU, ssrc: int = 1
) -> list[tuple[int, bytes]]:
    """Return a sound as a tap would have it, in packets of 20 ms from `at` seconds on."""
    octets = (alaw_encode if payload_type == PCMA else ulaw_encode)(pcm)
    packets = []
    for n, first in enumerate(range(0, len(octets), FRAME)):
        arrived = BEGAN + round(at * 1e9) + n * 20_000_000
        numbers = payload_type, n, n * FRAME, ssrc
        copy = Tapped(side, arrived, *numbers, octets[first : first + FRAME])
        packets.append((arrived, write_tapped(copy)))
    return packets


def recorded(
    path: Path, style: Style, seconds: float, *voices: list[tuple[int, bytes]]
) -> tuple[Tape, float]:
    """Make a recording, looked after twice a second; return the tape and its length."""
    tape = Tape(path, style, BEGAN)
    left = sorted(copy for voice in voices for copy in voice)
    for half in range(1, int(seconds * 2)):
        now = BEGAN + half * 500_000_000
        tape.hear(b"".join(copy for at, copy in left if at <= now), now)
        left = [copy for copy in left if copy[0] > now]
    end = BEGAN + round(seconds * 1e9)
    return tape, tape.finish(b"".join(copy for _, copy in left), end)


def channels_of(path: Path) -> list[bytes]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8_000, 2)
        samples = array("h", file.readframes(file.getnframes()))
        count = file.getnchannels()
    return [samples[channel::count].tobytes() for channel in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recordings" / "RE.wav"


def test_two_channels_hold_the_parent_and_the_child(path: Path) -> None:
    parent = copies(PARENT, sine(500, 2.0))
    child = copies(CHILD, sine(1_200, 1.0), at=1.0, payload_type=PCMA)
    _, seconds = recorded(path, Style(channels=2), 2.5, parent, child)
    left, right = channels_of(path)
    assert seconds == 2.5
    assert len(left) == len(right) == 2.5 * 16_000
    assert tone_level(left[:32_000], 500) > 9_000 > 100 > tone_level(left, 1_200)
    assert tone_level(right[16_000:32_000], 1_200) > 9_000 > 100 > tone_level(right, 500)
    assert not any(right[:15_000])


def test_one_channel_holds_both(path: Path) -> None:
    voices = copies(PARENT, sine(500, 1.0)), copies(CHILD, sine(1_200, 1.0))
    recorded(path, Style(), 1.0, *voices)
    (mixed,) = channels_of(path)
    assert tone_level(mixed, 500) > 9_000
    assert tone_level(mixed, 1_200) > 9_000


def test_a_mix_that_is_too_loud_is_clipped(path: Path) -> None:
    loud = array("h", [30_000] * 8_000).tobytes()
    recorded(path, Style(), 1.0, copies(PARENT, loud), copies(CHILD, loud))
    (mixed,) = channels_of(path)
    assert set(array("h", mixed)) == {32_767}


def test_comfort_noise_and_strange_codecs_are_not_heard(path: Path) -> None:
    parent = copies(PARENT, sine(500, 1.0), payload_type=STRANGE)
    child = copies(CHILD, sine(500, 1.0), payload_type=COMFORT)
    tape, _ = recorded(path, Style(channels=2), 1.0, parent, child)
    assert not any(b"".join(channels_of(path)))
    assert tape.not_understood == {PARENT: [STRANGE]}


def test_a_codec_beside_g711_leaves_a_gap(path: Path) -> None:
    strange = copies(PARENT, sine(500, 0.5), payload_type=STRANGE)
    known = copies(PARENT, sine(500, 0.5), at=0.5)
    tape, _ = recorded(path, Style(channels=2), 1.0, strange, known)
    assert tape.not_understood == {}
    assert not any(channels_of(path)[PARENT][:7_000])


def test_trimmed_silence_is_cut_at_both_ends_and_kept_within(path: Path) -> None:
    first = copies(PARENT, sine(500, 0.5), at=1.5)
    second = copies(CHILD, sine(500, 0.5), at=3.0)
    _, seconds = recorded(path, Style(channels=2, trim=True), 6.0, first, second)
    left, right = channels_of(path)
    assert seconds == pytest.approx(2.0, abs=0.05)
    assert tone_level(left[:8_000], 500) > 8_000
    assert tone_level(right[-8_000:], 500) > 8_000


def test_faint_noise_is_silence_too(path: Path) -> None:
    faint = array("h", [QUIET // 2, -QUIET // 2] * 8_000).tobytes()
    _, seconds = recorded(path, Style(trim=True), 3.0, copies(PARENT, faint))
    assert seconds == 0.0
    assert path.stat().st_size == HEADER_BYTES


def test_memory_is_bounded_when_nobody_looked_for_long(path: Path) -> None:
    tape = Tape(path, Style(), BEGAN)
    late = [copy for at in (0.0, 60.0) for _, copy in copies(PARENT, sine(500, 0.1), at=at)]
    tape.hear(b"".join(late), BEGAN + 61_000_000_000)
    assert len(tape._tracks[0]._pcm) < 64_000
    assert tape.finish(b"", BEGAN + 61_000_000_000) == 61.0


def test_a_full_disk_ends_the_recording_and_leaves_no_file(path: Path) -> None:
    free = [FREE_BYTES, FREE_BYTES - 1]
    tape = Tape(path, Style(), BEGAN, lambda _folder: free.pop(0))
    assert path.exists()
    with pytest.raises(TapeError, match="free"):
        tape.hear(b"", BEGAN + 3_000_000_000)
    assert not path.exists()


def test_without_room_or_folder_nothing_begins(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="free"):
        Tape(tmp_path / "a.wav", Style(), BEGAN, lambda _folder: FREE_BYTES - 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(TapeError, match="no file"):
        Tape(tmp_path / "file" / "a.wav", Style(), BEGAN)
    (tmp_path / "b.wav").write_text("somebody's")
    with pytest.raises(TapeError, match="exists"):
        Tape(tmp_path / "b.wav", Style(), BEGAN)
    assert (tmp_path / "b.wav").read_text() == "somebody's"


def test_a_file_is_whole_at_every_moment(path: Path) -> None:
    tape = Tape(path, Style(channels=2), BEGAN)
    tape.hear(b"".join(c for _, c in copies(PARENT, sine(500, 2.0))), BEGAN + 2_500_000_000)
    assert len(channels_of(path)[0]) == 1.5 * 16_000  # as if the process had been killed now
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_header_that_was_left_behind_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "RE.wav"
    file = WavFile(path, 2)
    file.append(b"\1\0\2\0" * 8_000)
    file.close()
    with path.open("ab") as more:
        more.write(b"\3\0\4\0" * 4_000 + b"\5")
    assert mended(path, 2) == 1.5
    assert len(channels_of(path)[1]) == 1.5 * 16_000


PACKETS = st.lists(
    st.tuples(
        st.integers(0, 300),  # milliseconds since the last one
        st.sampled_from([PARENT, CHILD, 7]),
        st.sampled_from([PCMU, PCMA, COMFORT, STRANGE]),
        st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 4_000)),
        st.integers(0, 2),
        st.integers(0, 1_488),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(PACKETS, st.sampled_from([1, 2]))
def test_whatever_comes_a_recording_is_as_long_as_it_lasted(
    packets: list[tuple[int, int, int, int, int, int]], channels: int
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "RE.wav"
        tape, at = Tape(path, Style(channels), BEGAN), 0
        for number, (pause, side, payload_type, timestamp, ssrc, size) in enumerate(packets):
            at += pause
            arrived = BEGAN + at * 1_000_000
            numbers = payload_type, number, timestamp, ssrc
            tape.hear(write_tapped(Tapped(side, arrived, *numbers, b"\x80" * size)), arrived)
            assert all(len(track._pcm) <= 2 * (2 * HOLD + APART + 1_488) for track in tape._tracks)
        seconds = tape.finish(b"", BEGAN + at * 1_000_000)
        assert seconds == at / 1_000
        assert len(channels_of(path)) == channels
