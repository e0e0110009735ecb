"""docs/states.md is what the tables say."""

from __future__ import annotations

import re

import pytest

from docs import states


def test_the_page_is_what_the_tables_say() -> None:
    stale = "docs/states.md is stale; write it anew: python docs/states.py"
    assert states.PAGE.read_text("utf-8") == states.page(), stale


@pytest.mark.parametrize("machine", states.MACHINES, ids=lambda machine: machine.title)
def test_every_row_of_a_table_is_on_the_page(machine: states.Machine) -> None:
    section = states.page().split(f"\n## {machine.title}\n")[1].split("\n## ")[0]
    of_state = dict(re.findall(r"\*\*(\w+)\*\*\n\n(.*?)(?=\n\n\*\*|\Z)", section, re.DOTALL))
    assert set(of_state) == {state.name for state in machine.states}
    for (state, input_), (next_state, _action) in machine.table.items():
        told = of_state[state.name]
        dropped = re.search(r"Dropped: (.*?)\. ", told)
        assert dropped is not None
        assert f"| {input_.name} | {next_state.name} |" in told or (
            input_.name in dropped[1].split(", ")
        )


def test_every_table_of_the_core_is_on_the_page() -> None:
    root = states.PAGE.parents[1]
    dialog = root / "b2bua" / "sip" / "dialog"
    # The three parts of the session's table are told as their sum.
    parts = {dialog / f"{name}.py" for name in ("incoming", "outgoing", "established")}
    tabled = {path for path in root.glob("b2bua/**/*.py") if "\nTABLE: " in path.read_text("utf-8")}
    assert tabled - parts == {root / machine.source for machine in states.MACHINES}
