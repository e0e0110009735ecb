"""<Gather> and <Play> as they run: keys, silence, recordings."""

from __future__ import annotations

from twisted.internet.task import Clock

from b2bua.rcml.limits import Limits
from b2bua.rcml.router import RcmlRouter
from b2bua.routing.interfaces import Site
from b2bua.routing.plan import ErrorTone, Recording, Silence, Speech
from tests.rcml.running import VOICE, VOICE_FIELDS, Run, number
from tests.support.fake_call import ACCOUNT, CALLER, FakeCall, play_out
from tests.support.fake_web import FakeWeb


class TestGather:
    def test_keys_lead_to_the_action(self, web: FakeWeb, call: FakeCall, run: Run) -> None:
        web.serve("https://app.example/keys", "<Response><Say>Thanks</Say></Response>")
        call.press("42#", at=1.5)
        run(
            '<Gather action="/keys" method="GET"><Say>Code</Say><Say>please</Say></Gather>'
            "<Say>never</Say>"
        )
        assert call.prompts == [Speech("Code"), Speech("please"), Speech("Thanks")]
        assert web.asks[1].method == "GET"
        assert dict(web.asks[1].fields) == {
            **VOICE_FIELDS,
            "CallStatus": "in-progress",
            "Digits": "42",
        }

    def test_the_action_is_the_document_itself_by_default(self, clock: Clock, web: FakeWeb) -> None:
        url = f"{VOICE}?tenant=7#rc=2"
        call = FakeCall(clock, number(voice_url=url))
        web.serve(f"{VOICE}?tenant=7", "<Response><Gather numDigits='1'/></Response>")
        web.serve(f"{VOICE}?tenant=7", "<Response><Hangup/></Response>")
        call.press("1", at=1)
        play_out(clock, RcmlRouter(Site(clock, web)).take(call))
        assert web.urls == [url, url]

    def test_silence_goes_on_with_the_next_verb(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        run('<Gather timeout="3" action="/keys"><Say>Code</Say></Gather><Say>Bye</Say>')
        assert call.heard == [(0.0, Speech("Code")), (4.0, Speech("Bye"))]
        assert len(web.asks) == 1

    def test_only_the_finishing_key_is_silence(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        call.press("#", at=0.5)
        run('<Gather action="/keys"><Say>Code</Say></Gather><Say>Bye</Say>')
        assert call.prompts == [Speech("Code"), Speech("Bye")]
        assert len(web.asks) == 1

    def test_silence_leads_to_the_action_when_told(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.serve("https://app.example/keys", "<Response/>")
        run('<Gather action="/keys" actionOnEmptyResult="true" timeout="2"/>')
        assert web.asked("https://app.example/keys")[0]["Digits"] == ""

    def test_a_prompt_repeats_at_most_ten_times(self, call: FakeCall, run: Run) -> None:
        run('<Gather timeout="1"><Say loop="0">Code</Say><Say loop="3">now</Say></Gather>')
        assert call.prompts == [Speech("Code")] * 10 + [Speech("now")] * 3

    def test_a_recording_that_fails_is_an_error_tone_and_keys_still_count(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.serve("https://app.example/keys", "<Response/>")
        call.press("1#", at=1.5)
        run('<Gather action="/keys"><Play>/gone.wav</Play><Pause length="2"/></Gather>')
        assert call.prompts == [ErrorTone(), Silence(2)]
        assert call.codes == [11200]
        assert len(web.asked("https://app.example/keys")) == 1

    def test_input_starts_the_count_of_documents_anew(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        call.press("1", at=1)
        call.press("2", at=3)
        run(
            '<Gather numDigits="1" timeout="2"/><Redirect/>',
            limits=Limits(documents_without_input=1),
        )
        assert [ask.get("Digits") for ask in web.asked(VOICE)] == [None, "1", "2"]
        assert call.is_gone


class TestPlay:
    def test_a_recording_is_fetched_with_its_own_limit(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.serve("https://app.example/a.wav", b"RIFF", "application/octet-stream")
        run('<Play loop="2">/a.wav</Play>')
        assert call.prompts == [Recording(b"RIFF")] * 2
        ask = web.asks[1]
        assert (ask.method, ask.fields, ask.limit_bytes) == ("GET", (), 10_485_760)
        assert (ask.account_sid, ask.call_sid) == (ACCOUNT, CALLER.call_sid)

    def test_one_that_fails_is_heard_as_one_error_tone_and_the_document_goes_on(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.fail("https://app.example/a.wav")
        run('<Play loop="0">/a.wav</Play><Say>Bye</Say>')
        assert call.prompts == [ErrorTone(), Speech("Bye")]
        assert call.notices == [(11205, "connection refused", "https://app.example/a.wav")]

    def test_one_that_is_too_long_is_an_error_tone(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.serve("https://app.example/a.wav", b"x" * 101)
        run("<Play>/a.wav</Play>", limits=Limits(play_bytes=100))
        assert (call.prompts, call.codes) == ([ErrorTone()], [11750])
