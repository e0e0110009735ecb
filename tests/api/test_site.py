"""HTTP: where the API is served, how much it takes, and that nothing a client sends breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, globalLogPublisher

from tests.api.rest import ACCOUNT, CALLS, NUMBERS, TOKEN, Rest, basic, read_response

BASES = ["/2010-04-01", "/2012-04-24", "/restcomm/2012-04-24", "/call/2012-04-24"]


@pytest.mark.parametrize("base", BASES)
def test_the_api_is_at_home_on_each_of_its_paths(rest: Rest, base: str) -> None:
    sid = rest.create()
    reply = rest.get(f"{base}/Accounts/{ACCOUNT}/Calls/{sid}.json")
    assert reply.status == 200
    assert reply.body["uri"] == f"{base}/Accounts/{ACCOUNT}/Calls/{sid}.json"
    assert reply.body["api_version"] == base[-10:]


def test_an_older_clients_way_to_name_a_call_is_understood(rest: Rest) -> None:
    assert rest.get(f"{CALLS}/{rest.create()}").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/2010-04-01",
        "/2010-04-01/",
        "/2010-04-01/Accounts",
        f"/2010-04-01/Accounts/{ACCOUNT}/Calls",
        f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json/",
        f"/2010-04-01/Accounts/{ACCOUNT}/Faxes.json",
        f"/2010-04-01/Accounts//{ACCOUNT}/Calls.json",
        "/restcomm",
        f"/restcomm/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
        "/2010-04-01/%ff",
        "/2010-04-01/Accounts/%00/Calls.json",
    ],
)
def test_what_is_not_there_is_404(rest: Rest, path: str) -> None:
    assert rest.get(path).status == 404


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", CALLS), ("DELETE", CALLS), ("PATCH", NUMBERS), ("BREW", CALLS)]
)
def test_a_method_that_is_not_offered_is_405(rest: Rest, method: str, path: str) -> None:
    reply = rest.ask(method, path)
    assert (reply.status, reply.body["code"]) == (405, 20004)
    assert "get" in reply.headers["allow"]


def test_head_is_get_without_the_body(rest: Rest) -> None:
    reply = rest.ask("HEAD", CALLS)
    assert (reply.status, reply.text) == (200, "")
    assert int(reply.headers["content-length"]) > 0


def padded(size: int) -> bytes:
    form = b"To=%2B15550000101&From=%2B15550009999&Url=http%3A%2F%2Fapp.example%2F&Padding="
    return form + b"x" * (size - len(form))


def test_a_body_of_64_kib_is_taken(rest: Rest) -> None:
    assert rest.ask("POST", CALLS, padded(65_536)).status == 201


def test_a_body_of_one_more_byte_is_413(rest: Rest) -> None:
    reply = rest.ask("POST", CALLS, padded(65_537))
    assert (reply.status, reply.body["code"]) == (413, 20413)
    assert rest.exchange.orders == []


def test_a_body_without_end_is_cut_off(rest: Rest) -> None:
    address = IPv4Address("TCP", "203.0.113.9", 40_000)
    channel = rest.site.buildProtocol(address)
    transport = StringTransport(peerAddress=address)
    channel.makeConnection(transport)
    channel.dataReceived(f"POST {CALLS} HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n".encode())
    for _ in range(17):
        channel.dataReceived(b"x" * 65_536)
    assert transport.disconnected


def test_fields_that_are_not_utf_8_are_refused(rest: Rest) -> None:
    reply = rest.ask("POST", CALLS, b"To=%ff&From=1&Url=2")
    assert (reply.status, reply.body["message"]) == (400, "To: this is not UTF-8")


def test_a_body_that_is_no_form_is_an_empty_form(rest: Rest) -> None:
    headers = {"Content-Type": "application/json"}
    assert rest.ask("POST", CALLS, b'{"To": "+1555"}', headers=headers).body["code"] == 21201


def test_a_defect_of_ours_is_500_and_the_next_request_is_served(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest.exchange.calls, "page", None)
    reply = rest.get(CALLS)
    assert (reply.status, reply.body["code"]) == (500, 20500)
    assert "Traceback" not in reply.text
    assert rest.get(NUMBERS).status == 200


# Whatever comes, it is no defect.

NAMES = ["To", "From", "Url", "Twiml", "Method", "StatusCallback", "StatusCallbackEvent", "Timeout"]
NAMES += ["SendDigits", "Status", "PageSize", "PageToken", "Page", "StartTime", "StartTime<"]
NAMES += ["EndTime>", "PhoneNumber", "FriendlyName", "VoiceUrl", "SmsUrl", "Byoc", "TimeLimit"]
LIKELY = ["+15550000101", "http://app.example/", "GET", "completed", "60", "2010-08-20", "PA1", ""]
values = st.one_of(st.sampled_from(LIKELY), st.text(max_size=20), st.binary(max_size=20))
paths = st.one_of(
    st.sampled_from([CALLS, NUMBERS, CALLS.replace("Calls", "Recordings")]),
    st.text(alphabet=st.characters(codec="latin-1", exclude_characters="\r\n ?#"), max_size=30).map(
        lambda text: f"/2010-04-01/Accounts/{ACCOUNT}/{text}"
    ),
    st.sampled_from(["Calls", "IncomingPhoneNumbers"]).map(
        lambda part: (
            f"/2010-04-01/Accounts/{ACCOUNT}/{part}/{'CA' if part == 'Calls' else 'PN'}"
            f"{1:032x}.json"
        )
    ),
)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["GET", "POST", "DELETE", "HEAD", "PUT", "\xc3"]),
    paths,
    st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=6),
    st.binary(max_size=20).map(lambda data: data.translate(None, b"\r\n")),
)
def test_no_request_is_a_500(
    method: str, path: str, fields: list[tuple[str, str | bytes]], host: bytes
) -> None:
    rest = Rest()
    rest.create()
    rest.post(NUMBERS, {"PhoneNumber": "+15557770001"})
    rest.clock.advance(1)
    query = "&".join(f"{name}={_escaped(value)}" for name, value in fields)
    where = f"{path}?{query}" if method != "POST" else path
    body = query.encode() if method == "POST" else b""
    request = (
        f"{method} {where} HTTP/1.0\r\nAuthorization: {basic(f'{ACCOUNT}:{TOKEN}')}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"Host: {host.decode('latin-1')}\r\n\r\n"
    ).encode("latin-1") + body
    address = IPv4Address("TCP", "203.0.113.9", 40_000)
    channel = rest.site.buildProtocol(address)
    transport = StringTransport(peerAddress=address)
    channel.makeConnection(transport)
    failures: list[LogEvent] = []
    observer: Any = failures.append
    globalLogPublisher.addObserver(observer)
    channel.dataReceived(request)
    globalLogPublisher.removeObserver(observer)
    assert [event for event in failures if "log_failure" in event] == []
    assert transport.value(), "no answer"
    assert read_response(transport.value()).status < 500


def _escaped(value: str | bytes) -> str:
    data = value.encode() if isinstance(value, str) else value
    return "".join(f"%{byte:02x}" for byte in data)
