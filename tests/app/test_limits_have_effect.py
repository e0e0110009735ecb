"""What `[limits]` says of webhooks and prompts is what the client and the decoder go by."""

from __future__ import annotations

from dataclasses import fields

import pytest

from b2bua.app import service
from b2bua.app.limits_settings import LimitsSettings
from b2bua.app.part_limits import web_limits
from b2bua.app.settings import settings_from_text
from b2bua.webhooks.limits import Limits

SHARED = sorted({field.name for field in fields(Limits)} & set(LimitsSettings.model_fields))


def test_the_client_has_most_of_its_limits_from_the_settings() -> None:
    assert len(SHARED) >= 15
    assert {"response_body_bytes", "cache_bytes", "circuit_failures"} <= set(SHARED)


@pytest.mark.parametrize("name", SHARED)
def test_a_limit_of_the_client_is_the_one_that_is_set(name: str) -> None:
    usual = getattr(Limits(), name)
    assert getattr(LimitsSettings(), name) == usual
    settings = settings_from_text(f"[limits]\n{name} = {usual + 1}")
    assert getattr(web_limits(settings), name) == usual + 1


def test_a_recording_may_be_as_large_and_as_long_as_is_set() -> None:
    settings = settings_from_text("[limits]\nplay_bytes = 5000\nplay_seconds = 7")
    recording = service._prompt_limits(settings).recording
    assert (recording.content_bytes, recording.seconds) == (5_000, 7)
