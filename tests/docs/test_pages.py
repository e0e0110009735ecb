"""The pages tell the truth where a machine can tell: links, files, settings, counters, commands."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from b2bua.app.limits_settings import LimitsSettings
from b2bua.app.settings import Settings, settings_from_text
from b2bua.rcml.document import read_document
from b2bua.rcml.reading import Setting

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "certs/*.md", "changes/README.md")
    for path in ROOT.glob(pattern)
)
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NOT_OURS = {"Python.h", "plugins/reception.py"}
SECTIONS = ("sip", "tls", "media", "http", "service", "limits", "store", "webhooks", "stir")


def read(page: Path) -> str:
    return (ROOT / page).read_text("utf-8")


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def links(text: str) -> list[str]:
    found = re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", FENCE.sub("", text))
    return [link for link in found if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_link_is_dead(page: Path) -> None:
    dead = []
    for link in links(read(page)):
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_source_file_that_is_named_is_there(page: Path) -> None:
    named = set(re.findall(r"`([\w./-]+\.(?:py|c|h))`", FENCE.sub("", read(page))))
    there = [path.as_posix() for top in ("b2bua", "tests") for path in ROOT.glob(f"{top}/**/*.*")]
    missing = [
        name
        for name in sorted(named - NOT_OURS)
        if not (ROOT / name).exists() and not any(path.endswith(f"/{name}") for path in there)
    ]
    assert missing == []


def of_settings(page: Path) -> list[str]:
    blocks = re.findall(r"^```toml\n(.*?)^```", read(page), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if "[build-system]" not in block]


@pytest.mark.parametrize("page", [page for page in PAGES if of_settings(page)], ids=str)
def test_every_example_of_settings_is_accepted(page: Path) -> None:
    for block in of_settings(page):
        settings_from_text(block)


def test_the_call_of_five_minutes_is_one() -> None:
    typed = dict(
        re.findall(r"^cat > (\S+) <<END\n(.*?)^END$", read(Path("README.md")), re.M | re.S)
    )
    settings = settings_from_text(typed["settings.toml"].replace("$PWD", "/hello"))
    number = settings.number_for("100")
    assert number is not None
    assert (number.router, number.voice_url) == ("rcml", "file:///hello/hello.xml")
    document = read_document(typed["hello.xml"].encode(), Setting(number.voice_url))
    assert (len(document.verbs), document.warnings) == (2, ())


def test_the_document_at_the_head_of_the_readme_is_one() -> None:
    for document in re.findall(r"^```xml\n(.*?)^```", read(Path("README.md")), re.M | re.S):
        assert read_document(document.encode(), Setting("http://h/")).warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = re.findall(rf"`({'|'.join(SECTIONS)})\.(\w+)`", FENCE.sub("", read(page)))
    files = {"py", "md", "toml", "c", "h"}
    unknown = [
        f"{section}.{key}"
        for section, key in named
        if key not in files and key not in _fields(Settings, section)
    ]
    assert unknown == []


def test_every_limit_in_a_table_has_its_default() -> None:
    section = OPERATING.split("\n## Limits\n")[1].split("\n## ")[0]
    defaults = LimitsSettings()
    rows = re.findall(r"^\| (`.*?`) \| ([\d, ]+) \|", section, re.MULTILINE)
    assert rows
    for names, figures in rows:
        keys = re.findall(r"`(\w+)`", names)
        told = [int(figure.replace(",", "")) for figure in figures.split(", ")]
        assert told == [int(getattr(defaults, key)) for key in keys]


def test_what_is_said_to_have_no_effect_is_read_nowhere_and_the_rest_is() -> None:
    listed = re.search(r"have no effect yet.*?:\s(.*?)\.\n", OPERATING, re.DOTALL)
    assert listed is not None
    idle = set(re.findall(r"`(\w+)`", listed[1]))
    code = "\n".join(
        path.read_text("utf-8")
        for path in ROOT.glob("b2bua/**/*.py")
        if path.name != "limits_settings.py"
    )
    unread = {name for name in LimitsSettings.model_fields if not re.search(rf"\b{name}\b", code)}
    assert idle == unread, "docs/operating.md lists the limits that have no effect yet"


COUNTING = ("app/service", "app/switchboard", "app/storage", "webhooks/client")


@pytest.mark.parametrize("module", COUNTING)
def test_every_counter_is_explained(module: str) -> None:
    counters = _returned(f"b2bua/{module}.py", "counters")
    assert counters
    assert [name for name in sorted(counters) if f"`{name}`" not in OPERATING] == []


def test_every_reason_of_a_refusal_is_explained() -> None:
    switchboard, inbound = (
        (ROOT / "b2bua" / "app" / f"{name}.py").read_text("utf-8")
        for name in ("switchboard", "inbound")
    )
    reasons = set(re.findall(r'(?:reason = |return )"(\w+)"', switchboard))
    reasons |= set(re.findall(r'Refusal\(\s*[\w.]+, "(\w+)"', inbound))
    for either in re.findall(r"self\._tell_refused\((.*?), source\)", switchboard):
        reasons |= set(re.findall(r'"(\w+)"', either))
    assert len(reasons) >= 8
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in OPERATING] == []


def test_the_layers_are_those_of_the_contract() -> None:
    drawn = ARCHITECTURE.split("```text\n")[1].split("```")[0]
    told = [re.split(r"  +", line)[0] for line in drawn.splitlines()]
    contracts = tomllib.loads(read(Path("pyproject.toml")))["tool"]["importlinter"]["contracts"]
    assert told == [layer.replace("b2bua.", "") for layer in contracts[0]["layers"]]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(Path("Makefile")), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", read(page), re.MULTILINE))
    assert named - targets == set()


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(links((folder / "README.md").read_text("utf-8")))
    assert {path.name for path in folder.glob("0*.md")} == listed


def _fields(model: type[BaseModel], section: str) -> set[str]:
    table: Any = model.model_fields[section].annotation
    return {field.alias or name for name, field in table.model_fields.items()}


def _returned(file: str, function: str) -> set[str]:
    """Return the keys of the dict that a function of ours returns."""
    tree = ast.parse(read(Path(file)))
    keys: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for made in ast.walk(node):
                if isinstance(made, ast.Dict):
                    keys |= {str(key.value) for key in made.keys if isinstance(key, ast.Constant)}
    return keys
