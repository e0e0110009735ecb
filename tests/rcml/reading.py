"""Read a piece of RCML as a test writes it."""

from __future__ import annotations

from b2bua.rcml.document import Document, read_document
from b2bua.rcml.flow import Verb
from b2bua.rcml.reading import Setting

BASE = "https://app.example/calls/voice.xml"


def read(body: str, *, country: str = "", is_whisper: bool = False) -> Document:
    """Read what stands inside <Response>."""
    source = f"<Response>{body}</Response>".encode()
    return read_document(source, Setting(BASE, country, is_whisper))


def verb(body: str, **setting: str) -> Verb:
    """Read one verb, about which there is nothing to warn of."""
    document = read(body, **setting)  # type: ignore[arg-type]
    assert document.warnings == ()
    (only,) = document.verbs
    return only


def codes(body: str, **setting: str) -> list[int]:
    """Return the codes of the warnings about `body`."""
    return [warned.code for warned in read(body, **setting).warnings]  # type: ignore[arg-type]
