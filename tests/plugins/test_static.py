from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.plugin import getPlugins
from zope.interface.verify import verifyObject

import b2bua.plugins
from b2bua.routing.interfaces import IRouter, IRouterFactory, Site
from b2bua.routing.plan import NumberSettings, Outcome, Ring, Status, Target
from tests.support.fake_call import ACCOUNT, FakeCall, play_out
from tests.support.fake_web import FakeWeb


def factory(name: str) -> IRouterFactory:
    found = [f for f in getPlugins(IRouterFactory, b2bua.plugins) if f.name == name]
    assert len(found) == 1
    verifyObject(IRouterFactory, found[0])
    return found[0]


def take(called: str, *targets: str) -> FakeCall:
    clock = Clock()
    router = factory("static").create({}, Site(clock, FakeWeb(clock)))
    verifyObject(IRouter, router)
    number = NumberSettings("9*", "static", ACCOUNT, targets=targets)
    call = FakeCall(clock, number, called=called)
    call.outcomes = [Outcome(Status.COMPLETED, bridged=True)]
    play_out(clock, router.take(call))
    assert clock.getDelayedCalls() == []
    return call


def test_it_rings_every_target_with_the_dialled_user_and_answers_with_the_first() -> None:
    call = take("9100", "sip:{user}@a.example", "sip:desk@b.example;user={user}")
    uris = ["sip:9100@a.example", "sip:desk@b.example;user=9100"]
    assert call.rings == [Ring(tuple(Target(uri=uri) for uri in uris), answer_on_bridge=True)]


@pytest.mark.parametrize(
    ("called", "uri"),
    [
        ("+15550001111", "sip:+15550001111@a.example"),
        ("a;phone-context=x", "sip:a;phone-context=x@a.example"),
        ("50%off", "sip:50%25off@a.example"),
        ("x@evil.example", "sip:x%40evil.example@a.example"),
        ("x\r\nVia: y", "sip:x%0D%0AVia%3A%20y@a.example"),
        ("ü", "sip:%C3%BC@a.example"),
        ("", "sip:@a.example"),
    ],
)
def test_a_dialled_user_cannot_leave_the_user_part(called: str, uri: str) -> None:
    assert take(called, "sip:{user}@a.example").rings[0].targets == (Target(uri=uri),)


def test_a_number_without_targets_is_not_found() -> None:
    call = take("9100")
    assert (call.refused, call.rings) == ((404, "Not Found"), [])


def test_it_has_no_settings() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="static has no settings"):
        factory("static").create({"target": "x"}, Site(clock, FakeWeb(clock)))
