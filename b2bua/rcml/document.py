"""Bytes to verbs: the one XML parser, the limits of a document, and `RcmlError` with its place.

Nothing in a document can make the parser open a file or a socket, or use more than its share of
memory: a document type declaration is refused before the parser sees it, and the rest is bounded.
Whatever else is wrong in a well-formed document is a warning, and the document runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from lxml import etree

from b2bua.rcml.flow import Verb
from b2bua.rcml.limits import Limits
from b2bua.rcml.reading import Reading, Setting, Warned, start_tags
from b2bua.rcml.verbs import VERBS

PARSE_FAILURE = 12100
FORBIDDEN_IN_WHISPER = 13200

# Rule W-4: what a document that runs on the callee's side may not contain.
_NOT_IN_WHISPERS = frozenset({"Dial", "Enqueue", "Leave", "Connect", "Refer"})

# XML 1.0 section 2.8: before the document type declaration there are only white space, comments
# and processing instructions.  Possessive, so that no input makes it try twice.
_DOCTYPE = re.compile(r"(?:\s++|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE", re.DOTALL | re.ASCII)
# What an element is counted as, by the one it stands in.
_COUNTED = {"Response": ("verbs",), "Gather": ("verbs",), "Dial": ("targets",)}
_ENCODING = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)""", re.ASCII)


class RcmlError(Exception):
    """A document that cannot run: its author's fault.  `line` and `column` count from 1."""

    def __init__(
        self, text: str, line: int = 1, column: int = 1, code: int = PARSE_FAILURE
    ) -> None:
        super().__init__(f"line {line}, column {column}: {text:.300}")
        self.code = code
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of a document, in order, and what was odd about it."""

    verbs: tuple[Verb, ...]
    warnings: tuple[Warned, ...] = ()


def read_document(data: bytes, setting: Setting) -> Document:
    """Read a document; `data` may be any bytes.

    Raises:
        RcmlError: it is no well-formed RCML (12100), breaks a limit (12100), or holds a verb that
            a whisper may not hold (13200).
    """
    tree = _Tree(data, setting.limits)
    tree.check()
    reading = Reading(setting, tree.place)
    root = tree.root
    reading.attributes(root, ())
    reading.no_text(root)
    verbs = [_read_verb(element, reading, tree) for element in root.iterchildren(etree.Element)]
    kept = tuple(verb for verb in verbs if verb is not None)
    return Document(kept, tuple(reading.warnings))


def _read_verb(element: etree._Element, reading: Reading, tree: _Tree) -> Verb | None:
    if reading.setting.is_whisper and element.tag in _NOT_IN_WHISPERS:
        tree.refuse(element, f"<{element.tag}> is not allowed in a whisper", FORBIDDEN_IN_WHISPER)
    read: Callable[[etree._Element, Reading], Verb | None] | None = VERBS.get(str(element.tag))
    if read is None:
        alike = next((k for k in VERBS if k.casefold() == str(element.tag).casefold()), None)
        hint = f" (it is written <{alike}>)" if alike else ""
        reading.warn(element, f"<{element.tag:.64}> is no verb{hint}")
        return None
    return read(element, reading)


class _Tree:
    """A document's elements, and where each stands in its text."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._source = _decode(data, limits.document_bytes)
        try:
            self.root = etree.fromstring(data, _parser())
        except etree.XMLSyntaxError as problem:
            line, column = problem.position
            raise RcmlError(problem.msg or "not XML", max(1, line), max(1, column)) from None

    def check(self) -> None:
        """Refuse what is no RCML, or breaks a limit.

        Raises:
            RcmlError: with the place of the element.
        """
        if self.root.tag != "Response":
            self.refuse(self.root, f"the document is <{self.root.tag:.64}>, not <Response>")
        most = {
            "elements": self._limits.document_elements,
            "verbs": self._limits.document_verbs,
            "targets": self._limits.document_targets,
        }
        counts: Counter[str] = Counter()
        for element, depth in self._walk():
            if depth > self._limits.document_depth:
                self.refuse(element, f"elements are nested deeper than {depth - 1}")
            parent = element.getparent()
            counts.update(["elements", *_COUNTED.get("" if parent is None else parent.tag, ())])
            for what, count in counts.items():
                if count > most[what]:
                    self.refuse(element, f"there are more than {most[what]} {what}")
            self._check_values(element)

    def _walk(self) -> Iterator[tuple[etree._Element, int]]:
        """Yield every element with its depth, the root's being 1."""
        depths: dict[etree._Element | None, int] = {None: 0}
        for element in self.root.iter(etree.Element):
            depths[element] = depths[element.getparent()] + 1
            yield element, depths[element]

    def _check_values(self, element: etree._Element) -> None:
        most = self._limits.document_attributes
        if len(element.attrib) > most:
            self.refuse(element, f"there are more than {most} attributes")
        texts = [(element.text or "").strip(), (element.tail or "").strip()]
        if element.tag == "Say":
            texts.append("".join(map(str, element.itertext())))
        most = self._limits.document_value_characters
        if any(len(value) > most for value in [*element.attrib.values(), *texts]):
            self.refuse(element, f"a value is longer than {most} characters")

    def refuse(self, element: etree._Element, text: str, code: int = PARSE_FAILURE) -> NoReturn:
        """Refuse the document because of `element`.

        Raises:
            RcmlError: always.
        """
        line, column = self.place(element)
        raise RcmlError(text, line, column, code)

    def place(self, element: etree._Element) -> tuple[int, int]:
        """Return line and column of `element`, from 1."""
        return self._places.get(element, (1, 1))

    @cached_property
    def _places(self) -> dict[etree._Element, tuple[int, int]]:
        elements = self.root.iter(etree.Element)
        return dict(zip(elements, start_tags(self._source), strict=False))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _decode(data: bytes, limit: int) -> str:
    if len(data) > limit:
        raise RcmlError(f"the document is longer than {limit} bytes")
    try:
        source = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as problem:
        good = data[: problem.start].decode("utf-8")
        raise RcmlError("the document is not UTF-8", *_end_of(good)) from None
    declared = _ENCODING.match(source)
    if declared and declared.group(1).lower() not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise RcmlError(f"the document is declared {declared.group(1):.40}, not UTF-8")
    if doctype := _DOCTYPE.match(source):
        start = doctype.end() - len("<!DOCTYPE")
        raise RcmlError("a document type declaration is refused", *_end_of(source[:start]))
    return source


def _end_of(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
