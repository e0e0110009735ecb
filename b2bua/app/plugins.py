"""Find the routing plugins, and make the routers that the settings ask for.

`python -m b2bua.app.plugins --warm` writes Twisted's caches of what it found (`dropin.cache`), for
folders that the daemon may not write to.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from twisted.plugin import getPlugins
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

import b2bua.plugins
from b2bua.app.settings import Settings
from b2bua.app.start_error import StartError
from b2bua.routing.interfaces import IRouter, IRouterFactory, Site

_OF_THE_API = ("rcml",)
"""What the REST API hands calls to, whether or not a number of the settings does."""


def search_site(folder: Path) -> None:
    """Search the `plugins/` of a site's folder first, if there is one."""
    if (folder / "plugins").is_dir():
        b2bua.plugins.add_site_directory(folder / "plugins")


def factories() -> dict[str, IRouterFactory]:
    """Return every router factory there is, by name; the first of a name counts."""
    found: dict[str, IRouterFactory] = {}
    for factory in getPlugins(IRouterFactory, b2bua.plugins):
        found.setdefault(str(factory.name), factory)
    return found


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file that was searched, in order, with why it can't be imported, or nothing."""
    for folder in b2bua.plugins.__path__:
        for path in sorted(Path(folder).glob("*.py")):
            if path.name != "__init__.py":
                yield path, _import_problem(path)


def check_settings(settings: Settings) -> Mapping[str, IRouterFactory]:
    """Return the factory of every router that the settings name, and of those the API needs.

    Raises:
        StartError: with a line for each name that no plugin has, the names there are, the files
            that were tried, and why those that can't be imported can't.
    """
    known = factories()
    asked = {entry.router: ("numbers", i, "router") for i, entry in enumerate(settings.numbers)}
    tables = {name: ("plugins", name) for name in settings.plugins}
    unknown = [
        f"{settings.at(*path)}: no plugin is called {name!r}"
        for name, path in {**asked, **tables}.items()
        if name not in known
    ]
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        tried = [f"tried {path}" + (problem and f": {problem}") for path, problem in files()]
        raise StartError("\n".join([*unknown, f"plugins there are: {names}", *tried]))
    return {name: known[name] for name in [*asked, *_OF_THE_API] if name in known}


def make_routers(settings: Settings, site: Site) -> dict[str, IRouter]:
    """Return the routers that `[[numbers]]` name and those of the API, by name.

    Raises:
        StartError: a name is unknown, or a plugin refuses its settings.
    """
    routers: dict[str, IRouter] = {}
    for name, factory in check_settings(settings).items():
        try:
            verifyObject(IRouterFactory, factory)
            routers[name] = factory.create(settings.plugins.get(name, {}), site)
        except (ValueError, Invalid) as problem:
            raise StartError(f"{settings.at('plugins', name)}: {problem}") from problem
    return routers


def warm() -> None:
    """Leave the caches of all plugin folders written, twistd's own among them."""
    factories()
    list(getPlugins(IRouterFactory))  # twisted/plugins, where `twistd b2bua` is found


def _import_problem(path: Path) -> str:
    # A plugin is a third party's code and may raise anything; Twisted has logged the traceback.
    try:
        importlib.import_module(f"{b2bua.plugins.__name__}.{path.stem}")
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""


def main(argv: list[str] | None = None) -> int:
    """Name the plugins there are; 1 if a file of theirs can't be imported."""
    parser = argparse.ArgumentParser(prog="python -m b2bua.app.plugins", description=main.__doc__)
    parser.add_argument("--warm", action="store_true", help="leave the caches written")
    if parser.parse_args(argv).warm:
        warm()
    print("\n".join(sorted(factories())))
    broken = [f"{path}: {problem}" for path, problem in files() if problem]
    print("\n".join(broken), end="\n" * bool(broken), file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
