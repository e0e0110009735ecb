"""What a noun's text says besides a number: a SIP URI, and headers after a `?` (rule N-1).

Text in a document is somebody else's: it gets into an INVITE only by the patterns of this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

MOST_URI_CHARS = 255
MOST_HEADER_CHARS = 1_024

_ALLOWED = frozenset(
    {"user-to-user", "remote-party-id", "p-preferred-identity", "p-called-party-id"}
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9!%*_+`'~.-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# RFC 3261 section 25, without what nobody dials: no `?` in the user part, no escaped
# host, and no escaped control character.
_ESCAPED = r"%[2-9A-Fa-f][0-9A-Fa-f]"
_SIP_URI = re.compile(
    rf"""(?P<scheme>sips?):
    (?:(?:[A-Za-z0-9_.!~*'()&=+$,;/-]|{_ESCAPED})+(?::(?:[A-Za-z0-9_.!~*'()&=+$,-]|{_ESCAPED})*)?@)?
    (?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?)
    (?::(?P<port>[0-9]{{1,5}}))?
    (?P<parameters>(?:;(?:[A-Za-z0-9_.!~*'()+$&\[\]/:-]|{_ESCAPED})+
        (?:=(?:[A-Za-z0-9_.!~*'()+$&\[\]/:-]|{_ESCAPED})+)?)*)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_TRANSPORT = re.compile(r";transport=([^;]*)", re.IGNORECASE)
_TRANSPORTS = frozenset({"udp", "tcp", "tls", "ws", "wss"})


class AddressError(ValueError):
    """Text that is no address; its sentence says why, fit for the author of the document."""


@dataclass(frozen=True, slots=True)
class Address:
    """What stands before the `?`, the headers behind it, and the names that may not be set."""

    text: str
    headers: tuple[tuple[str, str], ...] = ()
    refused: tuple[str, ...] = ()


def read_address(text: str) -> Address:
    """Split `text` at its first `?` into what is dialled and the headers to go with it.

    Raises:
        AddressError: the header part is too long, has no name, or hides a control character.
    """
    dialled, _, tail = text.strip().partition("?")
    if len(tail) > MOST_HEADER_CHARS:
        raise AddressError(f"its headers are longer than {MOST_HEADER_CHARS} characters")
    pairs = [_read_header(piece) for piece in tail.split("&") if piece]
    headers = tuple((name, value) for name, value in pairs if _is_allowed(name))
    refused = tuple(name for name, _ in pairs if not _is_allowed(name))
    return Address(dialled.strip(), headers, refused)


def sip_uri(text: str) -> str:
    """Return `text` as a SIP URI; one without a scheme is `sip:`.

    Raises:
        AddressError: it is no SIP or SIPS URI (RFC 3261 section 19.1), or is too long.
    """
    uri = text if re.match(r"[A-Za-z]+:[^@]*@|sips?:", text, re.IGNORECASE) else f"sip:{text}"
    if len(uri) > MOST_URI_CHARS:
        raise AddressError(f"the URI is longer than {MOST_URI_CHARS} characters")
    match = _SIP_URI.fullmatch(uri)
    if match is None:
        raise AddressError("it is no SIP URI")
    if not 1 <= int(match["port"] or 5060) <= 65_535:
        raise AddressError("its port is out of range")
    for transport in _TRANSPORT.findall(match["parameters"]):
        if transport.lower() not in _TRANSPORTS:
            raise AddressError(f"it names the transport {transport:.16}, which is not known")
    return match["scheme"].lower() + uri[len(match["scheme"]) :]


def has_control(text: str) -> bool:
    """Return whether `text` holds a control character or a line separator."""
    return _CONTROL.search(text) is not None


def _read_header(piece: str) -> tuple[str, str]:
    name, _, escaped = piece.partition("=")
    name = name.strip()
    try:
        value = unquote(escaped, errors="strict").strip(" ")
    except UnicodeDecodeError:
        raise AddressError("a header's value is not UTF-8") from None
    if not _HEADER_NAME.fullmatch(name):
        raise AddressError("a header has no proper name")
    if has_control(value):
        raise AddressError(f"the header {name:.64} holds a control character")
    return name, value


def _is_allowed(name: str) -> bool:
    return name.lower().startswith("x-") or name.lower() in _ALLOWED
