"""Sounds and files of sound for tests, made here."""

from __future__ import annotations

import math
import struct
from array import array
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from b2bua.media.recordings import wav


def sine(hz: float, seconds: float = 1.0, rate: int = 8000, peak: int = 10000) -> bytes:
    """Return a tone as 16-bit mono PCM."""
    step = 2 * math.pi * hz / rate
    count = round(seconds * rate)
    return array("h", (round(peak * math.sin(step * at)) for at in range(count))).tobytes()


def sine_wav(hz: float, seconds: float = 1.0, rate: int = 8000, peak: int = 10000) -> bytes:
    """Return a tone as a WAV file."""
    return wav(sine(hz, seconds, rate, peak), rate, 1)


def g711_wav(octets: bytes, format_tag: int) -> bytes:
    """Return G.711 octets as a WAV file: format 6 is A-law, 7 is mu-law (RFC 2361)."""
    head = struct.pack("<HHIIHHH", format_tag, 1, 8000, 8000, 1, 8, 0)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head
    chunks += b"data" + struct.pack("<I", len(octets)) + octets
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


class Result:
    """What came of a coroutine: nothing yet, a value, or an exception."""

    def __init__(self, coroutine: Any) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.is_over = False
        self.deferred: Deferred[Any] = Deferred.fromCoroutine(coroutine)
        self.deferred.addCallbacks(self._done, self._failed)

    def _done(self, value: Any) -> None:
        self.is_over, self.value = True, value

    def _failed(self, why: Failure) -> None:
        self.is_over, self.error = True, why.value

    def cancel(self) -> None:
        self.deferred.cancel()


def assert_failed(result: Result, kind: type[BaseException], match: str) -> None:
    """Check that `result` failed with `kind`, saying `match`."""
    assert result.error is not None
    with pytest.raises(kind, match=match):
        raise result.error
