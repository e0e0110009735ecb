"""docs/rcml.md tells the truth: its examples run, and it names all there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from b2bua.rcml.document import read_document
from b2bua.rcml.limits import DEFAULTS
from b2bua.rcml.reading import Setting
from b2bua.rcml.verbs import VERBS, dial, gather, nouns, pause, play, redirect, reject, say
from tests.rcml.reading import BASE

ROOT = Path(__file__).parents[2]
CODE = ROOT / "b2bua" / "rcml"
TEXT = (ROOT / "docs" / "rcml.md").read_text("utf-8")
EXAMPLES = re.findall(r"```xml\n(.*?)```", TEXT, re.DOTALL)


def section(name: str) -> str:
    return TEXT.split(f"\n## {name}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_read_without_a_warning(example: str) -> None:
    for is_whisper in {False, "<Dial" not in example}:
        assert read_document(example.encode(), Setting(BASE, "", is_whisper)).warnings == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("Dial", dial.ATTRIBUTES),
        ("Gather", gather.ATTRIBUTES),
        ("Number", nouns.SHARED | {"sendDigits", "byoc"}),
        ("Sip", nouns.SHARED | {"username", "password"}),
        ("Pause", pause.ATTRIBUTES),
        ("Play", play.ATTRIBUTES),
        ("Redirect", redirect.ATTRIBUTES),
        ("Reject", reject.ATTRIBUTES),
        ("Say", say.ATTRIBUTES),
    ],
)
def test_every_attribute_has_its_words(name: str, attributes: frozenset[str]) -> None:
    named = set(re.findall(r"`(\w+)`", section(name)))
    assert attributes <= named


def test_every_verb_and_noun_has_its_section() -> None:
    for name in [*VERBS, *nouns.NOUNS]:
        assert section(name).strip()


@pytest.mark.parametrize("name", [limit.name for limit in fields(DEFAULTS)])
def test_every_limit_stands_with_its_default(name: str) -> None:
    assert f"| `{name}` | {int(getattr(DEFAULTS, name)):,} |" in section("Limits")


def test_every_code_that_is_noted_is_explained() -> None:
    source = "".join(path.read_text("utf-8") for path in CODE.rglob("*.py"))
    codes = set(re.findall(r"\b(1[123][0-9]{3}|21402)\b", source))
    assert codes - set(re.findall(r"[0-9]{5}", section("When something is wrong"))) == set()
