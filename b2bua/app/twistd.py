"""`twistd -n b2bua --settings FILE`, and what `twistd.tac` has in common with it.

Everything is read and built before twistd forks; sockets and threads are born in `startService`.
"""

from __future__ import annotations

import getopt
from pathlib import Path
from typing import Any

from twisted.application.service import IService, MultiService
from twisted.logger import ILogObserver
from twisted.python import usage
from twisted.scripts.twistd import ServerOptions  # type: ignore[attr-defined] # no __all__

from b2bua.app.logs import LineLog, open_stream
from b2bua.app.plugins import search_site
from b2bua.app.service import make_service
from b2bua.app.settings import read_settings
from b2bua.app.start_error import explain_start_errors


class Options(usage.Options):
    """What `twistd b2bua` takes."""

    optParameters = [  # noqa: RUF012 - as twistd wants it
        ["settings", "s", "settings.toml", "The settings file."],
    ]
    optFlags = [  # noqa: RUF012 - as twistd wants it
        ["json", None, "Log JSON, one object a line."],
        ["verbose", None, "Log what only developers want to know."],
    ]


class SiteService(MultiService):
    """The daemon with its log.

    twistd asks the *application* where to log; so the application is told when this joins it.
    """

    def __init__(self, log: LineLog | None) -> None:
        MultiService.__init__(self)
        self._log = log

    def setServiceParent(self, parent: Any) -> None:
        MultiService.setServiceParent(self, parent)
        if self._log is not None:
            parent.setComponent(ILogObserver, self._log)
            self._log.take_structlog()


def makeService(options: Options) -> IService:
    """Return the service of `twistd b2bua`, logging where twistd's own options say."""
    twistd: dict[str, Any] = dict(options.parent or {})
    log = _log(twistd, as_json=bool(options["json"]), verbose=bool(options["verbose"]))
    return site_service(Path(options["settings"]), log)


def tac_log(argv: list[str]) -> LineLog | None:
    """Return the log for a `.tac`, which twistd runs without telling it its options."""
    known = ServerOptions()
    given, _ = getopt.getopt(argv, known.shortOpt, known.longOpt)
    asked = {known.synonyms[name.lstrip("-")]: value or True for name, value in given}
    return _log(asked)


def site_service(settings_file: Path, log: LineLog | None) -> IService:
    """Return the daemon for the site that `settings_file` is in.

    A folder `plugins/` beside the file is searched first.

    Raises:
        StartError: the settings, or a plugin they name, can't be used.
    """
    explain_start_errors()
    settings_file = settings_file.absolute()
    search_site(settings_file.parent)
    site = SiteService(log)
    make_service(read_settings(settings_file)).setServiceParent(site)
    return site


def _log(twistd: dict[str, Any], *, as_json: bool = False, verbose: bool = False) -> LineLog | None:
    """Return the log, or None where twistd's own was asked for (`--syslog`, `--logger`)."""
    if twistd.get("syslog") or twistd.get("logger"):
        return None
    path = twistd.get("logfile") or ("-" if twistd.get("nodaemon") else "twistd.log")
    return LineLog(open_stream(path), as_json=as_json, verbose=verbose)
