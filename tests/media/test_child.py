"""A child is bounded in time and output, and gone when its run is over."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from twisted.internet.defer import CancelledError

from b2bua.media.child import Child, ChildError, run, scratch
from tests.media.sounds import Result, assert_failed
from tests.support.processes import FakeProcesses


@pytest.fixture
def reactor() -> FakeProcesses:
    return FakeProcesses()


def start(reactor: FakeProcesses, output_bytes: int = 100) -> Result:
    argv = ["/bin/program", "-x", "in"]
    return Result(run(reactor, argv, "/tmp", seconds=5, output_bytes=output_bytes))


async def waited(child: Child) -> bytes:
    return await child.ended


def test_the_output_of_a_child_that_ends_well_is_its_result(reactor: FakeProcesses) -> None:
    result = start(reactor)
    (child,) = reactor.children
    child.say(b"some ")
    child.say(b"sound")
    child.end()
    assert result.value == b"some sound"
    assert reactor.getDelayedCalls() == []


def test_the_arguments_are_a_list_and_the_child_is_less_urgent_than_calls(
    reactor: FakeProcesses,
) -> None:
    start(reactor)
    (child,) = reactor.children
    assert child.argv[-3:] == ["/bin/program", "-x", "in"]
    assert child.argv[:-3][1:] == ["-n", "10"]
    child.end()


def test_a_child_that_fails_says_why(reactor: FakeProcesses) -> None:
    result = start(reactor)
    reactor.children[0].say(b"", b"no such\n  voice\n")
    reactor.children[0].end(3)
    assert_failed(result, ChildError, "^ended with 3: no such voice$")


def test_a_child_that_fails_silently_fails_all_the_same(reactor: FakeProcesses) -> None:
    result = start(reactor)
    reactor.children[0].end(1)
    assert_failed(result, ChildError, "^ended with 1$")


def test_a_child_that_crashes_says_with_which_signal(reactor: FakeProcesses) -> None:
    result = start(reactor)
    reactor.children[0].crash(11)
    assert_failed(result, ChildError, "^crashed with signal 11$")


def test_what_a_child_said_can_be_told_apart_from_how_it_ended(reactor: FakeProcesses) -> None:
    result = start(reactor)
    reactor.children[0].say(b"", b"bad file\n")
    reactor.children[0].end(3)
    assert isinstance(result.error, ChildError)
    assert (result.error.status, result.error.said) == (3, "bad file")


def test_scratch_files_are_gone_whatever_happens() -> None:
    with pytest.raises(ValueError, match="broken"), scratch() as directory:  # noqa: PT012
        Path(directory, "file").write_bytes(b"x")
        raise ValueError("broken")
    assert not Path(directory).exists()


def test_a_child_is_killed_when_its_time_is_over(reactor: FakeProcesses) -> None:
    result = start(reactor)
    reactor.advance(4.9)
    assert reactor.children[0].signals == []
    reactor.advance(0.1)
    assert reactor.children[0].signals == [signal.SIGKILL]
    reactor.advance(0)
    assert_failed(result, ChildError, "took longer than 5 s")


def test_a_child_is_killed_when_it_writes_too_much(reactor: FakeProcesses) -> None:
    result = start(reactor)
    child = reactor.children[0]
    child.say(b"x" * 100)
    assert child.signals == []
    child.say(b"x")
    assert child.signals == [signal.SIGKILL]
    reactor.advance(0)
    assert_failed(result, ChildError, "wrote more than 100 bytes")
    assert reactor.getDelayedCalls() == []


def test_complaints_are_kept_only_so_far(reactor: FakeProcesses) -> None:
    result = start(reactor)
    for _ in range(100):
        reactor.children[0].say(b"", b"y" * 1000)
    reactor.children[0].end(1)
    assert len(str(result.error)) < 500


def test_a_cancelled_run_is_over_only_when_the_child_is_gone(reactor: FakeProcesses) -> None:
    result = start(reactor)
    result.cancel()
    assert reactor.children[0].signals == [signal.SIGKILL]
    assert not result.is_over
    reactor.advance(0)
    assert isinstance(result.error, CancelledError)
    assert reactor.getDelayedCalls() == []


def test_a_child_that_cannot_be_started_is_an_error(reactor: FakeProcesses) -> None:
    reactor.refuse = OSError(11, "Resource temporarily unavailable")
    assert_failed(start(reactor), ChildError, "could not be started: Resource temp")


def test_a_child_that_ends_while_it_is_killed_is_killed(reactor: FakeProcesses) -> None:
    child = Child(reactor, 5, 100)
    spawned = reactor.spawnProcess(child, "/bin/program", [], {}, "/tmp")
    spawned.is_over = True
    child.kill("had enough")
    assert spawned.signals == []
    spawned.end(0)
    assert_failed(Result(waited(child)), ChildError, "had enough")


def test_a_child_of_python_imports_from_where_it_is_told(reactor: FakeProcesses) -> None:
    argv, path = [sys.executable, "-m", "program"], ["/one", "/two"]
    Result(run(reactor, argv, "/tmp", seconds=5, output_bytes=1, python_path=path))
    assert reactor.children[0].environment["PYTHONPATH"] == "/one:/two"
    assert set(reactor.children[0].environment) == {"PATH", "HOME", "LC_ALL", "PYTHONPATH"}
    reactor.children[0].end()


def test_a_child_without_priorities_is_run_all_the_same(
    reactor: FakeProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    start(reactor)
    assert reactor.children[0].argv == ["/bin/program", "-x", "in"]
    reactor.children[0].end()
