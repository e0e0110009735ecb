"""Content types (rcml.md 7.4)."""

from __future__ import annotations

import pytest

from b2bua.rcml.document import Document, RcmlError
from b2bua.rcml.page import Once, read_page
from b2bua.rcml.reading import Setting
from b2bua.rcml.verbs.hangup import Hangup
from b2bua.routing.plan import Answer, Recording, Speech
from tests.rcml.reading import BASE

RCML = b"<Response><Hangup/></Response>"


def page(content_type: str, body: bytes, status: int = 200) -> Document:
    return read_page(Answer(status, content_type, body, BASE), Setting(BASE))


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "application/xml", "text/html", "TEXT/XML; charset=utf-8", "text/plain"],
)
def test_rcml_comes_under_several_names(content_type: str) -> None:
    assert page(content_type, RCML) == Document((Hangup(),))


@pytest.mark.parametrize("content_type", ["audio/wav", "audio/mpeg", "Audio/Ogg; codecs=opus"])
def test_audio_is_played_once(content_type: str) -> None:
    assert page(content_type, b"RIFF") == Document((Once(Recording(b"RIFF")),))


def test_plain_text_that_is_no_rcml_is_spoken() -> None:
    assert page("text/plain", b"Hello,\n caller & co") == Document(
        (Once(Speech("Hello, caller & co")),)
    )


@pytest.mark.parametrize("body", [b"\xff", b"x" * 4097])
def test_plain_text_that_cannot_be_spoken_is_a_bad_document(body: bytes) -> None:
    with pytest.raises(RcmlError) as problem:
        page("text/plain", body)
    assert problem.value.code == 12100


@pytest.mark.parametrize("content_type", ["", "application/json", "image/png", "text/css", "xml"])
def test_any_other_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(RcmlError) as problem:
        page(content_type, RCML)
    assert problem.value.code == 12300


@pytest.mark.parametrize("content_type", ["", "text/xml", "application/json"])
@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_body_is_an_empty_document(content_type: str, status: int) -> None:
    assert page(content_type, b"", status) == Document(())
