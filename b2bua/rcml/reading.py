"""What a verb's `read` is given: where the document stands, and a place for warnings.

Each kind of attribute value is read by one method here, which knows its range and default.  A bad
value never aborts a document: it is noted with its code and the default is used (rcml.md 7.4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from lxml import etree

from b2bua.rcml.limits import Limits
from b2bua.rcml.urls import resolve

INVALID_URL = 11100
SCHEMA = 12200

_START_TAG = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|(<)[^/!?]", re.DOTALL)
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Warned:
    """Something odd in a document that still runs.  `line` and `column` count from 1."""

    code: int
    text: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return the sentence with its place in front."""
        return f"line {self.line}, column {self.column}: {self.text}"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a document is read: its own URL, the account's country, and which verbs it may hold."""

    url: str
    country: str = ""
    is_whisper: bool = False
    limits: Limits = field(default_factory=Limits)


class Reading:
    """One document being read."""

    def __init__(
        self, setting: Setting, place: Callable[[etree._Element], tuple[int, int]]
    ) -> None:
        self.setting = setting
        self.warnings: list[Warned] = []
        self._place = place

    def warn(self, element: etree._Element, text: str, code: int = SCHEMA) -> None:
        """Note that something is odd about `element`; past the limit, once, that there is more."""
        limit = self.setting.limits.document_warnings
        if len(self.warnings) < limit:
            self.warnings.append(Warned(code, text, *self._place(element)))
        elif len(self.warnings) == limit:
            text = "there are more warnings than are told"
            self.warnings.append(Warned(SCHEMA, text, *self._place(element)))

    @staticmethod
    def is_in_gather(element: etree._Element) -> bool:
        """Return whether `element` is a prompt of a <Gather>, whose warnings have other codes."""
        parent = element.getparent()
        return parent is not None and parent.tag == "Gather"

    def attributes(self, element: etree._Element, known: Collection[str]) -> None:
        """Warn of each attribute of `element` that is not `known` (rule N-11)."""
        for name in map(str, element.attrib):
            if name not in known:
                alike = next((k for k in known if k.casefold() == name.casefold()), None)
                hint = f" (it is written {alike})" if alike else ""
                self.warn(element, f"<{element.tag}> has no attribute {name:.64}{hint}")

    def unsupported(self, element: etree._Element, names: Collection[str]) -> None:
        """Warn of each attribute of `element` that is understood but not acted upon yet."""
        for name in names:
            if element.get(name) is not None:
                self.warn(element, f"{name} of <{element.tag}> is not supported yet")

    def no_children(self, element: etree._Element) -> None:
        """Warn of each element inside `element`."""
        for child in element.iterchildren(etree.Element):
            self.warn(child, f"<{child.tag:.64}> has no meaning inside <{element.tag}>")

    def no_text(self, element: etree._Element) -> None:
        """Warn of text between the elements inside `element`."""
        if text_of(element):
            self.warn(element, f"<{element.tag}> holds text, which is ignored")

    def whole(
        self,
        element: etree._Element,
        name: str,
        default: int,
        *,
        least: int = 1,
        most: int,
        code: int = SCHEMA,
    ) -> int:
        """Return a whole number from `least` to `most`."""
        text = element.get(name)
        if text is None:
            return default
        if _WHOLE.fullmatch(text.strip()) and least <= int(text) <= most:
            return int(text)
        self._bad(element, name, f"a whole number from {least} to {most}", code)
        return default

    def flag(self, element: etree._Element, name: str) -> bool:
        """Return a truth value, False when absent."""
        text = (element.get(name) or "false").strip().lower()
        if text not in {"true", "false"}:
            self._bad(element, name, "true or false", SCHEMA)
        return text == "true"

    def method(self, element: etree._Element, name: str = "method", code: int = SCHEMA) -> str:
        """Return GET or POST, POST when absent (rules N-3, N-6)."""
        text = (element.get(name) or "POST").strip().upper()
        if text in {"GET", "POST"}:
            return text
        self._bad(element, name, "GET or POST", code)
        return "POST"

    def link(self, element: etree._Element, name: str) -> str | None:
        """Return an absolute http or https URL, None when absent or blank."""
        text = element.get(name)
        if text is None or not text.strip():
            return None
        url = self.resolve(text)
        if url is None:
            self._bad(element, name, "an http or https URL", INVALID_URL)
        return url

    def resolve(self, reference: str) -> str | None:
        """Return `reference` as an absolute http or https URL, or None when it cannot be one."""
        return resolve(self.setting.url, reference)

    def word(
        self, element: etree._Element, name: str, default: str, pattern: str, code: int = SCHEMA
    ) -> str:
        """Return a value that matches `pattern` as a whole."""
        text = element.get(name)
        if text is None or re.fullmatch(pattern, text, re.ASCII):
            return default if text is None else text
        self._bad(element, name, "a value known here", code)
        return default

    def _bad(self, element: etree._Element, name: str, wanted: str, code: int) -> None:
        # The value stays unsaid: it may hold a password, or digits that are somebody's secret.
        self.warn(element, f"{name} of <{element.tag}> is not {wanted}; it counts as absent", code)


def text_of(element: etree._Element) -> str:
    """Return the text directly inside `element`, white space around it dropped."""
    pieces = [element.text or "", *(child.tail or "" for child in element)]
    return "".join(pieces).strip()


def start_tags(source: str) -> list[tuple[int, int]]:
    """Return line and column of every start tag of a well-formed document, in document order."""
    places: list[tuple[int, int]] = []
    line, line_start, seen = 1, 0, 0
    for match in _START_TAG.finditer(source):
        start = match.start()
        if newlines := source.count("\n", seen, start):
            line += newlines
            line_start = source.rindex("\n", seen, start) + 1
        seen = start
        if match.group(1):
            places.append((line, start - line_start + 1))
    return places
