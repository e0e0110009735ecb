"""The writer: what goes out, and what is stopped."""

from __future__ import annotations

import pytest

from b2bua.sip.headers import Headers
from b2bua.sip.message import Request, Response
from b2bua.sip.uri import AnyUri, OtherUri, TelUri, Uri
from b2bua.sip.writer import UnwritableError, write

H = Uri("sip", "h")


def test_a_request_is_written_in_order_with_its_length() -> None:
    message = Request("BYE", H, Headers([("v", "1"), ("l", "99"), ("X-A", "ü")]), b"body")
    assert write(message) == (
        b"BYE sip:h SIP/2.0\r\nVia: 1\r\nX-A: \xc3\xbc\r\nContent-Length: 4\r\n\r\nbody"
    )


def test_a_response_is_written_with_an_empty_reason_too() -> None:
    assert write(Response(200, "", Headers())) == b"SIP/2.0 200 \r\nContent-Length: 0\r\n\r\n"


CONTROLS = ["\r\n", "\n", "\r", "\0", "\x1b", "\x7f", "\t"]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("name", ["To", "X-Anything"])
def test_no_control_character_leaves_in_a_value(name: str, control: str) -> None:
    with pytest.raises(UnwritableError):
        write(Request("BYE", H, Headers([(name, f"a{control}b")])))


@pytest.mark.parametrize("control", CONTROLS)
def test_no_control_character_leaves_in_a_reason(control: str) -> None:
    with pytest.raises(UnwritableError):
        write(Response(200, f"O{control}K", Headers()))


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "X\r\nY", "É", "X\n"])
def test_a_fields_name_is_a_token(name: str) -> None:
    with pytest.raises(UnwritableError):
        write(Request("BYE", H, Headers([(name, "x")])))


@pytest.mark.parametrize("method", ["", "B YE", "BYE\r\n", "BYÉ"])
def test_a_method_is_a_token(method: str) -> None:
    with pytest.raises(UnwritableError):
        write(Request(method, H, Headers()))


@pytest.mark.parametrize(
    "uri",
    [
        Uri("sip", "a b"),
        Uri("sip", "h\r\n"),
        OtherUri("x", "a b"),
        OtherUri("x", "\n"),
        OtherUri("x", "é"),
        TelUri("+1 2"),
        OtherUri("<sip", "h>"),
    ],
)
def test_a_request_uri_is_visible_ascii_without_brackets(uri: AnyUri) -> None:
    with pytest.raises(UnwritableError):
        write(Request("BYE", uri, Headers()))


@pytest.mark.parametrize("status", [-1, 0, 99, 700, 2000])
def test_a_status_has_three_digits(status: int) -> None:
    with pytest.raises(UnwritableError):
        write(Response(status, "", Headers()))


def test_a_lone_surrogate_is_stopped() -> None:
    with pytest.raises(UnwritableError):
        write(Request("BYE", H, Headers([("To", "\ud800")])))
