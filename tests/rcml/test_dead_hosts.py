"""A number whose server is dead: the fallback is asked at once, with the reason."""

from __future__ import annotations

from urllib.parse import parse_qsl

from b2bua.rcml.router import RcmlRouter
from b2bua.routing.interfaces import Site
from b2bua.routing.plan import Speech
from b2bua.webhooks.client import WebClient
from b2bua.webhooks.egress import EgressPolicy
from tests.rcml.running import number
from tests.support.fake_call import FakeCall, play_out
from tests.support.internet import Internet
from tests.support.web_server import Customer, Reply

DEAD, SPARE = "93.184.216.34", "151.101.1.1"
VOICE, FALLBACK = "http://dead.example/voice#rc=0", "http://spare.example/fallback"
DOCUMENT = Reply(body=b"<Response><Say>hello</Say></Response>")


def test_the_sixth_caller_of_a_dead_host_waits_no_moment() -> None:
    internet, spare = Internet(), Customer(DOCUMENT)
    internet.names["dead.example"] = [[DEAD]]
    internet.black_holes.add((DEAD, 80))
    internet.serve(SPARE, 80, spare.site(internet), "spare.example")
    web = WebClient(internet, internet, lambda _: None, EgressPolicy(is_own=lambda _: False))
    router = RcmlRouter(Site(internet, web))
    waited = []
    for _ in range(7):
        call = FakeCall(internet, number(voice_url=VOICE, voice_fallback_url=FALLBACK))
        began = internet.seconds()
        play_out(internet, router.take(call))
        ((heard_at, prompt),) = call.heard
        assert prompt == Speech("hello")
        waited.append(round(heard_at - began, 3))
    assert waited == [5, 5, 5, 5, 5, 0, 0]
    for seen in spare.seen:
        told = dict(parse_qsl(seen.body.decode()))
        assert (told["ErrorCode"], told["ErrorUrl"]) == ("11205", "http://dead.example/voice")
    web.close()
