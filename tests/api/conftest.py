"""Fixtures of the REST API."""

from __future__ import annotations

import pytest

from tests.api.rest import Rest


@pytest.fixture
def rest() -> Rest:
    """Return an API without calls."""
    return Rest()
