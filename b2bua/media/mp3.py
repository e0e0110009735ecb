"""WAV files made smaller, by the LAME encoder where it is installed (the extra `mp3`)."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from tempfile import mkstemp

KILOBITS = 32
"""A second, for each channel; more than speech at 8,000 Hz can make use of."""
_FRAMES = 8_000
_QUALITY = 5  # LAME's own default


def mp3_of(wav: Path) -> Path | None:
    """Return the MP3 file beside a WAV file, made if need be; None: there is no encoder.  Blocks.

    Raises:
        OSError: there is no WAV file, or no room.
    """
    made = wav.with_suffix(".mp3")
    if made.exists():
        return made
    try:
        from lameenc import Encoder  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    with wave.open(str(wav)) as source:
        encoder = Encoder()
        encoder.silence()
        encoder.set_channels(source.getnchannels())
        encoder.set_in_sample_rate(source.getframerate())
        encoder.set_out_sample_rate(source.getframerate())
        encoder.set_bit_rate(KILOBITS * source.getnchannels())
        encoder.set_quality(_QUALITY)
        descriptor, part = mkstemp(".part", dir=wav.parent)
        try:
            with os.fdopen(descriptor, "wb") as target:
                while frames := source.readframes(_FRAMES):
                    target.write(encoder.encode(frames))
                target.write(encoder.flush())
            Path(part).replace(made)
        except BaseException:
            Path(part).unlink()
            raise
    if not wav.exists():  # it was deleted meanwhile
        made.unlink(missing_ok=True)
    return made
