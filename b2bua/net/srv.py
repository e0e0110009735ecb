"""Which records of the DNS say where a domain takes SIP, and in which order they are tried.

RFC 3263 section 4.1 for NAPTR, RFC 2782 for SRV.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

SERVICES = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
PREFIXES = {"udp": "_sip._udp", "tcp": "_sip._tcp", "tls": "_sips._tcp"}


@dataclass(frozen=True, slots=True)
class Naptr:
    """A NAPTR record, as far as SIP reads it (RFC 3403 section 4.1)."""

    order: int
    preference: int
    flags: str
    service: str
    regexp: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """An SRV record; a `target` of "" says that the service is not offered."""

    priority: int
    weight: int
    port: int
    target: str


def services(records: Iterable[Naptr], transports: Collection[str]) -> list[tuple[str, str]]:
    """Return the best of `transports` that NAPTR records offer: pairs of transport and SRV name.

    Records of a higher order than the first that we can use count no more, so that nobody who
    breaks TLS gets us to speak TCP (RFC 3403 section 4.1).
    """
    usable = [
        one
        for one in sorted(records, key=lambda one: (one.order, one.preference))
        if one.flags.lower() == "s" and not one.regexp and one.replacement
        if SERVICES.get(one.service.upper()) in transports
    ]
    return [
        (SERVICES[one.service.upper()], one.replacement)
        for one in usable
        if one.order == usable[0].order
    ]


def in_order(records: Iterable[Srv], fraction: Callable[[], float]) -> list[Srv]:
    """Return `records` in the order in which they are tried, by priority and then by weight.

    `fraction` returns a random number in [0, 1): a target of twice the weight comes first twice as
    often.  Targets that are not offered are left out.
    """
    ordered: list[Srv] = []
    offered = [one for one in records if one.target and one.port]
    for priority in sorted({one.priority for one in offered}):
        # RFC 2782: those of weight 0 stand first, and so are seldom chosen beside others.
        equals = sorted((one for one in offered if one.priority == priority), key=_has_weight)
        while equals:
            ordered.append(equals.pop(_choose([one.weight for one in equals], fraction())))
    return ordered


def _has_weight(record: Srv) -> bool:
    return record.weight > 0


def _choose(weights: list[int], fraction: float) -> int:
    chosen = int(fraction * (sum(weights) + 1))
    running = 0
    for index, weight in enumerate(weights):
        running += weight
        if running >= chosen:
            return index
    return len(weights) - 1
