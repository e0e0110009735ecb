"""What a request that cannot be served is told (rcml.md R-3): a status, a code, and a sentence.

A sentence about a field begins with the field's name and says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MORE_INFO = "https://www.twilio.com/docs/errors/"

BAD_PARAMETER = 20001
BAD_PAGE = 20002
UNAUTHORIZED = 20003
NO_SUCH_METHOD = 20004
NOT_FOUND = 20404
TOO_LARGE = 20413
TOO_MANY = 20429
DEFECT = 20500
UNAVAILABLE = 20503
NO_TO = 21201
BAD_URL = 21205
FROM_NOT_OWNED = 21210
BAD_TO = 21211
BAD_FROM = 21212
NO_FROM = 21213
BAD_APPLICATION = 21218
WRONG_STATE = 21220
BAD_NUMBER = 21421
NUMBER_TAKEN = 21422


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back: `body`, or `file` with the content type `form`, or nothing."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    file: Path | None = None
    form: str = ""


@dataclass(eq=False)  # an exception is hashed when it is shown
class ApiError(Exception):
    """A request cannot be served.  `fields` says of each bad field what is wrong with it."""

    status: int
    code: int
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    def reply(self) -> Reply:
        """Return the response that says so."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "more_info": f"{MORE_INFO}{self.code}",
            "status": self.status,
        }
        if self.fields:
            body["details"] = dict(self.fields)
        return Reply(self.status, body, self.headers)


def bad(name: str, why: str, code: int = BAD_PARAMETER) -> ApiError:
    """Return the error of one bad field."""
    return ApiError(400, code, f"{name}: {why}", {name: why})


def not_found(path: str) -> ApiError:
    """Return the error of an object that is not there, or is somebody else's."""
    return ApiError(404, NOT_FOUND, f"The requested resource {path} was not found")
