"""Every limit of RCML, by name and unit, with its default (limits.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document, and a call that runs documents, may not exceed.

    The first six bound one document; breaking one of them is error 12100.  `nouns` are the legs of
    one <Dial>: more are ignored with a warning (rule N-4).  `documents` may be fetched in a row
    without input from the caller, and `seconds` is how long a call may run documents in all.
    `recording_bytes` is what <Play> fetches at most, and `repeats` how often a prompt inside a
    <Gather> is played.
    """

    document_bytes: int = 65_536
    verbs: int = 100
    depth: int = 8
    attributes: int = 32
    value_chars: int = 4_096
    warnings: int = 100
    nouns: int = 10
    documents: int = 50
    seconds: int = 14_400
    recording_bytes: int = 10 * 1_048_576
    repeats: int = 10


DEFAULTS = Limits()
