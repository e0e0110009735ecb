"""The small pieces that all SIP text is made of (RFC 3261 section 25).

Tokens, quoted strings, parameters, %-escapes, hosts, and lists whose commas do not count inside
quotes or angle brackets.

Every pattern here is free of backtracking, so that reading takes time linear in the text whatever
the text holds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

Params = tuple[tuple[str, str | None], ...]
"""Parameters in order: (lower-case name, value), the value as on the wire and None for a flag."""


class SyntaxFault(ValueError):  # noqa: N818 - the peer's fault; it never leaves the package
    """The text is not what the grammar asks for.  The message says what, and quotes no input."""


TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]++"  # noqa: S105 - a rule of the grammar
QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
HOST = r"(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_.\-]++)"
# Wider than gen-value: colons and brackets come in `received`, and "=" and "/" in sloppy tags.
_VALUE = rf'(?:{QUOTED}|[^\s;,"<>?\x00-\x20\x7f]++)'
_SPACE = r"[ \t]*+"
_PARAM = rf"{_SPACE};{_SPACE}{TOKEN}(?:{_SPACE}={_SPACE}{_VALUE}?+)?+"
PARAMS = rf"(?:{_PARAM})*+{_SPACE}"

_PAIRS = re.compile(rf";{_SPACE}({TOKEN})(?:{_SPACE}={_SPACE}({_VALUE})?+)?+", re.DOTALL)
_WHOLE_TOKEN = re.compile(TOKEN)
_PLAIN_VALUE = re.compile(rf"{_VALUE}", re.DOTALL)
_COMMA = re.compile(r',|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|<[^>]*+(?:>|\Z)', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_TWO_DIGITS = re.compile(r"[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")

_MOST_DIGITS = 20

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""What no field of ours ever carries."""


def is_token(text: str) -> bool:
    """Whether `text` is one token (section 25.1)."""
    return _WHOLE_TOKEN.fullmatch(text) is not None


def read_number(text: str, most: int) -> int:
    """Read decimal digits, leading zeros allowed, as a number from 0 to `most`.

    `most` has at most 20 digits.

    Raises:
        SyntaxFault: something else than digits, or more than `most`.
    """
    if not (text.isascii() and text.isdigit()):
        raise SyntaxFault("not a number")
    # Judged by length first: int() of a long text takes quadratic time, or refuses.
    if len(text) > _MOST_DIGITS:
        text = text.lstrip("0") or "0"
    number = int(text) if len(text) <= _MOST_DIGITS else most + 1
    if number > most:
        raise SyntaxFault("number out of range")
    return number


def read_port(digits: str) -> int:
    """Read a port, 1 to 65535.

    Raises:
        SyntaxFault: it is out of range.
    """
    port = read_number(digits, 65535)
    if port == 0:
        raise SyntaxFault("port 0")
    return port


def split_params(text: str) -> Params:
    """Take apart a text that `PARAMS` matches: `;name=value;flag...`, or nothing."""
    return tuple([(name.lower(), value or None) for name, value in _PAIRS.findall(text)])


def write_params(params: Params) -> str:
    """Write parameters; a value that is no plain value is quoted."""
    return "".join(
        [
            f";{name}"
            if value is None
            else f";{name}={value if _PLAIN_VALUE.fullmatch(value) else quote(value)}"
            for name, value in params
        ]
    )


def find_param(params: Params, name: str) -> str | None:
    """Return the first value of `name` (lower case), "" for a flag, None when absent."""
    for key, value in params:
        if key == name:
            return value or ""
    return None


def replace_param(params: Params, name: str, value: str | None) -> Params:
    """Return `params` with one `name` (lower case) in the place of the first, or at the end."""
    before = [pair[0] for pair in params]
    if name not in before:
        return (*params, (name, value))
    at = before.index(name)
    after = [pair for pair in params[at + 1 :] if pair[0] != name]
    return (*params[:at], (name, value), *after)


def split_list(text: str) -> list[str]:
    """Split at the commas outside quotes and angle brackets (7.3.1); parts are stripped.

    Never raises: what an open quote or bracket begins is one part.
    """
    if "," not in text:
        return [text]
    if '"' not in text and "<" not in text:
        return [part.strip(" \t") for part in text.split(",")]
    parts, start = [], 0
    for match in _COMMA.finditer(text):
        if match[0] == ",":
            parts.append(text[start : match.start()].strip(" \t"))
            start = match.end()
    parts.append(text[start:].strip(" \t"))
    return parts


def quote(text: str) -> str:
    """Write `text` as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """Return what a quoted string says; other text comes back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def undo_needless_escapes(text: str) -> str:
    """Replace %-escapes of unreserved characters by the character, and write the rest upper case.

    Two texts that mean the same URI component become equal (19.1.4).

    Raises:
        SyntaxFault: a "%" is not followed by two hexadecimal digits.
    """
    if "%" not in text:
        return text
    for digits in {part[:2] for part in text.split("%")[1:]}:
        if _TWO_DIGITS.fullmatch(digits) is None:
            raise SyntaxFault("malformed escape")
        character = chr(int(digits, 16))
        kept = character if character in _UNRESERVED else f"%{digits.upper()}"
        if kept[1:] != digits:
            text = text.replace(f"%{digits}", kept)
    return text


def unescape(text: str) -> str:
    """Return what %-escaped text means, read as UTF-8; broken UTF-8 becomes U+FFFD."""
    if "%" not in text:
        return text
    octets = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text.encode("utf-8", "replace"))
    return octets.decode("utf-8", "replace")


def read_host(text: str) -> str:
    """Return a host that `HOST` matches in lower case, an IPv6 reference without its brackets.

    Raises:
        SyntaxFault: the brackets hold no IPv6 address.
    """
    return _read_reference(text) if text[0] == "[" else text.lower()


@lru_cache(maxsize=1024)
def _read_reference(text: str) -> str:
    try:
        IPv6Address(text[1:-1])
    except AddressValueError:
        raise SyntaxFault("malformed IPv6 reference") from None
    return text[1:-1].lower()


def write_host(host: str) -> str:
    """Write a host, an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
