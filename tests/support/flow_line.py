"""The lines of a flow: what was written that is to be heard, and what was heard."""

from __future__ import annotations

from dataclasses import dataclass, field

TOLERANCE = 0.025


@dataclass(frozen=True)
class Line:
    """One line of a flow, or one thing that happened."""

    at: float
    actor: str
    word: str
    particulars: dict[str, str] = field(default_factory=dict)

    @property
    def listener(self) -> str:
        """Who hears in order: a phone; of the application each path, of the media each phone."""
        first = 1 if self.actor == "web" else 0
        return f"{self.actor} {self.word.split()[first]}" if self.actor in _MANY else self.actor

    def __str__(self) -> str:
        told = " ".join(f"{name}={value}" for name, value in sorted(self.particulars.items()))
        return f"{self.at:6.2f}  {self.actor:<4} <- {self.word} {told}".rstrip()


_MANY = ("web", "media")


def compare(wanted: list[Line], heard: list[Line]) -> list[str]:
    """Return where one listener heard something else, up to the first such line."""
    complaints = []
    for want, got in zip(wanted, heard, strict=False):
        about = {name: got.particulars.get(name) for name in want.particulars}
        on_time = abs(want.at - got.at) <= TOLERANCE
        if want.word != got.word or not on_time or about != want.particulars:
            complaints.append(f"wanted {want}\n   got {got}")
            return complaints
    complaints += [f"not heard: {line}" for line in wanted[len(heard) :]]
    complaints += [f"not wanted: {line}" for line in heard[len(wanted) :]]
    return complaints
