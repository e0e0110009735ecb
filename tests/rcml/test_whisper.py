"""The W-4 table, row by row: what becomes of a callee who hears a document before the bridge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock

from b2bua.rcml.flow import Follow
from b2bua.rcml.limits import Limits
from b2bua.rcml.whisper import whisper
from b2bua.routing.plan import ErrorTone, Recording, Silence, Speech
from tests.support.fake_call import CALLEE, FakeParty, begin, play_out
from tests.support.fake_web import FakeWeb

URL = "https://app.example/whisper"
KEYS = "https://app.example/keys"

Screened = Callable[..., bool]


@pytest.fixture
def callee(clock: Clock) -> FakeParty:
    return FakeParty(clock)


@pytest.fixture
def screened(clock: Clock, web: FakeWeb, callee: FakeParty) -> Screened:
    """Serve the document, run it with the callee, and return what becomes of the call."""

    def screened(body: str | None = None, limits: Limits | None = None) -> bool:
        if body is not None:
            web.serve(URL, f"<Response>{body}</Response>")
        accepted = play_out(clock, whisper(Follow(URL), web, limits or Limits())(callee))
        assert isinstance(accepted, bool)
        return accepted

    return screened


def test_w_2_the_request_tells_of_the_child_leg(
    clock: Clock, web: FakeWeb, callee: FakeParty
) -> None:
    web.serve(URL, "<Response/>")
    play_out(clock, whisper(Follow(URL, "GET"), web, Limits())(callee))
    (ask,) = web.asks
    fields = dict(ask.fields)
    assert ask.method == "GET"
    assert ask.call_sid == fields["CallSid"] == CALLEE.call_sid
    assert fields["ParentCallSid"] == CALLEE.parent_call_sid
    assert (fields["Direction"], fields["CallStatus"]) == ("outbound-dial", "in-progress")
    assert (fields["From"], fields["To"]) == ("+15550001111", "+15550003333")


class TestAccept:
    @pytest.mark.parametrize(
        "body",
        ["", "<Say>A call for you</Say>", "<Pause/>", '<Play digits="1"/>', "<!-- none -->"],
    )
    def test_a_document_that_runs_off_its_end(self, screened: Screened, body: str) -> None:
        assert screened(body)

    @pytest.mark.parametrize(("status", "content_type"), [(204, ""), (200, "text/xml"), (200, "")])
    def test_no_document_at_all(
        self, web: FakeWeb, screened: Screened, status: int, content_type: str
    ) -> None:
        web.serve(URL, b"", content_type, status)
        assert screened()

    def test_a_document_that_only_has_what_is_not_understood(self, screened: Screened) -> None:
        assert screened("<Fax/>")

    def test_audio_or_text_that_was_heard(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        web.serve(URL, b"RIFF", "audio/wav")
        assert screened()
        assert callee.prompts == [Recording(b"RIFF")]

    def test_a_gather_without_input_and_nothing_after_it(
        self, web: FakeWeb, screened: Screened
    ) -> None:
        """The well-known trap: silence accepts unless <Hangup/> follows."""
        assert screened('<Gather action="keys"><Say>Press 1</Say></Gather>')
        assert web.urls == [URL]

    def test_a_gather_whose_action_runs_off_its_end(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        web.serve(KEYS, "<Response/>")
        callee.press("1", at=0.5)
        assert screened('<Gather numDigits="1" action="keys"/><Hangup/>')
        (fields,) = web.asked(KEYS)
        assert (fields["Digits"], fields["CallSid"]) == ("1", CALLEE.call_sid)

    def test_a_redirect_to_a_document_that_accepts(self, web: FakeWeb, screened: Screened) -> None:
        web.serve(KEYS, "<Response><Say>Hi</Say></Response>")
        assert screened("<Redirect>keys</Redirect><Hangup/>")

    def test_what_a_play_cannot_fetch_is_an_error_tone(
        self, callee: FakeParty, screened: Screened
    ) -> None:
        assert screened("<Play>gone.wav</Play>")
        assert (callee.prompts, callee.codes) == ([ErrorTone()], [11200])


class TestDecline:
    @pytest.mark.parametrize(
        "body",
        [
            "<Hangup/>",
            "<Reject/>",
            "<Say>No</Say><Reject reason='busy'/>",
            "<Say>No</Say><Hangup/><Say>never</Say>",
            '<Gather action="keys" timeout="2"/><Hangup/>',
        ],
    )
    def test_a_document_that_hangs_up(
        self, callee: FakeParty, screened: Screened, body: str
    ) -> None:
        assert not screened(body)
        assert Speech("never") not in callee.prompts

    def test_a_gather_whose_action_hangs_up(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        web.serve(KEYS, "<Response><Hangup/></Response>")
        callee.press("2", at=0.5)
        assert not screened('<Gather numDigits="1" action="keys"/>')

    @pytest.mark.parametrize("name", ["Dial", "Enqueue", "Leave", "Connect", "Refer"])
    def test_a_verb_that_a_whisper_may_not_hold(
        self, callee: FakeParty, screened: Screened, name: str
    ) -> None:
        assert not screened(f"<Say>Hi</Say><{name}>101</{name}>")
        assert callee.prompts == []
        assert callee.notices == [
            (13200, f"line 1, column 24: <{name}> is not allowed in a whisper", URL)
        ]

    def test_such_a_verb_in_a_later_document(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        web.serve(KEYS, "<Response><Dial>101</Dial></Response>")
        assert not screened("<Redirect>keys</Redirect>")
        assert callee.codes == [13200]

    def test_such_a_verb_in_a_document_that_calls_itself_plain_text(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        web.serve(URL, "<Response><Dial>101</Dial></Response>", "text/plain")
        assert not screened()
        assert (callee.prompts, callee.codes) == ([], [13200])

    def test_a_callee_who_hangs_up(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        callee.hang_up_at(1.5)
        assert not screened('<Say loop="0">Hi</Say>')

    def test_a_callee_who_is_let_go_while_a_gather_listens(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        """Another leg has won, or the caller is gone: no `action` follows."""
        callee.press("1", at=0.5)
        callee.hang_up_at(1.0)
        assert not screened('<Gather action="keys"/>')
        assert web.urls == [URL]

    @pytest.mark.parametrize(
        ("fail", "code"),
        [
            (lambda web: web.fail(URL, 11205), 11205),
            (lambda web: web.serve(URL, "", status=500), 11200),
            (lambda web: web.serve(URL, "<Response>"), 12100),
            (lambda web: web.serve(URL, "\n"), 12100),
            (lambda web: web.serve(URL, "<Say>Hi</Say>"), 12100),
            (lambda web: web.serve(URL, "{}", "application/json"), 12300),
            (lambda web: web.serve(URL, "<!DOCTYPE Response><Response/>"), 12100),
        ],
    )
    def test_a_document_that_fails(
        self,
        web: FakeWeb,
        callee: FakeParty,
        screened: Screened,
        fail: Callable[[FakeWeb], None],
        code: int,
    ) -> None:
        fail(web)
        assert not screened()
        assert callee.codes == [code]
        assert callee.prompts == []

    def test_a_loop_of_documents(self, web: FakeWeb, callee: FakeParty, screened: Screened) -> None:
        assert not screened("<Redirect>whisper</Redirect>")
        assert (len(web.asks), callee.codes) == (50, [11215])

    def test_an_action_that_fails_after_keys(
        self, web: FakeWeb, callee: FakeParty, screened: Screened
    ) -> None:
        callee.press("1", at=0.5)
        assert not screened('<Gather numDigits="1" action="keys"/>')
        assert callee.codes == [11200]


def test_prompts_are_heard_in_order_and_input_loops_by_default(
    web: FakeWeb, callee: FakeParty, screened: Screened
) -> None:
    """Without an action the digits go to the whisper's own URL, which then decides."""
    web.serve(
        URL, '<Response><Gather numDigits="1"><Say>Press</Say><Pause/></Gather><Hangup/></Response>'
    )
    web.serve(URL, "<Response/>")
    callee.press("7", at=1.5)
    assert screened()
    assert callee.prompts == [Speech("Press"), Silence(1)]
    assert [fields.get("Digits") for fields in web.asked(URL)] == [None, "7"]


def test_two_callees_hear_their_own_documents_at_the_same_time(clock: Clock, web: FakeWeb) -> None:
    screen = whisper(Follow(URL), web, Limits())
    web.serve(URL, "<Response><Say>Hi</Say><Pause length='2'/><Hangup/></Response>")
    web.serve(URL, "<Response><Say>Ho</Say></Response>")
    first, second = FakeParty(clock), FakeParty(clock)
    both: Deferred[Any] = gatherResults([begin(screen(first)), begin(screen(second))])
    clock.pump([1.0, 1.0, 1.0])
    assert (first.heard, second.heard) == ([(0.0, Speech("Hi"))], [(0.0, Speech("Ho"))])
    results: list[object] = []
    both.addBoth(results.append)
    assert results == [[False, True]]


def test_a_callee_who_is_gone_before_it_begins_declines(
    callee: FakeParty, screened: Screened
) -> None:
    callee.go()
    assert not screened("<Say>Hi</Say>")
    assert callee.prompts == []
