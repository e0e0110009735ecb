"""Ring the fixed targets of a number: the smallest useful plugin.

[[numbers]]
number = "9*"
router = "static"
targets = ["sip:{user}@127.0.0.1:5062"]     # {user}: the dialled user part; or "client:{user}"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from twisted.plugin import IPlugin
from zope.interface import implementer

from b2bua.routing.interfaces import Call, IRouter, IRouterFactory, Site
from b2bua.routing.plan import Ring, Target

USER_CHARS = "-_.!~*'()&=+$,;?/"  # RFC 3261 section 25.1: user

CLIENT = "client:"  # all phones of a registered user


@implementer(IRouter)
class Static:
    """Rings all targets at once; the first that answers has the call."""

    async def take(self, call: Call) -> None:
        targets = tuple(_target(text, call.offer.called) for text in call.offer.number.targets)
        if not targets:
            await call.refuse(404, "Not Found")
            return
        await call.ring(Ring(targets, answer_on_bridge=True))


def _target(text: str, called: str) -> Target:
    if text.startswith(CLIENT):
        return Target(client=text.removeprefix(CLIENT).replace("{user}", called))
    return Target(uri=text.replace("{user}", quote(called, safe=USER_CHARS)))


@implementer(IPlugin, IRouterFactory)
class StaticFactory:
    name = "static"

    def create(self, settings: Mapping[str, Any], site: Site) -> IRouter:
        if settings:
            raise ValueError("static has no settings; its targets stand with each number")
        return Static()


static = StaticFactory()
