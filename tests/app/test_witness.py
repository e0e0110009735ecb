"""A notification holds what was asked and what was answered, and nothing private."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from b2bua.app.witness import REMEMBERED_CALLS, Witness
from b2bua.routing.plan import Ask
from b2bua.store.notifications import Notification, Notifications
from tests.store.conftest import Store, facts
from tests.store.test_outbox import found
from tests.support.fake_web import FakeWeb

URL = "http://user:pass@app.example/voice"


class Scene:
    def __init__(self, folder: Path) -> None:
        store = Store("sqlite://", folder)
        self.web = FakeWeb(Clock())
        self.notifications = Notifications(store.writer, store.places)
        self.witness = Witness(self.web, self.notifications)

    def ask(self, call_sid: str = "CA1", url: str = URL) -> None:
        fields = (("CallSid", call_sid), ("Digits", "1234"))
        Deferred.fromCoroutine(self.witness.fetch(Ask(url, fields=fields, call_sid=call_sid)))

    def notes(self) -> list[Notification]:
        return found(self.notifications.find())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_note_holds_the_request_and_the_response(scene: Scene) -> None:
    scene.web.serve(URL, "<Response><Say>half")
    scene.ask()
    scene.witness.note(facts(), 12100, "not XML", URL)
    (note,) = scene.notes()
    assert (note.code, note.level, note.text) == (12100, "error", "not XML")
    assert note.request["method"] == "POST"
    assert note.response == {
        "status": 200,
        "content_type": "text/xml",
        "body": "<Response><Say>half",
    }


def test_no_digit_and_no_password_is_kept(scene: Scene) -> None:
    scene.ask()
    scene.witness.note(facts(), 11200, "status 404", URL)
    told = repr(scene.notes())
    assert "1234" not in told
    assert "pass@" not in told


def test_a_fault_is_told_with_its_code(scene: Scene) -> None:
    scene.web.fail(URL)
    scene.ask()
    scene.witness.note(facts(), 11205, "connection refused", URL)
    assert scene.notes()[0].response["fault"] == "11205 connection refused"


def test_a_call_that_is_over_is_forgotten_and_another_s_request_is_not_told(scene: Scene) -> None:
    scene.ask()
    scene.witness.note(facts("CA2"), 12200, "unknown verb", "")
    scene.witness.forget("CA1")
    assert len(scene.witness) == 0
    (note,) = scene.notes()
    assert (note.level, note.request, note.response) == ("warning", {}, {})


def test_what_is_remembered_is_bounded(scene: Scene) -> None:
    for number in range(REMEMBERED_CALLS + 5):
        scene.ask(f"CA{number}")
    assert len(scene.witness) == REMEMBERED_CALLS
