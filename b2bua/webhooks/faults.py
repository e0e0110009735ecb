"""Why a request got no answer: the codes of rcml.md 7.4, raised inside the package alone.

At the client's door a `WebFault` becomes the value `routing.plan.Fault`.
"""

from __future__ import annotations

from enum import Enum

INVALID_URL = 11100
RETRIEVAL = 11200
CONNECTION = 11205
PROTOCOL = 11206
BAD_HOST = 11210
REDIRECTS = 11215
TLS_HANDSHAKE = 11220
TLS_NAME = 11235
TLS_EXPIRED = 11236
TLS_CHAIN = 11237
TOO_LARGE = 11750
INTERNAL = 12400


class Phase(Enum):
    """How far a request got, as the retry policies tell it apart (rcml.md 7.3)."""

    CONNECT = "ct"
    READ = "rt"
    OTHER = ""


class WebFault(Exception):  # noqa: N818 - the peer's or the URL's fault, a value outside
    """A request ended without a usable response.

    `text` is for the customer: it names no address of ours and holds no secret.  `status` is that
    of the response, where its head had come.
    """

    def __init__(
        self, code: int, text: str, phase: Phase = Phase.OTHER, status: int | None = None
    ) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.phase = phase
        self.status = status
