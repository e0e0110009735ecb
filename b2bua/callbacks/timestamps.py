"""Times as webhooks and the REST API write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime


def timestamp(epoch_seconds: float) -> str:
    """Return a time in UTC as RFC 2822 section 3.3 writes it."""
    return format_datetime(datetime.fromtimestamp(int(epoch_seconds), UTC))
