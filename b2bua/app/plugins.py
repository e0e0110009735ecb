"""Find the routing plugins, and make the routers that the settings ask for.

`python -m b2bua.app.plugins --warm` writes Twisted's cache of what it found (`dropin.cache`), for
folders that the daemon may not write to.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

from twisted.plugin import getPlugins
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

import b2bua.plugins
from b2bua.app.settings import Settings
from b2bua.app.start_error import StartError
from b2bua.routing.interfaces import IRouter, IRouterFactory, Site


def factories() -> dict[str, IRouterFactory]:
    """Return every router factory there is, by name; the first of a name counts."""
    found: dict[str, IRouterFactory] = {}
    for factory in getPlugins(IRouterFactory, b2bua.plugins):
        found.setdefault(str(factory.name), factory)
    return found


def files() -> list[Path]:
    """Return the files that were searched for plugins, in the order of search."""
    return [
        path
        for folder in b2bua.plugins.__path__
        for path in sorted(Path(folder).glob("*.py"))
        if path.name != "__init__.py"
    ]


def check_names(settings: Settings) -> Mapping[str, IRouterFactory]:
    """Return the factory of every router the settings name.

    Raises:
        StartError: with a line for each name that no plugin has, the names there are, the files
            that were tried, and why those that can't be imported can't.
    """
    known = factories()
    asked = {entry.router: ("numbers", i, "router") for i, entry in enumerate(settings.numbers)}
    tables = {name: ("plugins", name) for name in settings.plugins}
    unknown = [
        f"{settings.at(*path)}: no plugin is called {name!r}"
        for name, path in {**tables, **asked}.items()
        if name not in known
    ]
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        raise StartError("\n".join([*unknown, f"plugins there are: {names}", *_tried()]))
    return {name: known[name] for name in asked}


def make_routers(settings: Settings, site: Site) -> dict[str, IRouter]:
    """Return the routers that `[[numbers]]` name, by name.

    Raises:
        StartError: a name is unknown, or a plugin refuses its settings.
    """
    routers: dict[str, IRouter] = {}
    for name, factory in check_names(settings).items():
        try:
            verifyObject(IRouterFactory, factory)
            routers[name] = factory.create(settings.plugins.get(name, {}), site)
        except (ValueError, Invalid) as problem:
            raise StartError(f"{settings.at('plugins', name)}: {problem}") from problem
    return routers


def _tried() -> list[str]:
    return [f"tried {path}{_import_problem(path)}" for path in files()]


def _import_problem(path: Path) -> str:
    """Return why a plugin's file can't be imported.  Twisted has logged the traceback."""
    try:
        importlib.import_module(f"{b2bua.plugins.__name__}.{path.stem}")
    except Exception as problem:  # a third party's code: it may raise anything
        return f": {type(problem).__name__}: {problem}"
    return ""


def main(arguments: list[str] | None = None) -> int:
    """List the plugins; with `--warm`, leave the caches of their folders written."""
    parser = argparse.ArgumentParser(prog="python -m b2bua.app.plugins", description=main.__doc__)
    parser.add_argument("--warm", action="store_true", help="write the caches, for an install")
    parsed = parser.parse_args(arguments)
    for name in sorted(factories()):  # finding them writes the caches
        print(name)
    broken = [line for line in _tried() if ": " in line]
    for line in broken:
        print(line, file=sys.stderr)
    if parsed.warm:
        list(getPlugins(IRouterFactory))  # twistd's own folders, where `twistd b2bua` is found
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
