"""`/Recordings`: listed, shown, fetched and deleted, each by its own account alone."""

from __future__ import annotations

import io
import wave

import pytest

from b2bua.app.tapes import Taping
from b2bua.routing.plan import Direction, LegFacts, Status
from b2bua.routing.taping import TapePlan
from tests.api.rest import ACCOUNT, CALLS, OTHER, OTHER_TOKEN, TOKEN, Rest, basic
from tests.support.real import real
from tests.support.relay_rig import moment

RECORDINGS = CALLS.replace("Calls", "Recordings")
STRANGER = f"{OTHER}:{OTHER_TOKEN}"
DUAL = TapePlan(is_dual=True)


def facts(call_sid: str = "CA1") -> LegFacts:
    return LegFacts(call_sid, ACCOUNT, Direction.INBOUND, Status.IN_PROGRESS, "+1", "+2")


def begun(rest: Rest, call_sid: str = "CA1") -> Taping:
    taping = rest.exchange.recordings.begin(DUAL, facts(call_sid))
    rest.clock.advance(1)
    return taping


def recorded(rest: Rest, call_sid: str = "CA1") -> str:
    taping = begun(rest, call_sid)
    taping.tape.end()
    return taping.tape.sid


def path(sid: str, ending: str = ".json") -> str:
    return RECORDINGS.replace(".json", f"/{sid}{ending}")


def test_a_recording_is_shown_as_it_is(rest: Rest) -> None:
    sid = recorded(rest)
    shown = rest.get(path(sid))
    assert shown.status == 200
    about = {name: shown.body[name] for name in ("sid", "call_sid", "status", "duration")}
    assert about == {"sid": sid, "call_sid": "CA1", "status": "completed", "duration": "1"}
    assert (shown.body["channels"], shown.body["source"]) == (2, "DialVerb")
    assert shown.body["start_time"] == "Fri, 20 Aug 2010 01:13:42 +0000"
    assert shown.body["media_url"].endswith(f"/{ACCOUNT}/Recordings/{sid}")


def test_lists_hold_the_newest_first_page_by_page(rest: Rest) -> None:
    sids = [recorded(rest) for _ in range(3)]
    first = rest.get(RECORDINGS, {"PageSize": "2"}).body
    assert [one["sid"] for one in first["recordings"]] == [sids[2], sids[1]]
    second = rest.get(first["next_page_uri"]).body
    assert [one["sid"] for one in second["recordings"]] == [sids[0]]
    assert second["next_page_uri"] is None


def test_lists_are_of_one_call_where_it_is_named(rest: Rest) -> None:
    call = rest.create()
    sid = recorded(rest, call)
    recorded(rest)
    of_call = CALLS.replace(".json", f"/{call}/Recordings.json")
    assert [one["sid"] for one in rest.get(of_call).body["recordings"]] == [sid]
    by_field = rest.get(RECORDINGS, {"CallSid": call}).body["recordings"]
    assert [one["sid"] for one in by_field] == [sid]
    assert rest.get(CALLS.replace(".json", "/CA404/Recordings.json")).status == 404


async def fetched(rest: Rest, where: str, *headers: str) -> tuple[str, bytes]:
    """Return head and body; files are sent by the real reactor, piece by piece."""
    lines = [f"GET {where} HTTP/1.0", f"Authorization: {basic(f'{ACCOUNT}:{TOKEN}')}", *headers]
    transport = rest.send("\r\n".join([*lines, "", ""]).encode())
    await moment(lambda: transport.disconnecting)
    head, _, body = transport.value().partition(b"\r\n\r\n")
    return head.decode().lower(), body


@real
@pytest.mark.parametrize("ending", [".wav", ""])
async def test_the_sound_is_a_wav_file(rest: Rest, ending: str) -> None:
    head, sound = await fetched(rest, path(recorded(rest), ending))
    assert head.startswith("http/1.0 200")
    assert "content-type: audio/wav" in head
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getnchannels(), file.getnframes()) == (2, 8_000)


@real
async def test_a_part_of_the_sound_can_be_asked_for(rest: Rest) -> None:
    head, sound = await fetched(rest, path(recorded(rest), ".wav"), "Range: bytes=0-3")
    assert head.startswith("http/1.0 206")
    assert sound == b"RIFF"


@real
async def test_the_sound_is_made_smaller(rest: Rest) -> None:
    sid = recorded(rest)
    head, sound = await fetched(rest, path(sid, ".mp3"))
    assert "content-type: audio/mpeg" in head
    assert 1_000 < len(sound) < 16_000
    frame = int.from_bytes(sound[:2], "big")
    assert frame >> 4 == 0xFFE  # MPEG 2.5, which alone has 8,000 Hz (ISO 11172-3, 13818-3)
    assert rest.ask("DELETE", path(sid)).status == 204
    assert [*rest.exchange.memory.recorder.folder.iterdir()] == []


def test_what_is_deleted_is_gone_with_its_file(rest: Rest) -> None:
    sid = recorded(rest)
    file = rest.exchange.memory.recorder.file(sid)
    assert file.exists()
    assert rest.ask("DELETE", path(sid)).status == 204
    assert not file.exists()
    assert [rest.get(path(sid, ending)).status for ending in (".json", ".wav", "")] == [404] * 3
    assert rest.ask("DELETE", path(sid)).status == 404


def test_what_is_still_recorded_has_no_sound_and_stays(rest: Rest) -> None:
    sid = begun(rest).tape.sid
    assert rest.get(path(sid)).body["status"] == "in-progress"
    assert rest.get(path(sid)).body["duration"] is None
    assert rest.get(path(sid, ".wav")).status == 404
    refused = rest.ask("DELETE", path(sid))
    assert (refused.status, refused.body["code"]) == (400, 21220)


def test_a_file_that_is_lost_is_not_found(rest: Rest) -> None:
    sid = recorded(rest)
    rest.exchange.memory.recorder.file(sid).unlink()
    assert rest.get(path(sid, ".wav")).status == 404
    assert rest.get(path(sid, ".mp3")).status == 404
    assert rest.ask("DELETE", path(sid)).status == 204


@pytest.mark.parametrize("ending", [".json", ".wav", ".mp3", ""])
def test_only_the_account_gets_at_it(rest: Rest, ending: str) -> None:
    sid = recorded(rest)
    assert rest.get(path(sid, ending), user="").status == 401
    assert rest.get(path(sid, ending), user=f"{ACCOUNT}:wrong").status == 401
    assert rest.get(path(sid, ending), user=STRANGER).status == 404
    theirs = path(sid, ending).replace(ACCOUNT, OTHER)
    assert rest.get(theirs, user=STRANGER).status == 404
    assert rest.ask("DELETE", path(sid).replace(ACCOUNT, OTHER), user=STRANGER).status == 404
    assert rest.exchange.memory.recorder.file(sid).exists()


@pytest.mark.parametrize("sid", ["../../etc/passwd", "..%2f..%2fsecret", "RE1%00", "RE" + "0" * 32])
def test_no_name_leads_anywhere_else(rest: Rest, sid: str) -> None:
    for ending in (".json", ".wav", ".mp3", ""):
        assert rest.get(path(sid, ending)).status == 404


def test_a_database_that_is_away_is_told(rest: Rest) -> None:
    rest.exchange.memory.records.is_away = True
    refused = rest.get(path("RE1"))
    assert (refused.status, refused.body["code"]) == (503, 20503)
    assert refused.headers["retry-after"] == "10"
