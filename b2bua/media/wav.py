"""WAV files that are whole at every moment: 16-bit PCM at 8,000 Hz, in one or two channels.

The header is written anew behind each piece of sound, so that a file whose writer was killed is a
WAV file all the same; what it lacks then is the last piece at most, which `mended` adds.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from b2bua.media.tones import RATE, SAMPLE_BYTES

HEADER_BYTES = 44
_MODE = 0o600
_PCM = 1


class WavFile:
    """A new file at `path`.  Whoever makes it calls `close`.

    Raises:
        OSError: in every method, when the file system will not.
    """

    def __init__(self, path: Path, channels: int) -> None:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        self.size = 0
        self._channels = channels
        self._file = os.fdopen(os.open(path, flags, _MODE), "wb", buffering=0)
        self._write_all(0, header(0, channels))

    def append(self, pcm: bytes) -> None:
        """Add interleaved samples."""
        self._write_all(HEADER_BYTES + self.size, pcm)
        self.size += len(pcm)
        self._write_all(0, header(self.size, self._channels))

    def truncate(self, size: int) -> None:
        """Cut the sound to its first `size` bytes."""
        self.size = size
        self._write_all(0, header(size, self._channels))
        self._file.truncate(HEADER_BYTES + size)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _write_all(self, at: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = os.pwrite(self._file.fileno(), left, at)
            at, left = at + written, left[written:]


def header(size: int, channels: int, rate: int = RATE) -> bytes:
    """Return what stands before `size` bytes of sound."""
    frame = channels * SAMPLE_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + size,
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        channels,
        rate,
        rate * frame,
        frame,
        SAMPLE_BYTES * 8,
        b"data",
        size,
    )


def mended(path: Path, channels: int) -> float:
    """Bring the header of a file that was left as it was up to date; return its seconds.

    Raises:
        OSError: it is not there, or cannot be written.
    """
    frame = channels * SAMPLE_BYTES
    with path.open("r+b") as file:
        size = max(0, file.seek(0, os.SEEK_END) - HEADER_BYTES) // frame * frame
        file.seek(0)
        file.write(header(size, channels))
        file.truncate(HEADER_BYTES + size)
    return size / frame / RATE
