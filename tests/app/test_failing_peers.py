"""A running daemon with peers that are not there, or not any more, and with no media ports left.

Whoever calls gets a final answer or a BYE, nothing stays in `/counters`, and the daemon goes on.
T1 is 20 ms, so 64*T1, the patience of RFC 3261, is 1.28 s.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from tests.sipp.stage import entry
from tests.support.child import free_port, until
from tests.support.crowd import HOST, AnsweringPhone, Crowd, Talk
from tests.support.daemon import Daemon
from tests.support.real import real

reactor: Any = real_reactor

TRUNK = """
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1"
inbound_from = ["127.0.0.0/8"]
"""


class Scene:
    """A daemon and its phones; `hole` is a port that takes everything and says nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.crowd = Crowd(reactor)
        self.hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.hole.bind((HOST, 0))
        self.daemon: Daemon | None = None

    async def begin(self, *entries: str, ports: int = 1_000, media_timeout: int = 60) -> Daemon:
        """Start a daemon that rings the crowd, and what `entries` say besides."""
        text = TRUNK + entry(self.crowd.port, "callee*") + "".join(entries)
        daemon = Daemon(reactor, self._folder, text, t1=0.02, ports=ports)
        settings = daemon.settings.read_text()
        timeout = f"[media]\ntimeout = {media_timeout}\n"
        daemon.settings.write_text(settings.replace("[media]\n", timeout))
        self.daemon = daemon
        await daemon.start()
        return daemon

    @property
    def server(self) -> tuple[str, int]:
        """Where the daemon takes SIP."""
        assert self.daemon is not None
        return HOST, self.daemon.sip_port

    def place(self, number: str = "", prepare: Callable[[Talk], None] = lambda _: None) -> Talk:
        """Place a call: to its callee, or to `number`."""
        talk = self.crowd.place(self.server, number, prepare)
        return talk

    async def finish(self) -> None:
        """Check that nothing stays, that a call goes through as ever, and that all went well."""
        daemon = self.daemon
        assert daemon is not None
        await daemon.until_over()
        after = await self.crowd.call(1, self.server)
        assert await self.crowd.hang_up(after) == []
        await daemon.until_over()
        await daemon.stop()

    async def end(self) -> None:
        """Close everything."""
        if self.daemon is not None:
            self.daemon.abort()
        self.hole.close()
        await self.crowd.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    pytest_twisted.blockon(Deferred.fromCoroutine(scene.end()))


async def hears(phone: AnsweringPhone, word: str, seconds: float = 8) -> None:
    """Wait until a phone has heard `word`."""

    async def is_heard() -> bool:
        return word in phone.heard

    assert await until(reactor, is_heard, seconds), f"{phone.name} heard {phone.heard}"


@real
async def test_who_cannot_be_reached_is_refused_to_the_caller(scene: Scene) -> None:
    """ICMP's refusal, a black hole, a refused TCP connection, and a name that nobody has."""
    over_tcp = ";transport=tcp"
    await scene.begin(
        entry(free_port(), "1"),
        entry(scene.hole.getsockname()[1], "2"),
        entry(free_port(), "3", over_tcp),
        entry(5060, "4").replace("@127.0.0.1", "@nobody.invalid"),
    )
    calls = {number: scene.place(number).caller for number in "1234"}
    await hears(calls["1"], "502", seconds=1)  # at once
    await hears(calls["2"], "408")
    await hears(calls["3"], "502")
    await hears(calls["4"], "502", seconds=15)  # as long as the system's resolver takes
    await scene.finish()


@real
async def test_an_answer_that_cannot_be_read_is_refused_to_the_caller(scene: Scene) -> None:
    def answer_badly(talk: Talk) -> None:
        talk.callee.sdp = lambda *_: "v=9\r\nrubbish"  # type: ignore[method-assign]

    await scene.begin()
    talk = scene.place(prepare=answer_badly)
    await hears(talk.caller, "502")
    await hears(talk.callee, "BYE")
    await scene.finish()


@real
async def test_without_media_ports_a_caller_hears_503(scene: Scene) -> None:
    """Four ports are one call: RTP and RTCP on each side."""
    daemon = await scene.begin(ports=4)
    [first] = await scene.crowd.call(1, scene.server)
    second = scene.place()
    await hears(second.caller, "503")
    assert (await daemon.counters())["calls"] == 1
    assert await scene.crowd.hang_up([first]) == []
    await daemon.until_over()
    await daemon.stop()


@real
async def test_a_callee_that_vanishes_keeps_nothing(scene: Scene) -> None:
    """After 100, after 180, in the call, and when it is asked to hold."""
    await scene.begin()
    early, ringing = scene.place(prepare=_manual), scene.place(prepare=_manual)
    talking, holding = await scene.crowd.call(2, scene.server)
    early.callee.answer(100)
    ringing.callee.answer(180)
    await hears(ringing.caller, "180")
    for talk in (early, ringing, talking, holding):
        talk.callee.vanished = True
    early.caller.cancel()
    ringing.caller.cancel()
    talking.caller.request("BYE")
    holding.caller.request("INVITE", holding.caller.sdp("sendonly"))
    await hears(early.caller, "487")
    await hears(ringing.caller, "487")
    await hears(holding.caller, "BYE")
    await scene.finish()


@real
async def test_a_caller_that_vanishes_keeps_nothing(scene: Scene) -> None:
    """Before the answer, without its ACK, in the call, and after its own offer was accepted."""
    await scene.begin(media_timeout=2)
    asking, unacknowledged = scene.place(prepare=_manual), scene.place(prepare=_manual_caller)
    talking, holding = await scene.crowd.call(2, scene.server)
    holding.caller.manual = True
    holding.caller.request("INVITE", holding.caller.sdp("sendonly"))
    await hears(holding.caller, "200")
    for talk in (asking, unacknowledged, talking, holding):
        talk.caller.vanished = True
    asking.callee.answer(486)
    for talk in (unacknowledged, talking, holding):
        await hears(talk.callee, "BYE")
    await scene.finish()


@real
async def test_both_ends_of_a_call_may_vanish(scene: Scene) -> None:
    daemon = await scene.begin(media_timeout=1)
    talks = await scene.crowd.call(5, scene.server)
    for phone in (phone for talk in talks for phone in talk.phones):
        phone.vanished = True
    await deferLater(reactor, 1)
    assert (await daemon.counters())["calls"] <= 5
    await scene.finish()


def _manual(talk: Talk) -> None:
    talk.callee.manual = True


def _manual_caller(talk: Talk) -> None:
    talk.caller.manual = True
