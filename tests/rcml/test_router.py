"""Whole calls: the first document, the way from one to the next, failures and the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from b2bua.rcml.limits import Limits
from b2bua.rcml.router import APOLOGY, RcmlFactory, RcmlRouter
from b2bua.routing.interfaces import IRouter, IRouterFactory, Site
from b2bua.routing.plan import (
    Outcome,
    Speech,
    Status,
    Tones,
)
from tests.rcml.running import FALLBACK, VOICE, VOICE_FIELDS, Run, number
from tests.support.fake_call import ACCOUNT, CALLER, FakeCall, play_out
from tests.support.fake_web import FakeWeb


def test_the_first_document_is_asked_for_with_the_voice_request(
    web: FakeWeb, call: FakeCall, run: Run
) -> None:
    run("<Say>Hi</Say>")
    (ask,) = web.asks
    assert (ask.url, ask.method) == (VOICE, "POST")
    assert dict(ask.fields) == VOICE_FIELDS
    assert (ask.account_sid, ask.call_sid) == (ACCOUNT, CALLER.call_sid)
    assert ask.limit_bytes is None


def test_the_method_of_the_settings_is_used(clock: Clock, web: FakeWeb) -> None:
    call = FakeCall(clock, number(voice_method="GET"))
    web.serve(VOICE, "<Response/>")
    play_out(clock, RcmlRouter(Site(clock, web)).take(call))
    assert [ask.method for ask in web.asks] == ["GET"]


def test_verbs_run_from_top_to_bottom_and_the_end_hangs_up(call: FakeCall, run: Run) -> None:
    run('<Say>One</Say><Pause length="2"/><Play digits="5"/><Say loop="2">Two</Say>')
    assert call.heard == [
        (0.0, Speech("One")),
        (3.0, Tones("5")),
        (3.2, Speech("Two")),
        (4.2, Speech("Two")),
    ]
    assert call.is_gone


def test_nothing_runs_after_a_hangup(call: FakeCall, run: Run) -> None:
    run("<Hangup/><Say>never</Say>")
    assert call.heard == []
    assert call.is_gone


def test_an_empty_document_hangs_up(call: FakeCall, run: Run) -> None:
    run("")
    assert call.is_gone
    assert not call.is_answered


def test_a_pause_first_delays_the_answer(call: FakeCall, run: Run) -> None:
    run('<Pause length="3"/><Say>Hi</Say>')
    assert call.answered_at == 3.0


def test_a_caller_who_hangs_up_ends_it_all(web: FakeWeb, call: FakeCall, run: Run) -> None:
    call.hang_up_at(2.5)
    run('<Say loop="0">Hi</Say><Redirect>never</Redirect>')
    assert len(call.heard) == 3
    assert len(web.asks) == 1


def test_a_caller_who_hangs_up_during_a_request_hears_nothing_of_it(
    clock: Clock, web: FakeWeb, call: FakeCall, run: Run
) -> None:
    web.delay = 2.0
    call.hang_up_at(1.0)
    run("<Say>never</Say>")
    assert call.heard == []


class TestReject:
    @pytest.mark.parametrize(
        ("reason", "refusal"),
        [("", (603, "Decline")), ("rejected", (603, "Decline")), ("busy", (486, "Busy Here"))],
    )
    def test_it_refuses_an_unanswered_call(
        self, call: FakeCall, run: Run, reason: str, refusal: tuple[int, str]
    ) -> None:
        run(f'<Reject reason="{reason}"/>' if reason else "<Reject/>")
        assert call.refused == refusal
        assert not call.is_answered

    @pytest.mark.parametrize("before", ['<Pause length="1"/>', "<Say>Hi</Say>"])
    def test_it_is_too_late_behind_another_verb(
        self, call: FakeCall, run: Run, before: str
    ) -> None:
        run(f"{before}<Reject/>")
        assert (call.refused, call.is_gone, call.codes) == (None, True, [12200])

    def test_it_is_too_late_for_an_answered_caller(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.serve("https://app.example/reject", "<Response><Reject/></Response>")
        run("<Say>Hi</Say><Redirect>/reject</Redirect>")
        assert (call.refused, call.is_gone, call.codes) == (None, True, [12200])


class TestRedirect:
    def test_it_leads_on_and_nothing_after_it_runs(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.serve("https://app.example/calls/next", "<Response><Say>There</Say></Response>")
        run('<Redirect method="GET">next</Redirect><Say>never</Say>')
        assert call.prompts == [Speech("There")]
        assert web.asks[1].method == "GET"
        assert dict(web.asks[1].fields) == VOICE_FIELDS

    def test_urls_resolve_against_where_the_document_came_from(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        web.move(VOICE, "https://moved.example/deep/doc")
        web.serve(
            "https://moved.example/deep/doc", "<Response><Redirect>next</Redirect></Response>"
        )
        web.serve("https://moved.example/deep/next", "<Response><Say>There</Say></Response>")
        run()
        assert call.prompts == [Speech("There")]

    def test_fifty_documents_in_a_row_and_no_more(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        run("<Redirect>voice.xml</Redirect>")
        assert len(web.asks) == 50
        assert call.codes == [11215]
        assert call.prompts == [APOLOGY]

    def test_a_loop_is_not_taken_to_the_fallback(
        self, web: FakeWeb, call: FakeCall, run: Run
    ) -> None:
        run("<Redirect>voice.xml</Redirect>", limits=Limits(documents_without_input=3))
        assert web.urls == [VOICE] * 3


FAILURES = [
    # (what the server does, the code)
    (lambda web, url: web.fail(url, 11210), 11210),
    (lambda web, url: web.serve(url, "gone", "text/plain", 404), 11200),
    (lambda web, url: web.serve(url, "<Response>", "text/xml"), 12100),
    (lambda web, url: web.serve(url, " <?xml version='1.0'?><Response/>"), 12100),
    (lambda web, url: web.serve(url, "{}", "application/json"), 12300),
    (lambda web, url: web.serve(url, b"x" * 70_000), 11750),
]


class TestFailure:
    @pytest.mark.parametrize(("fail", "code"), FAILURES)
    def test_a_document_that_fails_leads_to_the_fallback(
        self, web: FakeWeb, call: FakeCall, run: Run, fail: Callable[..., None], code: int
    ) -> None:
        fail(web, VOICE)
        web.serve(FALLBACK, "<Response><Say>Sorry</Say></Response>")
        run()
        assert call.prompts == [Speech("Sorry")]
        assert web.asked(FALLBACK) == [{**VOICE_FIELDS, "ErrorCode": str(code), "ErrorUrl": VOICE}]
        assert [(c, url) for c, _, url in call.notices] == [(code, VOICE)]

    @pytest.mark.parametrize(("fail", "code"), FAILURES)
    def test_a_fallback_that_fails_is_answered_by_an_apology(
        self, web: FakeWeb, call: FakeCall, run: Run, fail: Callable[..., None], code: int
    ) -> None:
        web.fail(VOICE)
        fail(web, FALLBACK)
        run()
        assert call.prompts == [APOLOGY]
        assert call.codes == [11205, code]
        assert web.urls == [VOICE, FALLBACK]
        assert call.is_gone

    @pytest.mark.parametrize("voice_url", [VOICE, "", "ftp://h/x", "http://[x"])
    def test_without_a_fallback_the_caller_hears_an_apology(
        self, clock: Clock, web: FakeWeb, voice_url: str
    ) -> None:
        call = FakeCall(clock, number(voice_url=voice_url))
        play_out(clock, RcmlRouter(Site(clock, web)).take(call))
        assert call.prompts == [APOLOGY]
        assert call.is_gone

    @pytest.mark.parametrize(
        "body",
        [
            "<Redirect>bad</Redirect>",
            '<Gather numDigits="1" action="bad"/>',
            '<Dial action="bad"/>',
        ],
    )
    def test_a_later_document_that_fails_leads_to_the_same_fallback(
        self, web: FakeWeb, call: FakeCall, run: Run, body: str
    ) -> None:
        web.serve(FALLBACK, "<Response><Say>Sorry</Say></Response>")
        call.press("1", at=1)
        run(body)
        assert call.prompts == [Speech("Sorry")]
        assert web.asked(FALLBACK)[0]["ErrorUrl"] == "https://app.example/calls/bad"

    def test_the_fallback_uses_its_own_method_and_resolves_its_own_urls(
        self, clock: Clock, web: FakeWeb
    ) -> None:
        call = FakeCall(
            clock, number(voice_fallback_url=f"{FALLBACK}#rc=1", voice_fallback_method="GET")
        )
        web.serve(FALLBACK, "<Response><Redirect>next</Redirect></Response>")
        web.serve("https://spare.example/next", "<Response/>")
        play_out(clock, RcmlRouter(Site(clock, web)).take(call))
        assert [(ask.url, ask.method) for ask in web.asks] == [
            (VOICE, "POST"),
            (f"{FALLBACK}#rc=1", "GET"),
            ("https://spare.example/next", "POST"),
        ]

    def test_nobody_is_told_a_password(self, clock: Clock, web: FakeWeb) -> None:
        call = FakeCall(
            clock,
            number(voice_url="https://u:s3cret@h/x?pin=s3cret", voice_fallback_url=FALLBACK),
        )
        web.serve(FALLBACK, "<Response/>")
        play_out(clock, RcmlRouter(Site(clock, web)).take(call))
        assert web.asked(FALLBACK)[0]["ErrorUrl"] == "https://h/x?pin=s3cret"
        assert call.notices[0][2] == "https://h/x"

    def test_warnings_are_notified_with_their_place_and_the_document_runs(
        self, call: FakeCall, run: Run
    ) -> None:
        run('<Fax/><Say Voice="x">Hi</Say>')
        assert call.prompts == [Speech("Hi")]
        assert call.notices == [
            (12200, "line 1, column 11: <Fax> is no verb", VOICE),
            (
                12200,
                "line 1, column 17: <Say> has no attribute Voice (it is written voice)",
                VOICE,
            ),
        ]


class TestExpiry:
    def test_documents_run_for_four_hours_at_most(
        self, clock: Clock, call: FakeCall, run: Run
    ) -> None:
        run('<Say loop="0">Hi</Say>', seconds=20_000)
        assert clock.seconds() == 14_400
        assert call.is_gone
        assert call.codes == [11215]

    def test_a_bridge_is_not_cut_by_it_and_nothing_runs_after_it(
        self, clock: Clock, call: FakeCall, run: Run
    ) -> None:
        call.ring_seconds = 150
        call.outcomes = [Outcome(Status.COMPLETED, bridged=True)]
        run(
            "<Dial>101</Dial><Say>never</Say>",
            limits=Limits(call_seconds=100.0),
        )
        assert clock.seconds() == 150
        assert call.prompts == []
        assert call.is_gone


def test_a_file_of_the_settings_is_a_document(clock: Clock, web: FakeWeb, tmp_path: Path) -> None:
    document = tmp_path / "voice.xml"
    document.write_text(
        "<Response><Play>a.wav</Play><Gather numDigits='1'/><Redirect>other.xml</Redirect>"
        "<Say>Bye</Say></Response>"
    )
    call = FakeCall(clock, number(voice_url=document.as_uri()))
    call.press("1", at=1)
    play_out(clock, RcmlRouter(Site(clock, web)).take(call))
    assert call.prompts == [Speech("Bye")]
    assert call.codes == [21402, 21402] * 2
    assert web.asks == []


def test_the_factory_is_what_a_plugin_must_be(clock: Clock, web: FakeWeb) -> None:
    factory = RcmlFactory()
    verifyObject(IRouterFactory, factory)
    verifyObject(IRouter, factory.create({}, Site(clock, web)))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"documents": 3}, "rcml has no setting 'documents'"),
        ({"dial_nouns": 0}, "rcml: dial_nouns must be a number from 1, not 0"),
        ({"dial_nouns": "3"}, "rcml: dial_nouns must be a number from 1, not '3'"),
        ({"dial_nouns": 1.5}, "rcml: dial_nouns must be a number from 1, not 1.5"),
        ({"dial_nouns": True}, "rcml: dial_nouns must be a number from 1, not True"),
    ],
)
def test_bad_settings_are_refused_with_a_sentence(
    clock: Clock, web: FakeWeb, settings: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        RcmlFactory().create(settings, Site(clock, web))


def test_good_settings_change_the_limits(clock: Clock, web: FakeWeb, call: FakeCall) -> None:
    web.serve(VOICE, "<Response><Redirect>voice.xml</Redirect></Response>")
    router = RcmlFactory().create(
        {"documents_without_input": 2, "call_seconds": 60}, Site(clock, web)
    )
    play_out(clock, router.take(call))
    assert web.urls == [VOICE] * 2


def test_a_document_given_with_the_call_is_run_without_a_request(
    clock: Clock, web: FakeWeb
) -> None:
    given = "<Response><Say>Given</Say></Response>"
    call = FakeCall(clock, number(voice_url="", voice_document=given))
    play_out(clock, RcmlRouter(Site(clock, web)).take(call))
    assert [said for _, said in call.heard] == [Speech("Given")]
    assert web.asks == []


def test_keys_without_an_action_lead_back_to_the_document_that_was_given(
    clock: Clock, web: FakeWeb
) -> None:
    given = '<Response><Gather numDigits="1"><Say>Press</Say></Gather></Response>'
    call = FakeCall(clock, number(voice_url="", voice_document=given))
    call.press("1", 1.5)
    play_out(clock, RcmlRouter(Site(clock, web)).take(call))
    assert [said for _, said in call.heard] == [Speech("Press"), Speech("Press")]


def test_a_url_wins_over_a_document_that_was_given(clock: Clock, web: FakeWeb) -> None:
    call = FakeCall(clock, number(voice_document="<Response><Say>no</Say></Response>"))
    web.serve(VOICE, "<Response><Say>yes</Say></Response>")
    play_out(clock, RcmlRouter(Site(clock, web)).take(call))
    assert [said for _, said in call.heard] == [Speech("yes")]


def test_nothing_is_relative_to_a_document_that_was_given(clock: Clock, web: FakeWeb) -> None:
    given = "<Response><Redirect>/next</Redirect><Say>Still here</Say></Response>"
    call = FakeCall(clock, number(voice_url="", voice_document=given))
    play_out(clock, RcmlRouter(Site(clock, web)).take(call))
    assert [said for _, said in call.heard] == [Speech("Still here")]
    assert web.asks == []
