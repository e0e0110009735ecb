"""Nobody in a call, and nobody who only knows of it, can harm the calls of others.

A daemon carries calls with media.  Some phones send bad messages in their own dialogs, strangers
send BYE and CANCEL for calls of which they know half the names; all other calls lose nothing.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from tests.fuzz.dialogs import MOST_NUMBER, bad, spoofed
from tests.sipp.stage import static
from tests.support.crowd import HOST, Crowd, Talk
from tests.support.daemon import Daemon
from tests.support.real import real

reactor: Any = real_reactor


class Scene:
    """A daemon, and the phones that it serves."""

    def __init__(self, folder: Path) -> None:
        self.crowd = Crowd(reactor)
        self.daemon = Daemon(reactor, folder, static(self.crowd.port))
        self._stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._stranger.bind((HOST, 0))
        self._stranger.setblocking(False)

    @property
    def server(self) -> tuple[str, int]:
        """Where the daemon takes SIP."""
        return HOST, self.daemon.sip_port

    async def begin(self, calls: int) -> list[Talk]:
        """Start the daemon and set up calls."""
        await self.daemon.start()
        return await self.crowd.call(calls, self.server)

    @property
    def strange_port(self) -> int:
        """Where the stranger is."""
        return int(self._stranger.getsockname()[1])

    async def attack(self, rng: random.Random, attackers: Sequence[Talk]) -> None:
        """Send bad messages in these calls, and end what is left of them."""
        for number in range(MESSAGES_A_ROUND):
            phone = rng.choice(rng.choice(attackers).phones)
            phone.send(bad(rng, phone))
            if number % 4 == 0:
                await deferLater(reactor, 0.02)
        for phone in (phone for talk in attackers for phone in talk.phones):
            phone.skip_to(2 * MOST_NUMBER)
            phone.request("BYE")

    def strange(self, data: bytes) -> None:
        """Send something from an address that is no phone's."""
        self._stranger.sendto(data, self.server)

    def strange_answers(self) -> dict[str, int]:
        """Return how often which status was sent to the stranger."""
        found: dict[str, int] = {}
        while True:
            try:
                data = self._stranger.recv(65_536)
            except BlockingIOError:
                return found
            status = data.split(b" ")[1].decode()
            found[status] = found.get(status, 0) + 1

    async def end(self) -> None:
        """Close everything; the daemon is killed if the test has not stopped it."""
        self.daemon.abort()
        self._stranger.close()
        await self.crowd.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    pytest_twisted.blockon(Deferred.fromCoroutine(scene.end()))


SPOOFS = [
    pytest.param(10_000, id="short"),
    pytest.param(200_000, id="long", marks=pytest.mark.slow),
]
ROUNDS = [pytest.param(4, id="short"), pytest.param(300, id="long", marks=pytest.mark.slow)]
MESSAGES_A_ROUND = 200


@pytest.mark.parametrize("rounds", ROUNDS)
@real
async def test_bad_messages_in_ten_calls_cost_the_other_ninety_nothing(
    scene: Scene, rounds: int
) -> None:
    """Each round has ten new calls: most of them are over after a while."""
    others = await scene.begin(90)
    scene.crowd.talk(others)
    for number in range(rounds):
        rng = random.Random(f"dialogs {number}")
        attackers = await scene.crowd.call(10, scene.server)
        await scene.attack(rng, attackers)
        await scene.crowd.leave(attackers)
    await scene.crowd.silence()
    assert [loss for talk in others for loss in talk.losses()] == []
    assert await scene.crowd.hang_up(others) == []
    await scene.daemon.until_over()
    await scene.daemon.stop()


@pytest.mark.parametrize("count", SPOOFS)
@real
async def test_no_call_falls_to_a_bye_or_cancel_with_wrong_tags(scene: Scene, count: int) -> None:
    talks = await scene.begin(100)
    scene.crowd.talk(talks)
    rng = random.Random(f"spoofed {count}")
    answers: dict[str, int] = {}
    for number in range(count):
        phone = rng.choice(rng.choice(talks).phones)
        scene.strange(spoofed(rng, phone, number, scene.strange_port))
        if number % 40 == 0:
            await deferLater(reactor, 0.02)
            for status, times in scene.strange_answers().items():
                answers[status] = answers.get(status, 0) + times
    await scene.crowd.silence()
    assert [loss for talk in talks for loss in talk.losses()] == []
    assert set(answers) == {"481"}
    assert await scene.crowd.hang_up(talks) == []
    await scene.daemon.until_over()
    await scene.daemon.stop()
