"""Acceptance 12: the public `twilio` SDK, unmodified, against the daemon; SIPp is who is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twisted.internet.threads import deferToThread

from tests.sipp.stage import Stage, number, rcml, scene
from tests.support.child import until
from tests.support.daemon import ACCOUNT, TOKEN, Daemon

ResultT = TypeVar("ResultT")

WAIT = '<Response><Pause length="60"/></Response>'
FROM = "+15550009999"
FASTER = "account_calls_per_second = 2\nrest_requests_per_second = 100\n"
EVENTS = ["initiated", "ringing", "answered", "completed"]


class Sdk:
    """The SDK, which waits for its answers, in a thread of its own for each request."""

    def __init__(self, daemon: Daemon, token: str = TOKEN) -> None:
        self.client = Client(ACCOUNT, token)
        self.client.api.base_url = daemon.url("")

    async def __call__(self, ask: Callable[[Client], ResultT]) -> ResultT:
        return await deferToThread(ask, self.client)

    async def fetch(self, sid: str) -> Any:
        """Return a call as it is now."""
        return await self(lambda client: client.calls(sid).fetch())

    async def until(self, stage: Stage, sid: str, status: str) -> Any:
        """Wait until a call has a status, and return it."""

        async def has_come() -> bool:
            return bool((await self.fetch(sid)).status == status)

        await until(stage.reactor, has_come, 10)
        call = await self.fetch(sid)
        assert call.status == status
        return call


@scene()
async def test_a_call_is_created_redirected_completed_listed_and_deleted(stage: Stage) -> None:
    callee = await stage.callee("uas_answer", hold=100, calls=0)
    busy = await stage.callee("uas_busy", calls=0)
    application = stage.application()
    first, second = application.serve("/first", WAIT), application.serve("/second", WAIT)
    entries = rcml(first, a=callee.port, b=busy.port)
    daemon = await stage.daemon(entries, limits=FASTER)
    sdk = Sdk(daemon)

    created = await sdk(
        lambda client: client.calls.create(
            to=number("a"),
            from_=FROM,
            url=first,
            status_callback=application.url("/status"),
            status_callback_event=EVENTS,
        )
    )
    assert (created.status, created.direction) == ("queued", "outbound-api")
    (asked,) = await application.until_asked("/first", 1)
    assert (asked["CallSid"], asked["Direction"]) == (created.sid, "outbound-api")
    assert (asked["CallStatus"], asked["From"], asked["To"]) == ("in-progress", FROM, number("a"))
    assert (await sdk.fetch(created.sid)).status == "in-progress"

    # Redirect it by a document, which leads to another page; then end it.
    twiml = f"<Response><Redirect>{second}</Redirect></Response>"
    await sdk(lambda client: client.calls(created.sid).update(twiml=twiml))
    assert (await application.until_asked("/second", 1))[0]["CallSid"] == created.sid
    with pytest.raises(TwilioRestException) as not_ringing:
        await sdk(lambda client: client.calls(created.sid).update(status="canceled"))
    assert (not_ringing.value.status, not_ringing.value.code) == (400, 21220)
    with pytest.raises(TwilioRestException, match="deleted when it is over"):
        await sdk(lambda client: client.calls(created.sid).delete())
    ended = await sdk(lambda client: client.calls(created.sid).update(status="completed"))
    assert (ended.status, ended.end_time is not None) == ("completed", True)
    told = await application.until_asked("/status", 4)
    assert [each["CallStatus"] for each in told] == [
        *("initiated", "ringing", "in-progress", "completed")
    ]
    assert [each["SequenceNumber"] for each in told] == ["0", "1", "2", "3"]

    # A busy callee, and one whose call is taken out of the queue: nobody hears of that one.
    refused = await sdk(
        lambda client: client.calls.create(to=number("b"), from_=FROM, twiml="<Response/>")
    )
    queued = await sdk(
        lambda client: client.calls.create(
            to=number("a"), from_=FROM, url=first, status_callback=application.url("/status")
        )
    )
    canceled = await sdk(lambda client: client.calls(queued.sid).update(status="canceled"))
    assert (canceled.status, canceled.start_time) == ("canceled", None)
    await sdk.until(stage, refused.sid, "busy")
    assert len(application.asked("/status")) == 4

    # Two pages, newest first, while another call is made between them.
    page = await sdk(lambda client: client.calls.page(page_size=2))
    assert [call.sid for call in page] == [queued.sid, refused.sid]
    late = await sdk(
        lambda client: client.calls.create(to=number("b"), from_=FROM, twiml="<Response/>")
    )
    following = await deferToThread(page.next_page)
    assert [call.sid for call in following] == [created.sid]
    assert following.next_page_url is None
    listed = await sdk(lambda client: client.calls.list(page_size=1, to=number("b")))
    assert [call.sid for call in listed] == [late.sid, refused.sid]
    assert await sdk(lambda client: client.calls.list(status="in-progress")) == []

    assert await sdk(lambda client: client.calls(created.sid).delete())
    with pytest.raises(TwilioRestException) as gone:
        await sdk.fetch(created.sid)
    assert (gone.value.status, gone.value.code) == (404, 20404)
    assert await sdk(lambda client: client.recordings.list()) == []
    assert await sdk(lambda client: client.calls(refused.sid).recordings.list()) == []
    await sdk.until(stage, late.sid, "busy")
    await daemon.until_idle()
    await daemon.stop()


@scene()
async def test_a_number_is_created_takes_a_call_and_is_given_up(stage: Stage) -> None:
    application = stage.application()
    voice = application.serve("/inbound", "<Response><Pause/><Hangup/></Response>")
    daemon = await stage.daemon(rcml(application.url("/nobody"), a=9))
    sdk = Sdk(daemon)
    created = await sdk(
        lambda client: client.incoming_phone_numbers.create(
            phone_number="+15557770001", friendly_name="Desk", voice_url=voice, voice_method="GET"
        )
    )
    assert (created.phone_number, created.voice_url) == ("+15557770001", voice)
    assert created.sid.startswith("PN")

    caller = stage.sipp("uac_refused", target=daemon.sip_port, user="+15557770001")
    await caller.start()
    (asked,) = await application.until_asked("/inbound", 1)
    assert (asked["To"], asked.seen.method) == ("+15557770001", "GET")
    (call,) = await sdk(lambda client: client.calls.list())
    assert (call.direction, call.to) == ("inbound", "+15557770001")

    renamed = await sdk(
        lambda client: client.incoming_phone_numbers(created.sid).update(friendly_name="Front")
    )
    assert (renamed.friendly_name, renamed.voice_method) == ("Front", "GET")
    fetched = await sdk(lambda client: client.incoming_phone_numbers(created.sid).fetch())
    assert fetched.friendly_name == "Front"
    listed = await sdk(lambda client: client.incoming_phone_numbers.list())
    assert [each.sid for each in listed] == [created.sid]
    assert await sdk(lambda client: client.incoming_phone_numbers(created.sid).delete())
    assert await sdk(lambda client: client.incoming_phone_numbers.list()) == []
    caller.abort()
    await daemon.until_idle()
    await daemon.stop()


@scene()
async def test_a_wrong_token_is_refused(stage: Stage) -> None:
    daemon = await stage.daemon(rcml("http://127.0.0.1:9/", a=9))
    with pytest.raises(TwilioRestException) as refused:
        await Sdk(daemon, "wrong").fetch("CA" + "0" * 32)
    assert (refused.value.status, refused.value.code) == (401, 20003)
    await daemon.stop()
