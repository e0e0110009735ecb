"""Run documents: verbs in order, and from document to document until one ends it.

The same walk serves the caller's documents and a whisper's.  They differ in the flow (whose party
it is, which fallback it has) and in what the end means, which is the business of `router.py` and
`whisper.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.rcml.document import Document, RcmlError
from b2bua.rcml.flow import LOOPED, End, Flow, Follow, Next
from b2bua.rcml.page import read_page
from b2bua.rcml.reading import Setting
from b2bua.rcml.urls import document_url, without_secrets
from b2bua.routing.plan import Fault


@dataclass(frozen=True, slots=True)
class Fallback:
    """Where a caller is sent when a document fails; an empty `url` means nowhere."""

    url: str = ""
    method: str = "POST"

    def after(self, fault: Fault, failed: Follow) -> Follow | None:
        """Return the way on after `failed`, or None when it was itself the way out."""
        if not self.url or failed.is_fallback:
            return None
        fields = (("ErrorCode", str(fault.code)), ("ErrorUrl", without_secrets(failed.url)))
        return Follow(self.url, self.method, fields, is_fallback=True)


async def walk(flow: Flow, first: Follow, fallback: Fallback = Fallback()) -> End:
    """Run the document at `first` and all it leads to; return how that ended.

    Raises:
        Gone: the party hung up.
    """
    follow: Follow | None = first
    in_a_row = 0
    while follow is not None:
        in_a_row = 1 if follow.after_input else in_a_row + 1
        if in_a_row > flow.limits.documents_without_input:
            text = f"{flow.limits.documents_without_input} documents in a row without a key pressed"
            flow.note(Fault(LOOPED, text, follow.url))
            return End.FAILED
        document = await _open(flow, follow)
        if isinstance(document, Fault):
            flow.note(document)
            follow = fallback.after(document, follow)
            continue
        step = await _perform(document, flow)
        if isinstance(step, End):
            return step
        follow = step
    return End.FAILED


async def _open(flow: Flow, follow: Follow) -> Document | Fault:
    answer = await flow.fetch(follow)
    if isinstance(answer, Fault):
        return answer
    url = document_url(follow.url, answer.url)
    setting = Setting(url, flow.country, flow.is_whisper, flow.limits)
    try:
        document = read_page(answer, setting)
    except RcmlError as problem:
        return Fault(problem.code, str(problem), url)
    for warned in document.warnings:
        flow.note(Fault(warned.code, str(warned), url))
    return document


async def _perform(document: Document, flow: Flow) -> Follow | End:
    for verb in document.verbs:
        if flow.is_expired:
            return End.HANG_UP
        step: Next = await verb.run(flow)
        if step is not None:
            return step
    return End.RAN_OUT
