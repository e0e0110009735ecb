"""Acceptance 15: the caller in channel 1 and the callee in channel 2, from the ringing on.

Each side says a tone of its own on a real port; the file is fetched as a customer would, and
listened to.
"""

from __future__ import annotations

import io
import wave
from array import array

import pytest
import treq
from twilio.base.exceptions import TwilioRestException
from twisted.internet.task import deferLater

from b2bua.media._relay import ulaw_encode
from tests.media.sounds import sine
from tests.sipp.stage import Stage, number, rcml, scene
from tests.sipp.test_media import FRAME, until_answered
from tests.sipp.test_rest_api import Sdk
from tests.support.application import Application
from tests.support.child import until
from tests.support.daemon import ACCOUNT, TOKEN
from tests.support.ear import Ear
from tests.support.listening import tone_level

CALLER_HZ, CALLEE_HZ = 500, 1_300
LOUD, FAINT = 8_000, 200
RINGING_MS = 1_000


def recorded_dial(application: Application, record: str) -> str:
    """Serve a document that rings callee `a` and records; return its URL."""
    callback, action = application.url("/recorded"), application.serve("/action", "<Response/>")
    dial = (
        f'<Dial record="{record}" recordingStatusCallback="{callback}" action="{action}"'
        ' recordingStatusCallbackEvent="in-progress completed absent">'
    )
    return application.serve("/voice", f"<Response>{dial}{number('a')}</Dial></Response>")


async def hum(
    stage: Stage, voices: dict[Ear, tuple[int, tuple[str, int]]], first: int, count: int
) -> None:
    """Let each side say its tone, in packets of 20 ms from number `first` on."""
    sounds = {
        ear: ulaw_encode(sine(hz, (first + count) * FRAME)) for ear, (hz, _) in voices.items()
    }
    for index in range(first, first + count):
        for ear, (hz, to) in voices.items():
            ear.say(sounds[ear][index * 160 : (index + 1) * 160], index, to, ssrc=hz)
        await deferLater(stage.reactor, FRAME)


def channels_of(file: bytes) -> list[bytes]:
    """Return the samples of each channel of a WAV file."""
    with wave.open(io.BytesIO(file)) as read:
        assert (read.getframerate(), read.getsampwidth()) == (8_000, 2)
        samples, count = array("h", read.readframes(read.getnframes())), read.getnchannels()
    return [samples[channel::count].tobytes() for channel in range(count)]


def seconds_of(pcm: bytes, hz: int) -> float:
    """Return for how many tenths of a second `hz` is heard, and nothing of the other voice."""
    (other,) = {CALLER_HZ, CALLEE_HZ} - {hz}
    tenths = [pcm[at : at + 1_600] for at in range(0, len(pcm) - 1_599, 1_600)]
    heard = [t for t in tenths if tone_level(t, hz) > LOUD]
    assert all(tone_level(t, other) < FAINT for t in tenths)
    return len(heard) / 10


@scene()
async def test_the_caller_is_in_channel_1_and_the_callee_in_channel_2(stage: Stage) -> None:
    a, b = stage.ear(), stage.ear()
    callee = await stage.callee("uas_answer", hold=RINGING_MS, rtp_port=b.port)
    application = stage.application()
    document = recorded_dial(application, "record-from-ringing-dual")
    daemon = await stage.daemon(
        rcml(document, a=callee.port), limits="rest_requests_per_second = 100\n"
    )
    caller = stage.sipp("uac_call", target=daemon.sip_port, hold=4_000, rtp_port=a.port)
    await caller.start()
    to_a, to_b = await until_answered(stage, caller, callee)
    await hum(stage, {a: (CALLER_HZ, to_a)}, 0, 30)  # while it rings

    async def is_bridged() -> bool:
        return any(packet.ssrc == CALLER_HZ for packet in b.packets)

    humming = 30
    while not await is_bridged():
        await hum(stage, {a: (CALLER_HZ, to_a)}, humming, 5)
        humming += 5
    await hum(stage, {a: (CALLER_HZ, to_a), b: (CALLEE_HZ, to_b)}, humming, 60)
    await caller.finish()
    await callee.finish()

    async def is_recorded() -> bool:
        return len(application.asked("/recorded")) == 2 and bool(application.asked("/action"))

    assert await until(stage.reactor, is_recorded, 10)
    begun, completed = application.asked("/recorded")
    [action] = application.asked("/action")
    assert (begun["RecordingStatus"], completed["RecordingStatus"]) == ("in-progress", "completed")
    assert (completed["RecordingChannels"], completed["RecordingSource"]) == ("2", "DialVerb")
    assert completed["RecordingUrl"] == action["RecordingUrl"]
    assert int(action["RecordingDuration"]) in (
        int(completed["RecordingDuration"]),
        int(completed["RecordingDuration"]) + 1,
    )

    url = f"{completed['RecordingUrl']}.wav"
    assert (await treq.get(url)).code == 401
    fetched = await treq.get(url, auth=(ACCOUNT, TOKEN))
    assert fetched.code == 200
    parent, child = channels_of(await fetched.content())
    assert seconds_of(parent, CALLER_HZ) >= 1.5  # while it rang, and after it
    assert 0.9 <= seconds_of(child, CALLEE_HZ) <= 1.5
    assert not any(child[:8_000])  # while it rang, the callee said nothing

    sdk = Sdk(daemon)
    [listed] = await sdk(lambda client: client.recordings.list())
    shown = await sdk(lambda client: client.recordings(completed["RecordingSid"]).fetch())
    of_call = await sdk(lambda client: client.calls(completed["CallSid"]).recordings.list())
    assert listed.sid == shown.sid == of_call[0].sid == completed["RecordingSid"]
    assert (shown.status, shown.channels, shown.duration) == (
        "completed",
        2,
        completed["RecordingDuration"],
    )
    assert shown.media_url == completed["RecordingUrl"]
    assert await sdk(lambda client: client.recordings(shown.sid).delete())
    assert await sdk(lambda client: client.recordings.list()) == []
    with pytest.raises(TwilioRestException):
        await sdk(lambda client: client.recordings(shown.sid).fetch())
    assert (await treq.get(url, auth=(ACCOUNT, TOKEN))).code == 404
    await daemon.until_over()
    await daemon.stop()


@scene()
async def test_a_recording_that_a_kill_cut_short_is_completed_at_the_next_start(
    stage: Stage,
) -> None:
    a = stage.ear()
    callee = await stage.callee("uas_answer", hold=20_000)
    application = stage.application()
    document = recorded_dial(application, "record-from-ringing")
    daemon = await stage.daemon(rcml(document, a=callee.port))
    caller = stage.sipp("uac_call", target=daemon.sip_port, hold=20_000, rtp_port=a.port)
    await caller.start()
    [to_a] = await until_answered(stage, caller)
    await hum(stage, {a: (CALLER_HZ, to_a)}, 0, 125)
    daemon.abort()
    assert await until(stage.reactor, daemon.has_ended, 5)
    await daemon.start()
    _, completed = await application.until_asked("/recorded", 2)
    assert (completed["RecordingStatus"], completed["RecordingChannels"]) == ("completed", "1")
    fetched = await treq.get(completed["RecordingUrl"], auth=(ACCOUNT, TOKEN))
    (mixed,) = channels_of(await fetched.content())
    assert len(mixed) // 16_000 == int(completed["RecordingDuration"])
    assert seconds_of(mixed, CALLER_HZ) >= 0.5  # of the two and a half seconds that were said
    await daemon.stop()
