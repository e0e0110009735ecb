"""What a customer's server may cost us: every figure of the HTTP client, with its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one client; bytes are octets and times are seconds.

    `response_timeout` counts from the start of a request to the last byte of its body, waiting for
    a free connection included.  The last figures are sizes of what the client keeps for itself.
    """

    response_header_bytes: int = 16_384
    response_headers: int = 100
    response_body_bytes: int = 65_536
    """Of a body, where the request does not say otherwise."""
    connect_timeout: float = 5.0
    header_timeout: float = 10.0
    response_timeout: float = 15.0
    redirects: int = 10
    connections_per_host: int = 10
    connections_per_account: int = 20
    host_reserve: int = 2
    """Of a host's connections, those that only a request a call waits on may take."""
    account_reserve: int = 4
    proven_reserve: int = 2
    """Of an account's connections, those for hosts of its own that answer, if there are any."""
    proven_hosts: int = 100
    """Hosts of an account that are remembered to answer."""
    kept_connections: int = 200
    kept_seconds: float = 4.0
    """How long an idle connection is kept: less than the 5 s after which many servers close it."""
    bodies_bytes: int = 16_777_216
    """Of all bodies under way that are larger than 64 KiB; beyond it the largest is given up."""
    addresses_tried: int = 4
    cookie_calls: int = 10_000
    cookies_per_call: int = 50
    cookie_bytes: int = 4_096
    cache_bytes: int = 67_108_864
    """Of all answers that are kept; 0 keeps none."""
    cache_bytes_per_account: int = 16_777_216
    cache_entries_per_account: int = 1_000
    circuit_failures: int = 5
    """Failures in a row after which a host is left alone for `circuit_pause`."""
    circuit_pause: float = 5.0
    circuit_pause_most: float = 60.0
    """What the pause grows to while the host goes on failing."""
    circuits: int = 10_000
