from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from b2bua.routing.interfaces import IRouter, Site
from b2bua.routing.plan import NumberSettings, Outcome, Ring, Status, Target
from tests.plugins.test_static import factory
from tests.support.fake_call import ACCOUNT, FakeCall, play_out
from tests.support.fake_web import FakeWeb


def site() -> Site:
    clock = Clock()
    return Site(clock, FakeWeb(clock))


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    numbers = tmp_path / "blocked.txt"
    numbers.write_text("+15550006666\n+15550007777 alice\n")
    return {"file": str(numbers), "next": "sip:{user}@b.example"}


def take(settings: dict[str, str], caller: str) -> FakeCall:
    clock = Clock()
    router = factory("blocklist").create(settings, Site(clock, FakeWeb(clock)))
    verifyObject(IRouter, router)
    call = FakeCall(clock, NumberSettings("*", "blocklist", ACCOUNT), caller=caller, called="10 0")
    call.outcomes = [Outcome(Status.BUSY)]
    play_out(clock, router.take(call))
    return call


@pytest.mark.parametrize("caller", ["+15550006666", "+15550007777", "alice"])
def test_a_blocked_caller_is_declined(settings: dict[str, str], caller: str) -> None:
    call = take(settings, caller)
    assert (call.refused, call.rings) == ((603, "Decline"), [])


@pytest.mark.parametrize("caller", ["+15550006667", "", "Alice"])
def test_everybody_else_rings_the_next_target(settings: dict[str, str], caller: str) -> None:
    call = take(settings, caller)
    assert call.refused is None
    assert call.rings == [Ring((Target(uri="sip:10%200@b.example"),), answer_on_bridge=True)]


@pytest.mark.parametrize("missing", ["file", "next"])
def test_a_missing_setting_is_named(settings: dict[str, str], missing: str) -> None:
    del settings[missing]
    with pytest.raises(ValueError, match=f"blocklist needs `file` and `next`: '{missing}'"):
        factory("blocklist").create(settings, site())


def test_a_file_that_cannot_be_read_is_named(settings: dict[str, str], tmp_path: Path) -> None:
    settings["file"] = str(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match=r"nowhere\.txt"):
        factory("blocklist").create(settings, site())


def test_a_file_that_holds_no_text_is_refused(settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="blocklist needs"):
        factory("blocklist").create(settings, site())
