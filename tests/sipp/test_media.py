"""What one side says, the other hears: every packet, once, in order, byte for byte."""

from __future__ import annotations

import pytest
from twisted.internet.task import deferLater

from tests.sipp.stage import Stage, number, rcml, scene, static
from tests.sipp.test_rcml import dial
from tests.support.child import until
from tests.support.ear import Ear
from tests.support.sipp import Sipp

PACKETS = 100
FRAME = 0.02


def words(side: int) -> list[bytes]:
    """Return what a side says: every packet is unlike every other."""
    return [
        bytes([side, index]) + bytes((index + i) % 256 for i in range(158))
        for index in range(PACKETS)
    ]


async def talk(stage: Stage, ears: dict[int, Ear], to: dict[int, tuple[str, int]]) -> None:
    """Let both sides speak, a packet each every 20 ms."""
    said = {side: words(side) for side in ears}
    for index in range(PACKETS):
        for side, ear in ears.items():
            ear.say(said[side][index], index, to[side])
        await deferLater(stage.reactor, FRAME)


def heard(ear: Ear, side: int) -> list[tuple[int, bytes]]:
    """Return number and payload of each packet that `side` has said."""
    mine = [each for each in ear.packets if each.payload[:1] == bytes([side])]
    first = mine[0].sequence if mine else 0
    return [((each.sequence - first) & 0xFFFF, each.payload) for each in mine]


async def until_answered(stage: Stage, *sipps: Sipp) -> list[tuple[str, int]]:
    """Wait until each has exchanged descriptions; return where it was told to send."""

    async def is_answered() -> bool:
        return all(_descriptions(each) for each in sipps)

    assert await until(stage.reactor, is_answered, 10)
    return [_descriptions(each)[-1] for each in sipps]


def _descriptions(sipp: Sipp) -> list[tuple[str, int]]:
    heard = sipp.messages(sent=False, method="INVITE")
    return [each.media for each in heard if "m=audio" in each.body]


@pytest.mark.parametrize("router", ["static", "rcml"])
@scene()
async def test_every_packet_crosses_the_bridge_both_ways(stage: Stage, router: str) -> None:
    a, b = stage.ear(), stage.ear()
    callee = await stage.callee("uas_answer", hold=50, rtp_port=b.port)
    application = stage.application()
    entries = (
        static(callee.port) if router == "static" else rcml(dial(application, "a"), a=callee.port)
    )
    daemon = await stage.daemon(entries)
    caller = stage.sipp("uac_call", target=daemon.sip_port, hold=3_500, rtp_port=a.port)
    await caller.start()
    to_a, to_b = await until_answered(stage, caller, callee)
    await deferLater(stage.reactor, 0.3)  # the bridge follows the answer
    await talk(stage, {1: a, 2: b}, {1: to_a, 2: to_b})
    await caller.finish()
    await callee.finish()
    assert heard(b, 1) == list(enumerate(words(1)))
    assert heard(a, 2) == list(enumerate(words(2)))
    await daemon.until_over()
    await daemon.stop()


@scene()
async def test_the_whisper_is_heard_by_the_callee_alone(stage: Stage) -> None:
    """The caller hears ringback and nothing else until the bridge; the callee hears no caller."""
    a, b = stage.ear(), stage.ear()
    callee = await stage.callee("uas_answer", hold=50, rtp_port=b.port)
    application = stage.application()
    application.serve("/ws", "<Response><Say>Press any key to take this call</Say></Response>")
    document = dial(application, "a", whispers="s")
    daemon = await stage.daemon(rcml(document, a=callee.port))
    caller = stage.sipp("uac_call", target=daemon.sip_port, hold=5_000, rtp_port=a.port)
    await caller.start()
    [to_a] = await until_answered(stage, caller)
    secret = b"\x11" * 160
    for index in range(50):
        a.say(secret, index, to_a)
        await deferLater(stage.reactor, FRAME)
    await caller.finish()
    await callee.finish()
    assert application.asked("/ws")[0]["To"] == number("a")
    assert secret not in {each.payload for each in b.packets}
    whispered = {each.payload for each in b.packets if len(set(each.payload)) > 40}
    assert len(whispered) > 25  # half a second of a voice, and no two frames of it alike
    assert not whispered & {each.payload for each in a.packets}
    await daemon.until_over()
    await daemon.stop()
