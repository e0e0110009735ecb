"""Replaces: an INVITE that takes the place of another dialog of ours (RFC 3891)."""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.sip.grammar import find_param, split_params
from b2bua.sip.message import Request

REPLACES = "replaces"


@dataclass(frozen=True, slots=True)
class Replaces:
    """Which dialog is meant: by its Call-ID, our tag and the peer's (section 6.1)."""

    call_id: str
    local_tag: str
    remote_tag: str
    early_only: bool = False


def read_replaces(request: Request) -> Replaces | None:
    """Return what the one Replaces field of `request` says, None if it is malformed (section 3)."""
    values = request.headers.lines("Replaces")
    if len(values) != 1:
        return None
    call_id, _, rest = values[0].partition(";")
    params = split_params(f";{rest}")
    local, remote = find_param(params, "to-tag"), find_param(params, "from-tag")
    if not (call_id.strip() and local and remote):
        return None
    early_only = find_param(params, "early-only") is not None
    return Replaces(call_id.strip(), local, remote, early_only)
