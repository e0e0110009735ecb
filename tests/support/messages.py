"""Requests as a peer writes them, read by the real reader."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from b2bua.sip.message import Request
from b2bua.sip.reader import read_datagram

_numbers = count(1)


def new_token() -> str:
    """Return a token that no other test has."""
    return f"t{next(_numbers)}"


def request_text(
    method: str,
    *,
    via: str | None = None,
    to_tag: str | None = None,
    call_id: str | None = None,
    cseq: int = 1,
    headers: Iterable[str] = (),
) -> bytes:
    """Write a request from alice at 192.0.2.9 to bob at 192.0.2.1."""
    lines = [
        f"{method} sip:bob@192.0.2.1 SIP/2.0",
        f"Via: {via or f'SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{new_token()}'}",
        "Max-Forwards: 70",
        "From: <sip:alice@192.0.2.9>;tag=a",
        "To: <sip:bob@192.0.2.1>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id or new_token()}",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:alice@192.0.2.9>",
        *headers,
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def request(
    method: str,
    *,
    via: str | None = None,
    to_tag: str | None = None,
    call_id: str | None = None,
    cseq: int = 1,
    headers: Iterable[str] = (),
) -> Request:
    """Return what the reader makes of `request_text`."""
    message = read_datagram(
        request_text(method, via=via, to_tag=to_tag, call_id=call_id, cseq=cseq, headers=headers)
    )
    assert isinstance(message, Request), message
    return message
