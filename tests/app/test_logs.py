"""Both kinds of log events end in one stream."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from twisted.logger import ILogObserver, Logger, LogPublisher
from twisted.python.failure import Failure
from zope.interface.verify import verifyObject

from b2bua.app.logs import LineLog, logger, open_stream


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    structlog.reset_defaults()


def twisted_logger(log: LineLog) -> Logger:
    return Logger(namespace="b2bua.test", observer=LogPublisher(log))


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_it_is_what_twisted_expects(stream: io.StringIO) -> None:
    verifyObject(ILogObserver, LineLog(stream))


def test_a_twisted_event_keeps_its_plain_fields(stream: io.StringIO) -> None:
    log = twisted_logger(LineLog(stream, as_json=True))
    log.info("{leg} refused: {status}", leg="b1", status=486, call_sid="CA1", thing=object())
    [line] = lines(stream)
    assert line["event"] == "b1 refused: 486"
    assert (line["call_sid"], line["status"], line["level"]) == ("CA1", 486, "info")
    assert line["logger"] == "b2bua.test"
    assert "thing" not in line


def test_digits_are_withheld_even_inside_the_event_s_text(stream: io.StringIO) -> None:
    log = twisted_logger(LineLog(stream))
    log.info("collected {digits} of {password}", digits="4711", password="sesame")
    assert "4711" not in stream.getvalue()
    assert "sesame" not in stream.getvalue()


def test_a_failure_is_one_line_with_its_traceback(stream: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        twisted_logger(LineLog(stream)).failure("it broke", Failure())
    [line] = stream.getvalue().splitlines()
    assert r'error="ValueError: first\nsecond"' in line
    assert "test_logs.py" in line
    assert " critical it broke" in line


def test_debug_events_are_for_the_verbose(stream: io.StringIO) -> None:
    twisted_logger(LineLog(stream)).debug("quiet")
    twisted_logger(LineLog(stream, verbose=True)).debug("heard")
    [line] = stream.getvalue().splitlines()
    assert "heard" in line


def test_a_structlog_event_is_a_line_of_the_same_kind(stream: io.StringIO) -> None:
    early = logger("call")  # as modules do, before the log is there
    LineLog(stream, as_json=True).take_structlog()
    early.info("leg refused", call_sid="CA1", status=486)
    early.debug("quiet")
    try:
        raise ValueError("no")
    except ValueError:
        early.exception("it broke")
    refused, broke = lines(stream)
    assert refused["event"] == "leg refused"
    assert (refused["logger"], refused["call_sid"], refused["status"]) == ("call", "CA1", 486)
    assert str(refused["time"]).endswith("Z")
    assert "ValueError: no" in str(broke["exception"])


def test_a_file_is_rotated_on_sigusr1(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    try:
        stream = open_stream(str(tmp_path / "b2bua.log"))
        stream.write("one\n")
        stream.flush()
        assert callable(signal.getsignal(signal.SIGUSR1))
        assert (tmp_path / "b2bua.log").read_text() == "one\n"
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_pipe_that_nobody_reads_ends_nothing() -> None:
    theirs, ours = os.pipe()
    stream = os.fdopen(ours, "w")
    log = LineLog(stream)
    log.write({"event": "heard"})
    os.close(theirs)
    log.write({"event": "not heard"})
    log.write({"event": "nor this"})
    assert log.lost == 2
    with suppress(BrokenPipeError):
        stream.close()
    log.write({"event": "nor this, into what is closed"})
    assert log.lost == 3
