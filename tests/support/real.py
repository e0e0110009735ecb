"""Coroutines as tests on the real reactor."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import pytest_twisted


def real(test: Callable[..., Coroutine[Any, Any, None]]) -> Any:
    """Mark a coroutine as a test that opens real sockets, threads or child processes."""
    return pytest.mark.real(pytest_twisted.ensureDeferred(test))
