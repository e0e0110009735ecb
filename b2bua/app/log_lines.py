"""One event, one line: whatever the fields hold, nothing secret and no line break gets through.

Fields are redacted by name, and once more by what they look like inside longer text, because a
library's message may quote a request.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

WITHHELD = "(withheld)"

_SECRET_NAMES = frozenset(
    {
        "authorization",
        "proxy_authorization",
        "auth_token",
        "token",
        "secret",
        "password",
        "digit",
        "digits",
        "finished_digits",
        "send_digits",
        "senddigits",
        "signal",
    }
)
_SECRET_TEXT = [
    # A header: all of its value, folded lines included.
    re.compile(r"(?i)\b((?:proxy-)?authorization['\"]?\s*[:=,]\s*)(?:[^\r\n]|\r?\n[ \t])+"),
    # A field of a form, a query, a document or a DTMF relay body.
    re.compile(
        r"(?i)\b((?:auth_?token|password|digits?|signal|senddigits)"
        r"(?:=|%3D|['\"]?\s*:\s*)['\"]?)[^&\s'\",}<>]+"
    ),
    # Userinfo of a URL, with its password.
    re.compile(r"(?i)\b((?:https?|sips?|postgresql[+\w]*)://|sips?:)[^\s/@:<>]+:[^\s/@<>]+(?=@)"),
]


def text_line(fields: Mapping[str, object]) -> str:
    """Return `TIME LEVEL EVENT key=value ...`, without the line's end.

    `time` (POSIX seconds), `level` and `event` come first; None values are left out.
    """
    shown = _shown(fields)
    head = [shown.pop("time"), f"{shown.pop('level'):<8}", one_line(str(shown.pop("event")))]
    pairs = [f"{one_line(name)}={_quoted(str(value))}" for name, value in shown.items()]
    return " ".join([*map(str, head), *pairs])


def json_line(fields: Mapping[str, object]) -> str:
    """Return the same as one JSON object, in ASCII, without the line's end."""
    return json.dumps(_shown(fields))


def redact(text: str) -> str:
    """Return `text` without credentials, tokens, passwords or DTMF digits that it quotes."""
    for secret in _SECRET_TEXT:
        text = secret.sub(rf"\g<1>{WITHHELD}", text)
    return text


def is_secret(name: str) -> bool:
    """Tell whether a field of this name must never be logged."""
    return name.lower().replace("-", "_") in _SECRET_NAMES


def _shown(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields in order of reading, plain values only, secrets withheld."""
    moment = datetime.fromtimestamp(float(str(fields.get("time", 0.0))), UTC)
    shown: dict[str, object] = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": str(fields.get("level", "info")),
        "event": redact(str(fields.get("event", ""))),
    }
    for name, value in fields.items():
        if name not in shown and value is not None:
            shown[name] = WITHHELD if is_secret(name) else _plain(value)
    return shown


def _plain(value: object) -> bool | int | float | str:
    match value:
        case bool() | int():
            return value
        case float():
            return round(value, 6) if math.isfinite(value) else str(value)  # JSON has no NaN
        case bytes():
            return redact(value.decode("utf-8", "backslashreplace"))
        case _:
            return redact(str(value))


def _quoted(text: str) -> str:
    text = one_line(text)
    if text and not re.search(r'[\s"=]', text):
        return text
    return '"' + text.replace('"', '\\"') + '"'


def one_line(text: str) -> str:
    """Return `text` with what is not printable escaped.

    That is line ends, escape sequences, and marks that turn text around.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
