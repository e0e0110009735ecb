"""Where log lines go, and how events of Twisted and of structlog both become such lines.

Hot paths log with structlog (`structlog.get_logger()`), everything else with `twisted.logger`;
both end in the same stream, as text or as JSON.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, cast

import structlog
from structlog.typing import FilteringBoundLogger
from twisted.logger import ILogObserver, LogLevel, formatEvent
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile
from zope.interface import implementer

from b2bua.app.log_lines import WITHHELD, is_secret, json_line, text_line

ROTATE_BYTES = 50_000_000
ROTATED_FILES = 10

LogEvent = dict[str, Any]


class Stream(Protocol):
    """What lines are written to: standard output, or a log file."""

    def write(self, data: str, /) -> object:
        """Take text."""

    def flush(self) -> object:
        """Let others see it."""


@implementer(ILogObserver)
class LineLog:
    """Writes one line for each event of Twisted's log, and for each one of structlog.

    A line that cannot be written (a full disk, a pipe that nobody reads) is `lost`, and counted:
    no call ends for it.
    """

    def __init__(self, stream: Stream, *, as_json: bool = False, verbose: bool = False) -> None:
        self._stream = stream
        self._line: Callable[[Mapping[str, object]], str] = json_line if as_json else text_line
        self._least = LogLevel.debug if verbose else LogLevel.info
        self.lost = 0
        self._lock = threading.Lock()  # prompts are rendered, and may complain, in threads

    def __call__(self, event: LogEvent) -> None:
        """Write an event of `twisted.logger`."""
        level = event.get("log_level") or LogLevel.info
        if level >= self._least:
            self.write({"level": level.name, **_fields(event)})

    def write(self, fields: Mapping[str, object]) -> None:
        """Write one line."""
        line = self._line(fields)
        with self._lock:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: the stream has been closed
                self.lost += 1

    def take_structlog(self) -> None:
        """Let structlog's loggers, wherever they were made, write here."""
        least = logging.DEBUG if self._least is LogLevel.debug else logging.INFO
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt=None, key="time"),
                structlog.processors.format_exc_info,
                self._write_structlog,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(least),
            cache_logger_on_first_use=False,
        )

    def _write_structlog(self, _logger: object, _name: str, event: Any) -> Any:
        fields = {"logger": event.pop("logger_name", None), **event}
        self.write(fields)
        raise structlog.DropEvent


def _fields(event: LogEvent) -> dict[str, object]:
    """Return what a Twisted event says: its text, its plain fields, and a failure's traceback."""
    own = {
        name: value
        for name, value in event.items()
        if not name.startswith(("_", "log_")) and name not in _LEGACY
    }
    withheld = {name: WITHHELD for name in own if is_secret(name)}
    fields: dict[str, object] = {
        "time": event.get("log_time", 0.0),
        "event": formatEvent({**event, **withheld}).strip(),
        "logger": event.get("log_namespace"),
    }
    for name, value in own.items():
        if isinstance(value, str | int | float | bool) and name not in fields:
            fields[name] = value
    if failure := event.get("log_failure"):
        fields["error"] = f"{failure.type.__name__}: {failure.getErrorMessage()}"
        fields["traceback"] = failure.getTraceback()
        fields["event"] = fields["event"] or "an error of ours"
    return fields


_LEGACY = frozenset(
    {"isError", "message", "system", "time", "format", "failure", "why", "printed", "text", "level"}
)


def open_stream(path: str | None) -> Stream:
    """Return standard output for None or `-`, else a file that rotates by size and on SIGUSR1."""
    if path in (None, "-"):
        return sys.stdout
    where = Path(str(path)).absolute()
    stream = LogFile(
        where.name, str(where.parent), rotateLength=ROTATE_BYTES, maxRotatedFiles=ROTATED_FILES
    )

    def rotate(_number: int, _frame: FrameType | None) -> None:
        from twisted.internet import reactor  # noqa: PLC0415 - after twistd has chosen it

        reactor.callFromThread(stream.rotate)  # type: ignore[attr-defined]

    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, rotate)
    return stream


def logger(name: str) -> FilteringBoundLogger:
    """Return a logger for a hot path; `name` stands in each line as `logger`."""
    return cast(FilteringBoundLogger, structlog.get_logger(logger_name=name))


def traceback(failure: Failure) -> tuple[Any, Any, Any]:
    """Return `failure` as structlog's `exc_info` takes it."""
    return failure.type, failure.value, failure.getTracebackObject()
