"""Every limit of RCML, by name and unit, with its default (limits.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document, and a call that runs documents, may not exceed.

    Breaking one of the first seven is error 12100: `document_targets` are the nouns of all its
    <Dial>s, ignored ones included, and `document_elements` is everything.  More than
    `document_warnings` are not told one by one.  `dial_nouns` are the legs of one <Dial>: more are
    ignored with a warning (rule N-4).  `documents_without_input` may be fetched in a row without a
    key from the party; `call_seconds` is how long a caller may run documents in all.  `play_bytes`
    is what <Play> fetches at most, and `gather_repeats` how often a prompt inside a <Gather> is
    played.
    """

    document_bytes: int = 65_536
    document_verbs: int = 100
    document_targets: int = 100
    document_elements: int = 1_000
    document_depth: int = 8
    document_attributes: int = 32
    document_value_characters: int = 4_096
    document_warnings: int = 100
    dial_nouns: int = 10
    send_digits: int = 32
    documents_without_input: int = 50
    call_seconds: float = 14_400.0
    play_bytes: int = 10_485_760
    gather_repeats: int = 10


DEFAULTS = Limits()
