"""An audio file's bytes to 16-bit PCM, 8,000 Hz mono.  Blocks, and trusts the file: see `decoder`.

What the file is, its content says and not its name.  It is decoded at its own rate (the decoder's
resampler would fold 4-8 kHz into the voice) and piece by piece, so that neither a long recording
nor one that lies about its length takes more memory than its result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

import miniaudio

from b2bua.media import _relay
from b2bua.media.tones import RATE, SAMPLE_BYTES
from b2bua.media.wav import header

RATE_LEAST, RATE_MOST = 4_000, 192_000
CHANNELS_MOST = 8
_PIECE_FRAMES = 16_384
_BLOCK_SECONDS = 30


class RecordingError(Exception):
    """The content cannot be played; the text says why."""


class Kind(Enum):
    """What an audio file is."""

    WAV = "WAV"
    MP3 = "MP3"
    VORBIS = "Ogg Vorbis"
    OPUS = "Ogg Opus"
    FLAC = "FLAC"


@dataclass(frozen=True, slots=True)
class RecordingLimits:
    """How large an audio file may be, and how long it may play (10 MiB and 10 minutes)."""

    content_bytes: int = 10 * 1024 * 1024
    seconds: int = 600


def kind_of(content: bytes) -> Kind | None:
    """Return what `content` is by its first octets, or None."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return Kind.WAV
    if content[:4] == b"fLaC":
        return Kind.FLAC
    if content[:4] == b"OggS":
        return _kind_in_ogg(content)
    if content[:3] == b"ID3" or _is_mpeg_frame(content):
        return Kind.MP3
    return None


def _kind_in_ogg(content: bytes) -> Kind | None:
    """Look at the first packet behind the page header (RFC 3533 section 6)."""
    packet = content[27 + content[26] :] if len(content) > 27 else b""
    if packet[:7] == b"\x01vorbis":
        return Kind.VORBIS
    if packet[:8] == b"OpusHead":
        return Kind.OPUS
    return Kind.FLAC if packet[:5] == b"\x7fFLAC" else None


def _is_mpeg_frame(content: bytes) -> bool:
    """Whether a frame of MPEG audio begins here: 11 bits set, then no layer that does not exist."""
    head = content[:2]
    return len(head) == 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0


def decode(content: bytes, limits: RecordingLimits = RecordingLimits()) -> bytes:
    """Return `content` as PCM; `Kind.OPUS` is not for us.

    Raises:
        RecordingError: it is too large or too long, of no known kind, or broken.
    """
    if len(content) > limits.content_bytes:
        raise RecordingError(f"larger than {limits.content_bytes} bytes")
    kind = kind_of(content)
    if kind is None:
        raise RecordingError("neither WAV, MP3, Ogg nor FLAC")
    try:
        rate = _rate(kind, content)
        return _at_our_rate(_pieces(content, rate, limits), rate)
    except miniaudio.MiniaudioError as problem:
        raise RecordingError(f"cannot be decoded as {kind.value}") from problem


_INFO: dict[Kind, Callable[[bytes], miniaudio.SoundFileInfo]] = {
    Kind.WAV: miniaudio.wav_get_info,
    Kind.MP3: miniaudio.mp3_get_info,
    Kind.VORBIS: miniaudio.vorbis_get_info,
    Kind.FLAC: miniaudio.flac_get_info,
}


def _rate(kind: Kind, content: bytes) -> int:
    if kind not in _INFO:
        raise RecordingError(f"{kind.value} needs `opusdec`, which is not installed")
    info = _INFO[kind](content)
    if not RATE_LEAST <= info.sample_rate <= RATE_MOST:
        raise RecordingError(f"{info.sample_rate} samples a second")
    if not 1 <= info.nchannels <= CHANNELS_MOST:
        raise RecordingError(f"{info.nchannels} channels")
    return int(info.sample_rate)


def _pieces(content: bytes, rate: int, limits: RecordingLimits) -> Iterable[bytes]:
    frames = 0
    stream = miniaudio.stream_memory(
        content, nchannels=1, sample_rate=rate, frames_to_read=_PIECE_FRAMES
    )
    for piece in stream:
        frames += len(piece)
        if frames > limits.seconds * rate:
            raise RecordingError(f"longer than {limits.seconds} s")
        yield piece.tobytes()


def _at_our_rate(pieces: Iterable[bytes], rate: int) -> bytes:
    """Resample in blocks.  Each is given a second more on both sides, which is cut off again.

    A block begins at a whole second, where input and output samples fall together, so the joints
    cannot be heard.
    """
    second, our_second = rate * SAMPLE_BYTES, RATE * SAMPLE_BYTES
    held, before, out = bytearray(), 0, bytearray()
    for piece in pieces:
        held += piece
        until = before + _BLOCK_SECONDS
        while len(held) >= (until + 1) * second:
            block = _relay.resample(bytes(held[: (until + 1) * second]), rate)
            out += block[before * our_second : until * our_second]
            del held[: (until - 1) * second]
            before, until = 1, 1 + _BLOCK_SECONDS
    out += _relay.resample(bytes(held), rate)[before * our_second :]
    return bytes(out)


def wav(pcm: bytes, rate: int, channels: int) -> bytes:
    """Return `pcm` (16 bits, little-endian) as a WAV file."""
    return header(len(pcm), channels, rate) + pcm
