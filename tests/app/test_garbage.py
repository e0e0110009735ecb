"""No call, of whatever shape, leaves a reference cycle of ours behind."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from tests.support.flow import Flow, flow_files


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_a_call_that_is_over_leaves_nothing_to_the_collector(path: Path, clock: Clock) -> None:
    flow = Flow(path.read_text(encoding="utf-8"), clock)
    gc.collect()
    flow.play()
    flow.drain()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    ours = {type(one).__name__ for one in gc.garbage if type(one).__module__.startswith("b2bua.")}
    assert ours == set()
