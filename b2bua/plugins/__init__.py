"""Where routing plugins are found: this package's path, and nothing else.

Three places, in this order: a site's own `plugins/` folder (`add_site_directory`), the drop-ins
that came with b2bua, and any `b2bua/plugins/` folder without `__init__.py` on `sys.path`, which is
where a third party's package puts its file (`twisted.plugin.pluginPackagePaths`).
"""

from __future__ import annotations

from pathlib import Path

from twisted.plugin import pluginPackagePaths

__path__ = [*__path__, *pluginPackagePaths(__name__)]

_checkout = Path(__file__).resolve().parents[2] / "plugins"
if (_checkout.parent / "setup.py").exists() and (_checkout / "rcml.py").exists():
    # A checkout, or an editable install of one: the drop-ins are where they are written.
    __path__.append(str(_checkout))


def add_site_directory(directory: Path) -> None:
    """Look in `directory` first, so that a site may replace a shipped plugin."""
    if str(directory) not in __path__:
        __path__.insert(0, str(directory))


__all__: list[str] = []
