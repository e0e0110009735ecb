"""`[limits]`, told to each part in the words of that part."""

from __future__ import annotations

from b2bua.app.settings import Settings
from b2bua.callbacks.delivery import DeliveryLimits
from b2bua.net.connections import StreamLimits
from b2bua.net.driver import DriverLimits
from b2bua.sip.reader import Limits as ReadingLimits
from b2bua.webhooks.limits import Limits as WebLimits


def driver_limits(settings: Settings) -> DriverLimits:
    """Return those of transactions and of what has none."""
    limits = settings.limits
    return DriverLimits(
        datagram_bytes=limits.sip_datagram_bytes, amplification=limits.response_amplification
    )


def stream_limits(settings: Settings) -> StreamLimits:
    """Return those of stream connections."""
    limits = settings.limits
    return StreamLimits(
        message_timeout=limits.stream_message_timeout,
        per_address=limits.stream_connections_per_address,
        connections=limits.stream_connections,
    )


def reading_limits(settings: Settings) -> ReadingLimits:
    """Return those of messages."""
    limits = settings.limits
    return ReadingLimits(
        message_bytes=limits.sip_message_bytes,
        headers=limits.sip_headers,
        line_bytes=limits.sip_line_bytes,
        vias=limits.sip_vias,
        routes=limits.sip_routes,
        params=limits.sip_params,
        stream_header_bytes=limits.stream_header_bytes,
    )


def delivery_limits(settings: Settings) -> DeliveryLimits:
    """Return those of status callbacks."""
    limits = settings.limits
    return DeliveryLimits(
        hold_seconds=limits.callback_hold,
        retry_most=limits.callback_retry_most,
        give_up_after=limits.callback_give_up,
        pending=limits.callbacks_in_memory,
        pending_per_account=limits.callbacks_in_memory_per_account,
    )


def web_limits(settings: Settings) -> WebLimits:
    """Return those of webhooks."""
    limits = settings.limits
    return WebLimits(
        response_header_bytes=limits.response_header_bytes,
        response_headers=limits.response_headers,
        response_body_bytes=limits.response_body_bytes,
        connect_timeout=limits.connect_timeout,
        header_timeout=limits.header_timeout,
        response_timeout=limits.response_timeout,
        redirects=limits.redirects,
        connections_per_host=limits.connections_per_host,
        connections_per_account=limits.connections_per_account,
        cache_bytes=limits.cache_bytes,
        cache_bytes_per_account=limits.cache_bytes_per_account,
        cache_entries_per_account=limits.cache_entries_per_account,
        circuit_failures=limits.circuit_failures,
        circuit_pause=limits.circuit_pause,
        circuit_pause_most=limits.circuit_pause_most,
    )
