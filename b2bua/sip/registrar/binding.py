"""A binding: one contact of one user, until when it holds, and the way to it (RFC 3261 section 10).

A contact is told apart by its URI (19.1.4), or by instance and registration where the phone does
outbound (RFC 5626 section 6): such a phone may come back with another address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from b2bua.sip.grammar import Params
from b2bua.sip.message import Request
from b2bua.sip.nexthop import DEFAULT_PORTS, RELIABLE, WEBSOCKETS, Hop, request_hop
from b2bua.sip.uri import Uri, same_uri
from b2bua.sip.values import NameAddr

OURS = frozenset({"expires", "q"})
"""Parameters of a Contact that we write ourselves."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact.  `expires_at` is in monotonic seconds; `hop` is where its requests go first.

    `params` are those of the phone's Contact, without `OURS`; `reg_id` is 0 without outbound.
    """

    user: str
    contact: Uri
    params: Params
    call_id: str
    cseq: int
    expires_at: float
    hop: Hop
    q: float = 1.0
    path: tuple[NameAddr, ...] = ()
    instance: str = ""
    reg_id: int = 0

    def is_at(self, other: Binding) -> bool:
        """Whether both are bindings of the same contact."""
        if self.reg_id and other.reg_id:
            return (self.instance, self.reg_id) == (other.instance, other.reg_id)
        return same_uri(self.contact, other.contact)

    def written(self, now: float) -> str:
        """Return the value of Contact in a 200 (10.3 step 8)."""
        left = max(0, round(self.expires_at - now))
        q = () if self.q == 1.0 else (("q", f"{self.q:.3g}"),)
        params = (*self.params, *q, ("expires", str(left)))
        return str(NameAddr(self.contact, params=params))


def way_to(contact: Uri, path: Sequence[NameAddr], request: Request, source: Hop) -> Hop:
    """Return where requests to `contact` go, which `request` has registered from `source`.

    A path comes first (RFC 3327).  A phone on a stream, or behind a NAT that its own Via gives
    away, is called on the way that it has opened; is it behind a NAT or no server itself, there is
    no other (`Hop.is_flow`).
    """
    if path:
        return request_hop(contact, path)
    there = request_hop(contact)
    if len(request.vias) > 1:
        return there  # it came by a proxy, which is not in the way of our requests
    is_nat = request.via.host != source.host
    if source.transport in RELIABLE:
        if is_nat or contact.host != source.host or source.transport in WEBSOCKETS:
            return replace(source, is_flow=True)
        port = contact.port or DEFAULT_PORTS[source.transport]
        return replace(source, port=port)
    if is_nat:
        return replace(source, is_flow=True)
    return replace(there, connection=source.connection) if there.transport == "udp" else there
