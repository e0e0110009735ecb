"""docs/plugins.md: what a reader types in from the page works."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

import b2bua.plugins
from b2bua.app import plugins
from b2bua.app.settings import settings_from_text
from b2bua.app.start_error import StartError
from b2bua.routing.interfaces import Call, IRouter, Party, Site
from b2bua.routing.plan import NumberSettings, Outcome, Ring, Status
from tests.support.fake_call import FakeCall, FakeParty, begin, play_out
from tests.support.fake_web import FakeWeb

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")
PLUGIN, TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
SETTINGS, PACKAGE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def site(tmp_path: Path) -> Iterator[Path]:
    """Type the plugin in, in a site that only this test knows."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "reception.py").write_text(PLUGIN, "utf-8")
    before = list(b2bua.plugins.__path__)
    plugins.search_site(tmp_path)
    yield tmp_path
    b2bua.plugins.__path__[:] = before
    sys.modules.pop("b2bua.plugins.reception", None)


def router(text: str = SETTINGS) -> Any:
    clock = Clock()
    settings = settings_from_text(text, "settings.toml")
    return plugins.make_routers(settings, Site(clock, FakeWeb(clock)))["reception"]


def caller(clock: Clock) -> FakeCall:
    return FakeCall(clock, NumberSettings("100", "reception", "AC1"))


def test_it_is_found_and_made_from_the_settings_on_the_page() -> None:
    verifyObject(IRouter, router())


@pytest.mark.parametrize("key", ["sales", "support"])
def test_it_tells_the_operator_what_is_missing(key: str) -> None:
    lacking = re.sub(rf"(?m)^{key} = .*\n", "", SETTINGS)
    said = rf"settings\.toml:5: plugins\.reception: reception needs '{key}', a list of SIP URIs"
    with pytest.raises(StartError, match=said):
        router(lacking)


def test_a_caller_is_connected_with_who_says_yes() -> None:
    clock = Clock()
    call = caller(clock)
    said: list[bool] = []

    async def screened(ring: Ring) -> Outcome:
        for target, key in zip(ring.targets, "21", strict=True):
            callee = FakeParty(clock)
            callee.press(key, at=0.5)
            assert target.screen is not None
            said.append(await target.screen(callee))
        return Outcome(Status.COMPLETED, bridged=True)

    call.outcomes = [screened]
    call.press("1", at=0.5)
    play_out(clock, router().take(call))
    uris = ["sip:anna@127.0.0.1:5070", "sip:ben@127.0.0.1:5071"]
    assert [target.uri for target in call.rings[0].targets] == uris
    assert (call.rings[0].timeout, said) == (20.0, [False, True])
    assert len(call.prompts) == 1


def test_a_caller_whom_nobody_takes_is_told() -> None:
    clock = Clock()
    call = caller(clock)
    call.outcomes = [Outcome(Status.NO_ANSWER)]
    play_out(clock, router().take(call))
    assert [getattr(prompt, "text", "") for prompt in call.prompts][-1:] == [
        "Nobody is free. Please call again."
    ]


def test_a_caller_who_hangs_up_ends_it() -> None:
    clock = Clock()
    call = caller(clock)
    call.hang_up_at(0.5)
    ended = begin(router().take(call))
    gone: list[object] = []
    ended.addErrback(lambda failure: gone.append(failure.value))
    clock.advance(0.5)
    assert [type(each).__name__ for each in gone] == ["Gone"]


def test_the_tests_on_the_page_pass() -> None:
    names: dict[str, Any] = {}
    exec(TEST, names)
    tests = [test for name, test in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_every_method_of_a_call_is_on_the_page() -> None:
    public = [name for kind in (Party, Call) for name in vars(kind) if not name.startswith("_")]
    assert [name for name in public if f"`{name}`" not in PAGE and f"{name}(" not in PAGE] == []


def test_the_package_on_the_page_is_toml_that_names_the_discovery_folder() -> None:
    read = tomllib.loads(PACKAGE)
    assert read["tool"]["setuptools"]["packages"] == [b2bua.plugins.__name__]
