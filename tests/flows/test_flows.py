"""Every `.flow` in this folder, played on a virtual clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from tests.support.flow import Flow, flow_files


@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_a_call_goes_as_its_ladder_says(path: Path, clock: Clock) -> None:
    flow = Flow(path.read_text("utf-8"), clock)
    flow.play()
    heard = "\n".join(str(line) for line in flow.heard)
    assert flow.complaints() == [], f"what was heard:\n{heard}"
    flow.drain()
    assert flow.leftovers() == {}
