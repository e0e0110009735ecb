"""What came over HTTP, made a document by its content type (rcml.md 7.4)."""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.rcml.document import PARSE_FAILURE, Document, RcmlError, read_document
from b2bua.rcml.flow import Flow, Next
from b2bua.rcml.reading import Setting
from b2bua.routing.plan import Answer, Prompt, Recording, Speech

INVALID_CONTENT_TYPE = 12300

_RCML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})


@dataclass(frozen=True, slots=True)
class Once:
    """An answer that is no markup but something to be heard."""

    prompt: Prompt

    async def run(self, flow: Flow) -> Next:
        """Play it."""
        await flow.party.play(self.prompt)
        return None


def read_page(answer: Answer, setting: Setting) -> Document:
    """Return the document that `answer` is; an empty body is an empty document.

    Raises:
        RcmlError: its content type leads to no document (12300), or it is a bad one (12100).
    """
    if not answer.body:
        return Document(())
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind in _RCML_TYPES:
        return read_document(answer.body, setting)
    if kind.startswith("audio/"):
        return Document((Once(Recording(answer.body)),))
    if kind == "text/plain":
        return _read_text(answer.body, setting)
    raise RcmlError(f"the content type is {kind[:64]!r}", code=INVALID_CONTENT_TYPE)


def _read_text(body: bytes, setting: Setting) -> Document:
    try:
        return read_document(body, setting)
    except RcmlError as problem:
        if problem.code != PARSE_FAILURE:
            raise
        return Document((Once(Speech(_words(body, setting, problem))),))


def _words(body: bytes, setting: Setting, problem: RcmlError) -> str:
    try:
        words = " ".join(body.decode("utf-8").split())
    except UnicodeDecodeError:
        raise problem from None
    if len(words) > setting.limits.document_value_characters:
        raise problem
    return words
