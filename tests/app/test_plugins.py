"""Where plugins are found, and what is said when one is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

import b2bua.plugins
from b2bua.app import plugins
from b2bua.app.settings import Settings, settings_from_text
from b2bua.app.start_error import StartError
from b2bua.routing.interfaces import Site
from tests.support.fake_web import FakeWeb

ROOT = Path(__file__).parents[2]

THIRD_PARTY = '''
"""Refuse every call politely: somebody else's plugin."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from b2bua.routing.interfaces import IRouter, IRouterFactory


@implementer(IRouter)
class Polite:
    async def take(self, call):
        await call.refuse(486, "Busy Here")


@implementer(IPlugin, IRouterFactory)
class PoliteFactory:
    name = "{name}"

    def create(self, settings, site):
        if "word" not in settings:
            raise ValueError("polite needs `word`")
        return Polite()


polite = PoliteFactory()
'''


def numbers(*routers: str, rest: str = "") -> Settings:
    entries = "".join(
        f'[[numbers]]\nnumber = "{i}"\nrouter = "{router}"\nvoice_url = "http://h/"\n'
        f'targets = ["sip:h"]\n'
        for i, router in enumerate(routers)
    )
    return settings_from_text(entries + rest, "s.toml")


def site() -> Site:
    clock = Clock()
    return Site(clock, FakeWeb(clock))


@pytest.fixture
def extra(tmp_path: Path) -> Iterator[Path]:
    """A site whose `plugins/` folder is searched, for one test."""
    before = list(b2bua.plugins.__path__)
    modules = set(sys.modules)
    (tmp_path / "plugins").mkdir()
    plugins.search_site(tmp_path)
    yield tmp_path / "plugins"
    b2bua.plugins.__path__[:] = before
    for name in set(sys.modules) - modules:
        if name.startswith("b2bua.plugins."):
            del sys.modules[name]


def test_the_shipped_plugins_are_found_by_name() -> None:
    assert {"rcml", "static", "blocklist"} <= set(plugins.factories())


def test_the_routers_that_numbers_and_the_api_need_are_made() -> None:
    assert set(plugins.make_routers(numbers("static", "static"), site())) == {"static", "rcml"}


def test_a_site_s_own_plugin_is_found(extra: Path) -> None:
    (extra / "polite_site.py").write_text(THIRD_PARTY.replace("{name}", "polite"))
    routers = plugins.make_routers(
        numbers("polite", rest='[plugins.polite]\nword = "sorry"\n'), site()
    )
    assert type(routers["polite"]).__name__ == "Polite"


def test_a_plugin_s_complaint_names_its_table(extra: Path) -> None:
    (extra / "polite_two.py").write_text(THIRD_PARTY.replace("{name}", "polite-two"))
    settings = numbers("polite-two", rest="[plugins.polite-two]\nwrod = 1\n")
    with pytest.raises(StartError, match=r"s\.toml:6: plugins\.polite-two: polite needs `word`"):
        plugins.make_routers(settings, site())


def test_an_unknown_name_is_told_with_its_line_and_with_what_there_is(extra: Path) -> None:
    (extra / "broken_site.py").write_text("import no_such_module_anywhere\n")
    settings = numbers("static", "statik", rest="[plugins.blocked]\nx = 1\n")
    with pytest.raises(StartError) as raised:
        plugins.make_routers(settings, site())
    told = str(raised.value)
    assert "s.toml:8: numbers[1].router: no plugin is called 'statik'" in told
    assert "s.toml:11: plugins.blocked: no plugin is called 'blocked'" in told
    assert "plugins there are: blocklist, " in told
    assert f"tried {extra / 'broken_site.py'}: ModuleNotFoundError: No module named" in told
    assert "static.py" in told


@pytest.mark.real
def test_a_third_party_s_package_is_found_on_the_path(tmp_path: Path) -> None:
    """As an installed wheel leaves it: a `b2bua/plugins/` without `__init__.py` on `sys.path`."""
    folder = tmp_path / "elsewhere" / "b2bua" / "plugins"
    folder.mkdir(parents=True)
    (folder / "polite_wheel.py").write_text(THIRD_PARTY.replace("{name}", "polite-wheel"))
    path = os.pathsep.join([str(ROOT), str(tmp_path / "elsewhere")])
    ran = subprocess.run(
        [sys.executable, "-m", "b2bua.app.plugins", "--warm"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert {"polite-wheel", "rcml", "static"} <= set(ran.stdout.split())
    assert (folder / "dropin.cache").exists()


@pytest.mark.real
def test_a_site_may_replace_a_shipped_plugin(tmp_path: Path) -> None:
    shutil.copy(ROOT / "settings.example.toml", tmp_path / "settings.toml")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "static.py").write_text(THIRD_PARTY.replace("{name}", "static"))
    ran = subprocess.run(
        [sys.executable, "-m", "b2bua.cli.main", "check", "settings.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "plugins.static: polite needs `word`" in ran.stderr
