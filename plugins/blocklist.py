"""Refuse some callers and ring one target for the rest.

[plugins.blocklist]
file = "/etc/b2bua/blocked.txt"     # numbers, separated by white space
next = "sip:{user}@127.0.0.1:5062"  # {user}: the dialled user part
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from twisted.plugin import IPlugin
from zope.interface import implementer

from b2bua.routing.interfaces import Call, IRouter, IRouterFactory, Site
from b2bua.routing.plan import Ring, Target

USER_CHARS = "%-_.!~*'()&=+$,;?/"  # RFC 3261 section 25.1: user, and escapes that stand already


@implementer(IRouter)
class Blocklist:
    def __init__(self, blocked: frozenset[str], next_: str) -> None:
        self._blocked, self._next = blocked, next_

    async def take(self, call: Call) -> None:
        if call.offer.caller in self._blocked:
            await call.refuse(603, "Decline")
        else:
            uri = self._next.replace("{user}", quote(call.offer.called, safe=USER_CHARS))
            await call.ring(Ring((Target(uri=uri),), answer_on_bridge=True))


@implementer(IPlugin, IRouterFactory)
class BlocklistFactory:
    name = "blocklist"

    def create(self, settings: Mapping[str, Any], site: Site) -> IRouter:
        try:
            numbers = Path(settings["file"]).read_text("ascii").split()
            return Blocklist(frozenset(numbers), settings["next"])
        except (KeyError, OSError, UnicodeDecodeError) as problem:
            raise ValueError(f"blocklist needs `file` and `next`: {problem}") from problem


blocklist = BlocklistFactory()
