"""A daemon, its store and the operator's tools: what was left is delivered, replayed or dropped."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from b2bua.app.kept_letters import KeptLetters
from b2bua.callbacks.interfaces import Letter
from b2bua.cli.main import main
from b2bua.store.notifications import Notification, Notifications
from tests.callbacks.conftest import an_event, events_of
from tests.store.conftest import Store
from tests.support.application import Application
from tests.support.child import until
from tests.support.daemon import ACCOUNT, Daemon

pytestmark = pytest.mark.real
Test = Callable[..., Coroutine[Any, Any, None]]
ensured: Callable[[Test], Test] = pytest_twisted.ensureDeferred
fixture: Callable[[Any], Any] = pytest_twisted.async_yield_fixture
FAR = 4_000_000_000.0


@pytest.fixture
def reactor() -> Any:
    from twisted.internet import reactor  # noqa: PLC0415

    return reactor


@fixture
async def application(reactor: Any) -> AsyncIterator[Application]:
    application = Application(reactor)
    yield application
    await application.stop()


def leave_behind(folder: Path, application: Application) -> None:
    """Write a store as an earlier daemon would have left it."""
    store = Store("sqlite:///var/b2bua.sqlite", folder, now=time.time())
    letters = KeptLetters(store.outbox)
    for event in events_of("CA1", application.url("/status")):
        letters.add(Letter(event, until=FAR), lambda: None)
    for number in (8, 9):
        dead = an_event(call_sid="CA2", sequence=number, url=application.url("/dead"))
        letter = Letter(dead, until=FAR, tries=3, problem="status 410")
        letters.add(letter, lambda: None)
        letters.bury(letter)
    notes = Notifications(store.writer, store.places)
    notes.add(
        Notification(
            ACCOUNT, "CA1", 12100, "no RCML", "http://x/", {"method": "GET", "url": "http://x/"}
        )
    )
    store.clock.advance(1)
    store.database.close()


async def tool(daemon: Daemon, *words: str) -> int:
    """Run the tool in a thread: it blocks."""
    arguments = [*words, "--settings", str(daemon.settings)]
    return await deferToThread(main, arguments)


@ensured
async def test_what_an_earlier_daemon_left_is_delivered_and_its_dead_are_the_operator_s(
    reactor: Any, application: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_behind(tmp_path, application)
    daemon = Daemon(reactor, tmp_path, "")
    try:
        await daemon.start()
        arrived = await application.until_asked("/status", 4)
        assert [each["SequenceNumber"] for each in arrived] == list("0123")
        assert (await daemon.counters())["callbacks_dead"] == 2

        assert await tool(daemon, "callbacks", "list", "--json") == 0
        listed = json.loads(capsys.readouterr().out)
        assert [(row["token"], row["state"], row["problem"]) for row in listed] == [
            ("CA2-8", "dead", "status 410"),
            ("CA2-9", "dead", "status 410"),
        ]
        assert await tool(daemon, "callbacks", "show", "CA2-8") == 0
        assert json.loads(capsys.readouterr().out)["body"]["leg"]["call_sid"] == "CA2"
        assert await tool(daemon, "callbacks", "drop", "CA2-9") == 0
        assert await tool(daemon, "callbacks", "replay", "--dead") == 0
        replayed = await application.until_asked("/dead", 1)
        assert replayed[0].seen.headers["i-twilio-idempotency-token"] == "CA2-8"
        await daemon.until_idle()
        assert await tool(daemon, "callbacks", "replay", "CA2-8") == 1

        capsys.readouterr()
        assert await tool(daemon, "notifications") == 0
        assert "error  12100  CA1  no RCML" in capsys.readouterr().out
        await daemon.stop()
    finally:
        daemon.abort()


@ensured
async def test_the_tools_socket_is_one_user_s_and_survives_a_kill(
    reactor: Any, tmp_path: Path
) -> None:
    daemon = Daemon(reactor, tmp_path, "")
    socket = tmp_path / "var" / "b2bua.sock"
    try:
        for _ in range(2):
            await daemon.start()
            assert socket.stat().st_mode & 0o777 == 0o600
            assert await tool(daemon, "callbacks", "list") == 0
            daemon.abort()
            await until(reactor, daemon.has_ended, 5)
        assert await tool(daemon, "callbacks", "list") == 1
    finally:
        daemon.abort()
