"""On which line each key of a TOML document stands, which `tomllib` does not tell.

The document has been read by `tomllib` before, so it is well formed and the scan below need not
check anything.  A path is what one types in Python: `("numbers", 0, "router")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''
      (?P<comment> \# [^\n]* )
    | (?P<string> """ (?: \\. | [^\\] )*? """ "{0,2}  |  \'\'\' .*? \'\'\' '{0,2}
                | " (?: \\. | [^"\\\n] )* "           |  ' [^'\n]* ' )
    | (?P<mark> [\[\]{},=.\n] )
    | (?P<bare> [^\s\[\]{},=.\#"']+ )
    ''',
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int


class KeyLines:
    """The lines of one document, counted from 1."""

    def __init__(self, text: str = "") -> None:
        self._lines: dict[Path, int] = {(): 1}
        self._tables: dict[Path, int] = {}  # arrays of tables: how many so far
        self._tokens = list(_tokens(text))
        self._at = 0
        self._table: Path = ()
        while self._skip_blank():
            self._statement()

    def line(self, path: Path) -> int:
        """Return the line of `path`, or of the nearest thing around it that is written."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _statement(self) -> None:
        if self._peek() == "[":
            self._table = self._header()
        else:
            self._pair(self._table)

    def _header(self) -> Path:
        line = self._tokens[self._at].line
        self._at += 1
        is_array = self._peek() == "["
        self._at += is_array
        names = self._key("]")
        self._at += is_array
        path: Path = ()
        for name in names[:-1]:
            path = self._latest((*path, name))
        path = (*path, names[-1])
        if is_array:
            self._lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, 0) + 1
        path = self._latest(path)
        self._lines[path] = line
        return path

    def _latest(self, path: Path) -> Path:
        count = self._tables.get(path)
        return path if count is None else (*path, count - 1)

    def _key(self, end: str) -> list[str]:
        names: list[str] = []
        while (text := self._next()) != end:
            if text != ".":
                names.append(text.strip("\"'"))
        return names

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at].line
        path = table
        for name in self._key("="):
            path = (*path, name)
            self._lines.setdefault(path, line)
        self._value(path)

    def _value(self, path: Path) -> None:
        self._lines[path] = self._tokens[self._at].line
        match self._peek():
            case "[":
                self._members(path, "]")
            case "{":
                self._members(path, "}")
            case _:
                while self._peek() not in (",", "\n", "]", "}", ""):
                    self._at += 1

    def _members(self, path: Path, end: str) -> None:
        self._at += 1
        index = 0
        while self._skip_blank() and self._peek() != end:
            if self._peek() == ",":
                self._at += 1
            elif end == "]":
                self._value((*path, index))
                index += 1
            else:
                self._pair(path)
        self._at += 1

    def _skip_blank(self) -> bool:
        while self._peek() == "\n":
            self._at += 1
        return self._peek() != ""

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        text = self._peek()
        self._at += 1
        return text


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "comment":
            yield _Token(found.group(), line)
        line += found.group().count("\n")
