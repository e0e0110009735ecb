"""Who we are in a dialog that we begin, and the INVITE that begins it (8.1.1, 13.2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from b2bua.sip.dialog import capabilities
from b2bua.sip.headers import Headers
from b2bua.sip.message import Request
from b2bua.sip.uri import AnyUri
from b2bua.sip.values import NameAddr


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in one dialog; nothing of it may come from another leg's dialog.

    `local` carries our tag, `remote` none.  `contact` is the URI where we are reached.  `agent`, if
    any, is our User-Agent and Server.  `max_forwards` is that of the INVITE.

    Raises:
        ValueError: `local` has no tag.
    """

    call_id: str
    local: NameAddr
    remote: NameAddr
    contact: str
    max_forwards: int = 70
    agent: str = ""

    def __post_init__(self) -> None:
        if self.local.tag is None:
            raise ValueError("the local end of a dialog needs a tag")

    @property
    def local_tag(self) -> str:
        """The tag of our end."""
        tag = self.local.tag
        assert tag is not None, "checked when it was made"
        return tag

    def invite(self, uri: AnyUri, headers: Iterable[tuple[str, str]], sdp: bytes | None) -> Request:
        """Return the first INVITE of the dialog, to `uri`, with `headers` besides our own."""
        fields = [
            ("Max-Forwards", str(self.max_forwards)),
            ("From", str(self.local)),
            ("To", str(self.remote)),
            ("Call-ID", self.call_id),
            ("CSeq", "1 INVITE"),
            ("Contact", f"<{self.contact}>"),
            *(capabilities.in_invite() if sdp is not None else capabilities.without_offer()),
            *headers,
        ]
        if sdp is not None:
            fields.append(("Content-Type", "application/sdp"))
        return Request("INVITE", uri, Headers(fields), sdp or b"")
