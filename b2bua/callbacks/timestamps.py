"""Times as webhooks and the REST API write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache


def timestamp(epoch_seconds: float) -> str:
    """Return a time in UTC as RFC 2822 section 3.3 writes it."""
    return _written(int(epoch_seconds))


@lru_cache(maxsize=256)
def _written(epoch_seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(epoch_seconds, UTC))
