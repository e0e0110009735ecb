"""On what terms an account's requests go out."""

from __future__ import annotations

from dataclasses import dataclass

from b2bua.webhooks.egress import EgressPolicy
from b2bua.webhooks.tls import Trust


@dataclass(frozen=True, eq=False, slots=True)
class Terms:
    """Whom its requests may reach, whom they believe, and as whom they go.

    Terms are told apart by identity: a connection made on some is used again on the same alone.
    """

    policy: EgressPolicy
    trust: Trust
