"""A recording while it is made: from copies of packets to a file.  Blocks, and belongs in a thread.

The two sides are written together, `HOLD` behind the present, so that what comes late or in another
order still finds its place.  Sound that is not G.711 is not understood, and counted.
"""

from __future__ import annotations

import shutil
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from b2bua.media import _relay
from b2bua.media.tapped import read_tapped
from b2bua.media.tones import RATE, SAMPLE_BYTES
from b2bua.media.track import Track
from b2bua.media.wav import WavFile

PARENT, CHILD = 0, 1
"""What the sides are called at the tap; channel 1 and channel 2 of a file."""

HOLD = RATE
"""Samples that are waited for: twice what a packet may be away from its place (`track.APART`)."""
FREE_BYTES = 256 * 1024 * 1024
"""Room on the disk without which nothing is recorded: the store needs some, and the logs."""
QUIET = 328
"""The peak of silence, of 32,768: 40 dB below the loudest sound."""

_BLOCK = RATE // 50
_COMFORT_NOISE = 13  # RFC 3389
_DECODERS: dict[int, Callable[[bytes], bytes]] = {0: _relay.ulaw_decode, 8: _relay.alaw_decode}


@dataclass(frozen=True, slots=True)
class Style:
    """How a recording is made: one or two `channels`; `trim` cuts silence at both ends."""

    channels: int = 1
    trim: bool = False


class TapeError(Exception):
    """Nothing can be recorded: no room, no folder, no permission.  The text says which."""


class Tape:
    """A recording in the file at `path`; times are nanoseconds of the monotonic clock.

    Raises:
        TapeError: the file can't be made.
    """

    def __init__(
        self,
        path: Path,
        style: Style,
        began_ns: int,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._path, self._style, self._free = path, style, free
        self._tracks = (Track(began_ns), Track(began_ns))
        self._understood = [0, 0]
        self._strange: tuple[set[int], set[int]] = (set(), set())
        self._loud_bytes = 0
        self._is_heard = not style.trim
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._look_for_room()
            self._file = WavFile(path, style.channels)
        except OSError as problem:
            raise TapeError(f"no file for a recording: {problem}") from problem

    @property
    def not_understood(self) -> dict[int, list[int]]:
        """The payload types of each side of which nothing at all was understood."""
        return {
            side: sorted(strange)
            for side, strange in enumerate(self._strange)
            if strange and not self._understood[side]
        }

    def hear(self, taken: bytes, now_ns: int) -> None:
        """Take what a tap gave, and write what is old enough.

        Raises:
            TapeError: it can't be written, and the file is gone.
        """
        for packet in read_tapped(taken):
            if packet.channel > CHILD:
                continue
            track = self._tracks[packet.channel]
            decode = _DECODERS.get(packet.payload_type)
            if decode is None:
                if packet.payload_type != _COMFORT_NOISE:
                    self._strange[packet.channel].add(packet.payload_type)
                continue
            self._understood[packet.channel] += 1
            arrival = track.place_of(packet.arrived_ns)
            if arrival - HOLD > track.at + RATE:  # nobody has looked for long
                self._write_until(arrival - HOLD)
            track.put(packet, decode(packet.payload))
        self._write_until(self._tracks[0].place_of(now_ns) - HOLD)

    def finish(self, taken: bytes, now_ns: int) -> float:
        """Take the last of it and close the file; return its seconds.

        Raises:
            TapeError: it can't be written, and the file is gone.
        """
        self.hear(taken, now_ns)
        self._write_until(self._tracks[0].place_of(now_ns))
        if self._style.trim:
            self._doing(lambda: self._file.truncate(self._loud_bytes))
        self._file.close()
        return self._file.size / (RATE * SAMPLE_BYTES * self._style.channels)

    def discard(self) -> None:
        """Close the file and remove it."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write_until(self, sample: int) -> None:
        while self._tracks[0].at < sample:
            count = min(RATE, sample - self._tracks[0].at)
            parent, child = (track.take(count) for track in self._tracks)
            pcm = _relay.mix(parent, child) if self._style.channels == 1 else _woven(parent, child)
            self._doing(partial(self._write, pcm))

    def _write(self, pcm: bytes) -> None:
        self._look_for_room()
        if not self._style.trim:
            self._file.append(pcm)
            return
        size = _BLOCK * SAMPLE_BYTES * self._style.channels
        blocks = [pcm[at : at + size] for at in range(0, len(pcm), size)]
        loud = [at for at, block in enumerate(blocks) if _relay.level(block)[0] > QUIET]
        if not loud and not self._is_heard:
            return
        first = 0 if self._is_heard else loud[0]
        self._is_heard = True
        before = self._file.size
        self._file.append(pcm[first * size :])
        if loud:
            self._loud_bytes = min(before + (loud[-1] + 1 - first) * size, self._file.size)

    def _look_for_room(self) -> None:
        left = self._free(self._path.parent)
        if left < FREE_BYTES:
            raise OSError(f"{left:,} bytes are free at {self._path.parent}, of {FREE_BYTES:,}")

    def _doing(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as problem:
            self.discard()
            raise TapeError(f"a recording can't be written: {problem}") from problem


def _woven(parent: bytes, child: bytes) -> bytes:
    """Return two channels sample by sample."""
    both = array("h", bytes(len(parent) + len(child)))
    both[0::2] = array("h", parent)
    both[1::2] = array("h", child)
    return both.tobytes()
