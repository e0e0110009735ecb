"""A call drawn as a ladder: parties side by side, time down the page, an arrow for each message.

`draw` is a pure function from arrows to text.  The second party is the *hub*, which all others
speak through, so that an arrow's label stands beside its other end.  SIP is a solid line, HTTP a
dotted one, and media a double one; while media flows to a party its own line is doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

WIDTH = 120
TIME = 8  # columns of the time
QUIET = 0.4  # seconds without an arrow, after which an empty rung shows that time has passed


class Kind(Enum):
    """What an arrow is: its stroke, and its colour as an ANSI code."""

    REQUEST = ("─", "36")
    RESPONSE = ("─", "32")
    REFUSAL = ("─", "31")
    HTTP = ("┄", "35")
    CALLBACK = ("┄", "34")
    MEDIA = ("═", "33")

    @property
    def stroke(self) -> str:
        return self.value[0]

    @property
    def colour(self) -> str:
        return self.value[1]


@dataclass(frozen=True)
class Party:
    """Who stands above a line: a name, and a word about it."""

    name: str
    about: str = ""

    @property
    def half(self) -> int:
        return max(len(self.name), len(self.about)) // 2


@dataclass(frozen=True)
class Arrow:
    """Something that went from one party to another, `at` seconds into the call.

    Media goes on `until` then.  `both` puts a head on either end.
    """

    at: float
    source: str
    target: str
    label: str
    kind: Kind = Kind.REQUEST
    both: bool = False
    until: float = 0.0


LEGEND = "──▶ SIP     ┄┄▶ HTTP     ══▶ RTP     ║ media flows     #n SequenceNumber of a callback"

# How a stroke meets a party's line: where it crosses, leaves to the right, leaves to the left.
JOINTS = {
    "─│": "┼├┤",
    "─║": "╫╟╢",
    "┄│": "│├┤",
    "┄║": "║╟╢",
    "═│": "╪╞╡",
    "═║": "╬╠╣",
}


def draw(
    parties: Sequence[Party], arrows: Iterable[Arrow], *, width: int = WIDTH, colour: bool = False
) -> str:
    """Return the ladder, lines of at most `width` columns, colour codes not counted."""
    return "\n".join(_Ladder(parties, [*arrows], width, colour).lines())


class _Ladder:
    def __init__(
        self, parties: Sequence[Party], arrows: list[Arrow], width: int, colour: bool
    ) -> None:
        self._parties = parties
        self._arrows = sorted(arrows, key=lambda arrow: arrow.at)
        self._width = width
        self._colour = colour
        first = TIME + parties[0].half
        last = width - 1 - parties[-1].half
        step = (last - first) // (len(parties) - 1)
        self._place = {party.name: first + step * at for at, party in enumerate(parties)}
        self._hub = self._place[parties[1].name]

    def lines(self) -> Iterator[str]:
        yield self._heading([party.name for party in self._parties], "seconds")
        yield self._heading([party.about for party in self._parties], "")
        yield self._text(self._rails(-1.0))
        before = 0.0
        for arrow in self._arrows:
            if arrow.at - before > QUIET:
                yield self._text(self._rails((before + arrow.at) / 2))
            yield self._rung(arrow)
            before = arrow.at
        yield self._text(self._rails(float("inf")))

    def _heading(self, texts: list[str], first: str) -> str:
        row = [" "] * self._width
        row[: len(first)] = first
        for text, place in zip(texts, self._place.values(), strict=True):
            begin = place - len(text) // 2
            row[begin : begin + len(text)] = text
        return self._text(row)

    def _rails(self, at: float) -> list[str]:
        row = [" "] * self._width
        for name, place in self._place.items():
            row[place] = "║" if self._has_media(name, at) else "│"
        return row

    def _has_media(self, name: str, at: float) -> bool:
        return self._place[name] != self._hub and any(
            name in (arrow.source, arrow.target) and arrow.at <= at < arrow.until
            for arrow in self._arrows
        )

    def _rung(self, arrow: Arrow) -> str:
        row = self._rails(arrow.at)
        row[: TIME - 2] = f"{arrow.at:{TIME - 2}.3f}"
        source, target = self._place[arrow.source], self._place[arrow.target]
        left, right = min(source, target), max(source, target)
        stroke = arrow.kind.stroke
        for at in range(left + 1, right):
            row[at] = stroke if row[at] == " " else JOINTS[stroke + row[at]][0]
        if arrow.both or target == left:
            row[left + 1] = "◀"
        else:
            row[left] = JOINTS[stroke + row[left]][1]
        if arrow.both or target == right:
            row[right - 1] = "▶"
        else:
            row[right] = JOINTS[stroke + row[right]][2]
        self._label(row, arrow.label, left, right)
        return self._painted(self._text(row), arrow.kind.colour, left, right)

    def _label(self, row: list[str], label: str, left: int, right: int) -> None:
        """Put the label into the gap beside the far party; a long one reaches back to the hub."""
        reach = near = self._hub if left < self._hub < right else left
        if left == self._hub:
            near = max(place for place in self._place.values() if place < right)
        begin, end = reach + 2, right - 2  # a stroke or a head stays visible at either end
        text = f" {label[: end - begin - 2]} "
        middle = near + 1 + (right - near - 1 - len(text)) // 2
        begin = max(begin, min(middle, end - len(text)))
        row[begin : begin + len(text)] = text

    def _painted(self, text: str, colour: str, left: int, right: int) -> str:
        if not self._colour:
            return text
        return f"{text[: left + 1]}\033[{colour}m{text[left + 1 : right]}\033[0m{text[right:]}"

    @staticmethod
    def _text(row: list[str]) -> str:
        return "".join(row).rstrip()
