"""The program that decodes one audio file, in a process of its own: see `b2bua.media.decoder`.

    python -m b2bua.media.decode_child FILE CONTENT_BYTES SECONDS

It writes 16-bit PCM, 8,000 Hz mono, to its standard output.  Status 3 means that the file is at
fault, and standard error says how; anything else means that the decoder is.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

FILE_AT_FAULT = 3
_MEMORY_BYTES = 1024 * 1024 * 1024
_PROCESSOR_SECONDS = 60


def main(argv: list[str]) -> int:
    """Decode `argv[1]`, with limits; return the exit status."""
    _give_up_much()
    from b2bua.media.recordings import (  # noqa: PLC0415 - only once memory is bounded
        RecordingError,
        RecordingLimits,
        decode,
    )

    name, content_bytes, seconds = argv[1:]
    try:
        pcm = decode(Path(name).read_bytes(), RecordingLimits(int(content_bytes), int(seconds)))
    except RecordingError as problem:
        sys.stderr.write(str(problem))
        return FILE_AT_FAULT
    sys.stdout.buffer.write(pcm)
    return 0


def _give_up_much() -> None:
    """Leave the decoder little to harm: some memory, some time, and no file to write."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
