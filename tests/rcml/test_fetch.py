from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from b2bua.rcml.fetch import Library, files_among
from b2bua.routing.plan import Answer, Ask, Fault
from tests.support.fake_call import play_out
from tests.support.fake_web import FakeWeb

URL = "https://app.example/voice"


def fetch(clock: Clock, library: Library, ask: Ask) -> Answer | Fault:
    answer = play_out(clock, library.fetch(ask))
    assert isinstance(answer, Answer | Fault)
    return answer


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_is_an_answer(clock: Clock, web: FakeWeb, status: int) -> None:
    web.serve(URL, "x", status=status)
    answer = fetch(clock, Library(web), Ask(URL))
    assert isinstance(answer, Answer)
    assert answer.status == status


@pytest.mark.parametrize("status", [199, 300, 304, 400, 401, 404, 429, 500, 503])
def test_any_other_status_is_a_fault_that_names_it(clock: Clock, web: FakeWeb, status: int) -> None:
    web.serve(URL, "<Response/>", status=status)
    fault = fetch(clock, Library(web), Ask(URL))
    assert fault == Fault(11200, f"answered with status {status}", URL, status)


def test_a_fault_of_the_web_stays_what_it_is(clock: Clock, web: FakeWeb) -> None:
    web.fail(URL, 11210, "no such host")
    assert fetch(clock, Library(web), Ask(URL)) == Fault(11210, "no such host", URL)


@pytest.mark.parametrize("url", ["", "ftp://h/x", "file:///etc/passwd", "//h/x", "http:x"])
def test_only_the_web_is_asked_and_only_for_http(clock: Clock, web: FakeWeb, url: str) -> None:
    fault = fetch(clock, Library(web), Ask(url))
    assert isinstance(fault, Fault)
    assert fault.code == 11100
    assert web.asks == []


def test_a_file_that_the_settings_name_is_read(clock: Clock, web: FakeWeb, tmp_path: Path) -> None:
    named, other = tmp_path / "a voice.xml", tmp_path / "other.xml"
    for file in (named, other):
        file.write_text("<Response/>")
    library = Library(web, files_among(named.as_uri(), URL, ""))
    answer = fetch(clock, library, Ask(named.as_uri()))
    assert answer == Answer(200, "text/xml", b"<Response/>", named.as_uri())
    fault = fetch(clock, library, Ask(other.as_uri()))
    assert isinstance(fault, Fault)
    assert fault.code == 11100


def test_a_file_that_is_missing_or_too_long_is_a_fault(
    clock: Clock, web: FakeWeb, tmp_path: Path
) -> None:
    missing, long = (tmp_path / "missing").as_uri(), (tmp_path / "long").as_uri()
    (tmp_path / "long").write_bytes(b"x" * 101)
    library = Library(web, files_among(missing, long), file_bytes=100)
    codes = [fetch(clock, library, Ask(url)) for url in (missing, long)]
    assert [fault.code for fault in codes if isinstance(fault, Fault)] == [11200, 11750]
