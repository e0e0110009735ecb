"""A dialog: the state that two user agents share, and the requests built from it (section 12).

A dialog has no opinion on calls: it knows tags, sequence numbers, the route set and the remote
target, and turns a method into a request with the hop that it goes to.
"""

from __future__ import annotations

from collections.abc import Iterable

from b2bua.sip.headers import Headers
from b2bua.sip.message import Request, Response
from b2bua.sip.nexthop import Hop, request_hop
from b2bua.sip.uri import AnyUri, Uri
from b2bua.sip.values import NameAddr

Fields = Iterable[tuple[str, str]]

MAX_FORWARDS = 70  # 8.1.1.6

# A 2xx may be repeated for 64*T1; as many INVITEs as one peer completes in that time, and some.
_MOST_ACKS = 8


class Dialog:
    """One dialog, seen from our end.

    `fallback` is the hop for requests when neither a route set nor the remote target names one
    that SIP can reach.
    """

    __slots__ = (
        "_acks",
        "call_id",
        "direct",
        "fallback",
        "local",
        "local_cseq",
        "remote",
        "remote_cseq",
        "remote_target",
        "route_set",
    )

    def __init__(
        self,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        remote_target: AnyUri,
        route_set: tuple[NameAddr, ...],
        fallback: Hop,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.remote_target = remote_target
        self.route_set = route_set
        self.fallback = fallback
        self.direct: Hop | None = None  # where requests go while there is no route set
        self.local_cseq = 0
        self.remote_cseq: int | None = None
        self._acks: dict[int, tuple[Request, Hop]] = {}

    @classmethod
    def of_uac(cls, invite: Request, response: Response, hop: Hop) -> Dialog:
        """Make the dialog that `response`, 101-299, gives the sender of `invite` (12.1.2)."""
        contact = response.contact
        dialog = cls(
            invite.call_id,
            invite.from_,
            response.to,
            invite.uri if contact is None else contact.uri,
            tuple(reversed(response.record_routes)),
            hop,
        )
        dialog.local_cseq = invite.cseq.number
        if (hop.connection or hop.is_flow) and not dialog.route_set:
            dialog.direct = hop  # a flow: the peer's Contact may lead nowhere (RFC 7118, RFC 5626)
        return dialog

    @classmethod
    def of_uas(cls, invite: Request, local_tag: str, source: Hop | None) -> Dialog:
        """Make the dialog that `invite` opens once we answer it with `local_tag` (12.1.1).

        `source` is where the INVITE came from, if known.
        """
        contact = invite.contact
        dialog = cls(
            invite.call_id,
            invite.to.with_tag(local_tag),
            invite.from_,
            invite.from_.uri if contact is None else contact.uri,
            tuple(invite.record_routes),
            source or _sent_by(invite),
        )
        dialog.remote_cseq = invite.cseq.number
        dialog.direct = _way_back(invite, source)
        return dialog

    def refresh(self, message: Request | Response) -> None:
        """Take the remote target from the Contact of a target refresh, if it has one (12.2)."""
        if message.contact is not None:
            self.remote_target = message.contact.uri

    def confirm(self, response: Response) -> None:
        """Take from the 2xx what an early dialog may have had otherwise (13.2.2.4)."""
        self.refresh(response)
        self.route_set = tuple(reversed(response.record_routes))

    def takes(self, request: Request) -> bool:
        """Note the sequence number of `request`, unless it is out of order (12.2.2)."""
        number = request.cseq.number
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def request(
        self, method: str, headers: Fields = (), body: bytes = b"", content_type: str = ""
    ) -> tuple[Request, Hop]:
        """Return a new request in this dialog, with the next sequence number (12.2.1.1)."""
        return self._build(self.renumber(), method, headers, body, content_type)

    def ack(self, invite: Request, sdp: bytes | None = None) -> tuple[Request, Hop]:
        """Return the ACK for a 2xx to `invite`, with the credentials of it (13.2.2.4)."""
        credentials = [
            (name, value)
            for name in ("Authorization", "Proxy-Authorization")
            for value in invite.headers.get_all(name)
        ]
        number = invite.cseq.number
        kind = "" if sdp is None else "application/sdp"
        sent = self._build(number, "ACK", credentials, sdp or b"", kind)
        if len(self._acks) >= _MOST_ACKS:
            del self._acks[min(self._acks)]
        self._acks[number] = sent
        return sent

    def acked(self, invite: Request) -> list[tuple[Request, Hop]]:
        """Return the ACK for a 2xx to `invite` once more, if there has been one (13.2.2.4)."""
        sent = self._acks.get(invite.cseq.number)
        if sent is None:
            return []
        ack, hop = sent
        headers = ack.headers.copy()
        headers.remove("Via")  # each sending has its own
        return [(Request(ack.method, ack.uri, headers, ack.body), hop)]

    def renumber(self) -> int:
        """Return the next sequence number, for a request that is sent again (22.2)."""
        self.local_cseq += 1
        return self.local_cseq

    def hop(self) -> Hop:
        """Return where a request in this dialog goes next (8.1.2)."""
        if not self.route_set and self.direct is not None:
            return self.direct
        first = self.route_set[0].uri if self.route_set else self.remote_target
        return request_hop(first) if isinstance(first, Uri) else self.fallback

    def _build(
        self, cseq: int, method: str, headers: Fields, body: bytes, content_type: str
    ) -> tuple[Request, Hop]:
        uri, routes = self._way()
        fields = Headers(
            [
                ("Max-Forwards", str(MAX_FORWARDS)),
                *(("Route", str(route)) for route in routes),
                ("From", str(self.local)),
                ("To", str(self.remote)),
                ("Call-ID", self.call_id),
                ("CSeq", f"{cseq} {method}"),
                *headers,
                *([("Content-Type", content_type)] if content_type else []),
            ]
        )
        return Request(method, uri, fields, body), self.hop()

    def _way(self) -> tuple[AnyUri, tuple[NameAddr, ...]]:
        """Return Request-URI and Route; a strict router takes the target's place (12.2.1.1)."""
        target = _bare(self.remote_target)
        if not self.route_set or _is_loose(self.route_set[0]):
            return target, self.route_set
        strict, *others = self.route_set
        return _bare(strict.uri), (*others, NameAddr(target))


def _bare(uri: AnyUri) -> AnyUri:
    """Leave out what may not stand in a Request-URI (19.1.1)."""
    if not isinstance(uri, Uri):
        return uri
    return uri.without_headers().without_params("method")


def _is_loose(route: NameAddr) -> bool:
    return isinstance(route.uri, Uri) and route.uri.param("lr") is not None


def _sent_by(invite: Request) -> Hop:
    via = invite.via
    return Hop(via.transport.lower(), via.received or via.host, via.port or 5060)


def _way_back(invite: Request, source: Hop | None) -> Hop | None:
    """Return `source` where the peer's Contact would not lead back to it.

    That is on a stream, whose other end need not listen, and behind a NAT, which the received
    parameter of the peer's own Via shows (18.2.1, RFC 3581).
    """
    if source is None or len(invite.vias) > 1:
        return None
    behind_nat = invite.via.received is not None
    return source if source.connection or behind_nat else None
