"""The facts of a leg as JSON keeps them, for what outlives the call: the journal and the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b2bua.routing.plan import Direction, LegFacts, Status

_PLAIN = tuple(name for name in LegFacts.__slots__ if name not in ("direction", "status"))


def leg_body(leg: LegFacts) -> dict[str, Any]:
    """Return the facts by name; what is not known is left out."""
    body = {
        name: value for name in _PLAIN if (value := getattr(leg, name)) is not None and value != ()
    }
    body["direction"] = leg.direction.value
    body["status"] = leg.status.value
    return body


def leg_from(body: Mapping[str, Any]) -> LegFacts:
    """Return what `leg_body` was made from; names of a later version are passed over."""
    known = {name: value for name, value in body.items() if name in LegFacts.__slots__}
    known["direction"] = Direction(body["direction"])
    known["status"] = Status(body["status"])
    known["sip_headers"] = tuple((name, value) for name, value in body.get("sip_headers", ()))
    return LegFacts(**known)
