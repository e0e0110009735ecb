"""kill -9 of the real daemon with calls in all states: each leg gets its one `completed`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twilio.rest import Client
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from tests.sipp.stage import entry
from tests.support.application import Application, Received
from tests.support.child import until
from tests.support.crowd import HOST, Crowd, Talk
from tests.support.daemon import ACCOUNT, TOKEN, Daemon
from tests.support.real import real

reactor: Any = real_reactor
EVENTS = "initiated ringing answered completed"


class Scene:
    """A daemon that tells an application of the calls of a crowd."""

    def __init__(self, folder: Path) -> None:
        self.crowd = Crowd(reactor)
        self.application = Application(reactor)
        trunk = (
            '[[trunks]]\nname = "all"\nuri = "sip:127.0.0.1:{}"\ninbound_from = ["127.0.0.0/8"]\n'
        )
        told = f'status_callback = "{self.application.url("/status")}"\n'
        told += f'status_callback_event = "{EVENTS}"\n'
        entries = trunk.format(self.crowd.port) + entry(self.crowd.port, "callee*") + told
        self.daemon = Daemon(reactor, folder, entries)

    def client(self) -> Client:
        """Return the SDK, pointed at the daemon."""
        client = Client(ACCOUNT, TOKEN)
        client.api.base_url = self.daemon.url("")
        return client

    async def die(self) -> None:
        """Kill the daemon, and start it again."""
        self.daemon.abort()
        assert await until(reactor, self.daemon.has_ended, 5)
        await self.daemon.start()

    async def end(self) -> None:
        """Close everything."""
        self.daemon.abort()
        await self.crowd.close()
        await self.application.stop()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    pytest_twisted.blockon(Deferred.fromCoroutine(scene.end()))


def hold_back(talk: Talk) -> None:
    """Let the callee ring for ever."""
    talk.callee.manual = True


@real
async def test_each_leg_of_a_daemon_that_was_killed_gets_its_one_completed(scene: Scene) -> None:
    daemon, crowd, application = scene.daemon, scene.crowd, scene.application
    await daemon.start()
    server = (HOST, daemon.sip_port)
    over, *_ = await crowd.call(3, server)
    assert await crowd.hang_up([over]) == []
    ringing = crowd.place(server, prepare=hold_back)
    crowd.place(server, prepare=hold_back)

    async def are_told() -> bool:
        return (
            len(application.asked("/status")) >= 3 * 3 + 1 + 2 and ringing.callee.invite is not None
        )

    assert await until(reactor, are_told, 10), [each.fields for each in application.received]
    await deferLater(reactor, 1.2)  # so that a call has a second to be paid for
    before = len(application.received)
    await scene.die()

    async def are_over() -> bool:
        return len(ends()) == 5

    def ends() -> list[Received]:
        return [each for each in application.received if each["CallStatus"] in FINAL]

    await until(reactor, are_over, 10)
    legs = application.legs("/status")
    assert len(legs) == 5
    assert Counter(each["CallStatus"] for each in ends()) == {"completed": 3, "failed": 2}
    for told in legs.values():
        numbers = [int(each["SequenceNumber"]) for each in told]
        assert [*dict.fromkeys(numbers)] == [*range(len({*numbers}))], "in order, without gaps"
        assert told[-1]["CallStatus"] in FINAL, "nothing after `completed`"
    late = [each for each in application.received[before:] if each["CallStatus"] in FINAL]
    assert {each["ErrorCode"] for each in late} == {"12400"}
    assert len({each.seen.headers["i-twilio-idempotency-token"] for each in late}) == 4

    async def are_listed() -> bool:
        listed = await deferToThread(scene.client().calls.list)
        told = Counter(call.status for call in listed if call.direction == "inbound")
        return told == {"completed": 3, "failed": 2} and len(listed) == 10

    assert await until(reactor, are_listed, 10)
    await daemon.stop()


FINAL = {"completed", "busy", "no-answer", "failed", "canceled"}


@real
async def test_calls_and_numbers_of_the_rest_api_are_there_after_a_kill(scene: Scene) -> None:
    daemon, crowd = scene.daemon, scene.crowd
    await daemon.start()
    talks = await crowd.call(3, (HOST, daemon.sip_port))
    assert await crowd.hang_up(talks) == []
    await daemon.until_over()

    def make() -> tuple[list[Any], str]:
        client = scene.client()
        made = client.incoming_phone_numbers.create(
            phone_number="+15550009999", voice_url="http://127.0.0.1:1/", friendly_name="hall"
        )
        gone = client.incoming_phone_numbers.create(phone_number="+15550008888")
        gone.delete()
        calls = client.calls.list()
        calls[0].delete()
        return [shown(call) for call in calls[1:]], str(made.sid)

    def look(sid: str) -> tuple[list[Any], list[Any]]:
        client = scene.client()
        numbers = client.incoming_phone_numbers.list()
        assert client.incoming_phone_numbers(sid).fetch().friendly_name == "hall"
        return [shown(call) for call in client.calls.list()], [one.phone_number for one in numbers]

    calls, sid = await deferToThread(make)
    assert len(calls) == 5
    await scene.die()

    async def is_there() -> bool:
        """Calls are read while new ones are taken already."""
        return await deferToThread(look, sid) == (calls, ["+15550009999"])

    assert await until(reactor, is_there, 10), await deferToThread(look, sid)
    await daemon.stop()


def shown(call: Any) -> tuple[Any, ...]:
    """What the SDK shows of a call."""
    return (
        call.sid,
        call.parent_call_sid,
        call.status,
        call.direction,
        call.to,
        call.duration,
        call.start_time,
        call.end_time,
    )
