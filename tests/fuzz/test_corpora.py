"""A running daemon judged on the wire, with messages that others have thought of.

The corpora and the tool that sends them stay where they are, beside the project; without them
these tests are skipped.  What is judged is what a peer would notice: a wrong answer, none where
one is due, a daemon that is slow, grows, breaks or ends; and that calls with media go on meanwhile
as if nothing had been sent.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred

from tests.sipp.stage import entry
from tests.support.child import Child
from tests.support.crowd import HOST, Crowd, Talk
from tests.support.daemon import Daemon
from tests.support.real import real

BESIDE = Path(__file__).parents[3] / "shared"
CORPUS = BESIDE / "corpus"
TOOL = BESIDE / "measure" / "sipfuzz.py"

reactor: Any = real_reactor
pytestmark = pytest.mark.skipif(
    not (CORPUS.is_dir() and TOOL.is_file()),
    reason="no corpora and sipfuzz.py beside the project",
)
CALLS = 10
MANY_SECONDS = 1_200

TRUNK = """
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1"
inbound_from = ["127.0.0.0/8"]
"""


class Judged:
    """A daemon under judgement.  `numbers` are what it takes calls for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs = 0
        self.crowd = Crowd(reactor)
        self._daemon: Daemon | None = None

    @property
    def daemon(self) -> Daemon:
        """The daemon, once it has begun."""
        assert self._daemon is not None
        return self._daemon

    async def begin(self, number: str) -> None:
        """Start a daemon that rings the crowd for `number`."""
        entries = TRUNK + entry(self.crowd.port, number)
        self._daemon = Daemon(reactor, self._folder, entries, ports=4_000)
        await self._daemon.start()

    async def call(self) -> list[Talk]:
        """Set up calls that talk until the end."""
        talks = await self.crowd.call(CALLS, (HOST, self.daemon.sip_port))
        self.crowd.talk(talks)
        return talks

    async def send(self, *arguments: str, corpus: Path | None = None) -> dict[str, Any]:
        """Run the tool; return its report."""
        self._runs += 1
        report = self._folder / f"report-{self._runs}.json"
        command = [
            sys.executable, str(TOOL), "--port", str(self.daemon.sip_port), "--report", str(report),
            "--pid", str(self.daemon.pid), "--log", str(self.daemon.log), "--quiet", *arguments,
            *(["--corpus", str(corpus)] if corpus is not None else []),
        ]  # fmt: skip
        child = Child(reactor, command, report.with_suffix(".out"), self._folder)
        await child.ended(MANY_SECONDS)
        assert report.exists(), report.with_suffix(".out").read_text()
        return dict(json.loads(report.read_text()))

    async def finish(self, talks: Sequence[Talk]) -> None:
        """Let the calls end: they have lost nothing, and nothing of them or of the rest stays."""
        await self.crowd.silence()
        assert [loss for talk in talks for loss in talk.losses()] == []
        assert await self.crowd.hang_up(talks) == []
        await self.daemon.until_over()
        await self.daemon.stop()

    async def end(self) -> None:
        """Close everything."""
        if self._daemon is not None:
            self._daemon.abort()
        await self.crowd.close()


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Judged]:
    judged = Judged(tmp_path)
    yield judged
    pytest_twisted.blockon(Deferred.fromCoroutine(judged.end()))


# Not the daemon's fault: calls that the tool sets up have sockets while they last, the tool's own
# tags look like addresses in memory, and what it injects may be repeated in an answer.
EXPECTED = {"fd_growth", "leak_internal"}


def complaints(report: dict[str, Any]) -> dict[str, Any]:
    """Return what the tool found and is not expected."""
    found = {kind: many for kind, many in report["violations"].items() if kind not in EXPECTED}
    if found:
        found["samples"] = report["samples"]
    return found | ({"dead": report["dead"]} if report["dead"] else {})


FOLDERS = ("rfc4475", "rfc5118")


@real
async def test_torture_messages_are_answered_as_their_index_says(judged: Judged) -> None:
    await judged.begin(number="callee*")
    talks = await judged.call()
    for folder in FOLDERS:
        report = await judged.send(
            "--mode",
            "judge",
            "--strict",
            "--settle",
            "0.2",
            "--judge-wait",
            "0.5",
            corpus=CORPUS / folder,
        )
        assert report["judged"]["bad"] == []
        assert complaints(report) == {}
    await judged.finish(talks)


def valid_invites(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the file and the Call-ID of each INVITE that is to be treated as one."""
    for one in json.loads((folder / "index.json").read_text())["messages"]:
        if one["kind"] == "INVITE" and one["class"] in ("valid", "compat"):
            found = re.search(
                rb"(?im)^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", (folder / one["file"]).read_bytes()
            )
            assert found is not None
            yield one["file"], found[1].decode()


@real
async def test_valid_torture_messages_become_calls(judged: Judged) -> None:
    """Each comes from an address of its own, which hears nothing of the others' calls."""
    await judged.begin(number="*")
    addresses: dict[str, str] = {}
    for folder in FOLDERS:
        for name, call_id in valid_invites(CORPUS / folder):
            where = addresses.setdefault(call_id, f"127.0.6.{len(addresses) + 1}")
            report = await judged.send(
                "--mode", "judge", "--judge-bind", where, "--only", name, "--settle", "0",
                "--judge-wait", "0.5", corpus=CORPUS / folder,
            )  # fmt: skip
            assert report["judged"]["bad"] == []
            assert complaints(report) == {}
    await judged.daemon.until_over()
    await judged.daemon.stop()


def protos(folder: Path) -> Path:
    """Return a folder with one file for each case."""
    cases = folder / "protos"
    with tarfile.open(CORPUS / "protos" / "protos-visible.tar.xz") as archive:
        archive.extractall(cases, filter="data")
    return cases


LONG = pytest.mark.slow
WAYS = [
    pytest.param(("CANCEL",), 800, 1_000, id="short"),
    pytest.param(("CANCEL", "ACK", "BYE", "none"), 0, 300, id="long", marks=LONG),
]


@pytest.mark.parametrize(("teardowns", "count", "rate"), WAYS)
@real
async def test_protos_cases_harm_nothing(
    judged: Judged, tmp_path: Path, teardowns: Sequence[str], count: int, rate: int
) -> None:
    """A `count` of 0 is all of them."""
    cases = protos(tmp_path)
    await judged.begin(number="callee*")
    talks = await judged.call()
    for transport in ("udp", "tcp"):
        for teardown in teardowns:
            report = await judged.send(
                "--mode", "protos", "--count", str(count), "--rate", str(rate), "--settle", "0.5",
                "--proto", transport, "--teardown", teardown, corpus=cases,
            )  # fmt: skip
            assert complaints(report) == {}
    await judged.finish(talks)


@pytest.mark.parametrize(
    ("count", "rate", "seeds"),
    [
        pytest.param(1_500, 500, ("1",), id="short"),
        pytest.param(300_000, 1_000, ("1", "2", "3", "4", "5"), id="long", marks=LONG),
    ],
)
@real
async def test_mutated_messages_harm_nothing(
    judged: Judged, count: int, rate: int, seeds: Sequence[str]
) -> None:
    await judged.begin(number="*")
    talks = await judged.call()
    for seed in seeds:
        report = await judged.send(
            "--mode", "mutate", "--proto", "both", "--count", str(count), "--rate", str(rate),
            "--seed", seed, "--settle", "0.5",
        )  # fmt: skip
        assert complaints(report) == {}
    await judged.finish(talks)


@real
async def test_abused_streams_harm_nothing(judged: Judged) -> None:
    """Slow, endless, contradicting and reset connections; other addresses are served meanwhile."""
    await judged.begin(number="callee*")
    talks = await judged.call()
    report = await judged.send(
        "--mode",
        "tcp",
        "--proto",
        "tcp",
        "--slow-seconds",
        "6",
        "--churn",
        "200",
        "--live-bind",
        "127.0.0.9",
        "--settle",
        "0.5",
    )
    assert complaints(report) == {}
    await judged.finish(talks)
