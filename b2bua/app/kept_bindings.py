"""The registrar's bindings, in the store: joins two packages that do not know each other.

A binding is a row; a refresh is another row, and the end of the old one.  The store goes by the
time of day, the registrar by the monotonic clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from b2bua.app.logs import logger
from b2bua.sip.grammar import SyntaxFault
from b2bua.sip.nexthop import RELIABLE, Hop
from b2bua.sip.registrar.binding import Binding
from b2bua.sip.registrar.registrar import Change
from b2bua.sip.uri import Uri
from b2bua.sip.values import NameAddr, read_name_addr
from b2bua.store.contacts import Contacts, KeptContact

log = logger("registrar")


class KeptBindings:
    """Keeps bindings as rows; an `app.registrations.Rows`.  `wall` is seconds since the epoch."""

    def __init__(self, contacts: Contacts, wall: Callable[[], float]) -> None:
        self._contacts = contacts
        self._wall = wall
        self._places: dict[Binding, int] = {}

    def changed(self, changes: Iterable[Change], now: float) -> None:
        """Keep what has changed; `now` is the monotonic time in seconds."""
        for change in changes:
            if change.after is not None:
                expires_at = self._wall() + change.after.expires_at - now
                place = self._contacts.add(expires_at, body_of(change.after))
                self._places[change.after] = place
            place_before = None if change.before is None else self._places.pop(change.before, None)
            if place_before is not None:
                self._contacts.remove(place_before)

    async def read(self, monotonic: Callable[[], float]) -> list[Binding]:
        """Return what an earlier process has kept, the newest first.

        Raises:
            StoreAwayError: the store can't be read now.
        """
        rows = await self._contacts.live(self._wall())
        self._contacts.forget_before(self._wall())
        offset = monotonic() - self._wall()
        read = [(row.place, binding_of(row, offset)) for row in rows]
        found = {binding: place for place, binding in read if binding is not None}
        self._places = {**found, **self._places}
        return list(found)


def body_of(binding: Binding) -> str:
    """Return a binding as JSON in ASCII."""
    hop = binding.hop
    return json.dumps(
        {
            "user": binding.user,
            "contact": str(NameAddr(binding.contact, params=binding.params)),
            "call_id": binding.call_id,
            "cseq": binding.cseq,
            "hop": [hop.transport, hop.host, hop.port, hop.connection, hop.domain, hop.is_flow],
            "q": binding.q,
            "path": [str(value) for value in binding.path],
            "instance": binding.instance,
            "reg_id": binding.reg_id,
        }
    )


def binding_of(row: KeptContact, offset: float) -> Binding | None:
    """Return the binding that a row keeps; `offset` leads from its time to the monotonic.

    None when it cannot be read, or its connection died with the process that had it.
    """
    try:
        body = json.loads(row.body)
        contact = read_name_addr(body["contact"])
        path = tuple(read_name_addr(value) for value in body["path"])
        hop = Hop(*body["hop"])
    except (SyntaxFault, ValueError, KeyError, TypeError) as problem:
        log.warning("a contact in the store cannot be read", place=row.place, problem=str(problem))
        return None
    if hop.transport in RELIABLE:
        if hop.is_flow:
            return None
        hop = replace(hop, connection=0)
    if not isinstance(contact.uri, Uri):
        return None
    return Binding(
        body["user"],
        contact.uri,
        contact.params,
        body["call_id"],
        body["cseq"],
        row.expires_at + offset,
        hop,
        body["q"],
        path,
        body["instance"],
        body["reg_id"],
    )
