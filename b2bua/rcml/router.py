"""The RCML router: a call is what its number's documents say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from twisted.plugin import IPlugin
from zope.interface import implementer

from b2bua.rcml.fetch import GIVEN, Library, files_among
from b2bua.rcml.flow import End, Flow, Follow
from b2bua.rcml.interpreter import Fallback, walk
from b2bua.rcml.limits import DEFAULTS, Limits
from b2bua.rcml.whisper import whisper
from b2bua.routing.interfaces import Call, IRouter, IRouterFactory, Site
from b2bua.routing.plan import Speech

APOLOGY = Speech("We are sorry. An application error has occurred. Goodbye.")


@implementer(IRouter)
class RcmlRouter:
    """Runs the documents of the number that was called."""

    def __init__(self, site: Site, limits: Limits = DEFAULTS) -> None:
        self._site = site
        self._limits = limits

    async def take(self, call: Call) -> None:
        """Run the number's documents, and let the caller go as they end."""
        flow = self._flow(call)
        number = call.offer.number
        fallback = Fallback(number.voice_fallback_url, number.voice_fallback_method)
        expiry = self._site.clock.callLater(self._limits.call_seconds, flow.expire)
        try:
            first = Follow(number.voice_url or GIVEN, number.voice_method)
            end = await walk(flow, first, fallback)
            await _let_go(call, end)
        finally:
            if expiry.active():
                expiry.cancel()

    def _flow(self, call: Call) -> Flow:
        number, country = call.offer.number, call.offer.account_country
        web, limits = self._site.web, self._limits
        return Flow(
            call,
            Library(
                web,
                files_among(number.voice_url, number.voice_fallback_url),
                "" if number.voice_url else number.voice_document,
                limits.document_bytes,
            ),
            limits,
            country=country,
            call=call,
            whisper=partial(whisper, web=web, limits=limits, country=country),
        )


async def _let_go(call: Call, end: End) -> None:
    if end is End.FAILED:
        await call.play(APOLOGY)
    if end is not End.OVER:
        # A caller never answered hears how its last <Dial> went (rule D-2b): the call knows.
        await call.hang_up()


@implementer(IPlugin, IRouterFactory)
class RcmlFactory:
    """Makes the router; `[plugins.rcml]` may change any limit of `[limits]` that it has."""

    name = "rcml"

    def create(self, settings: Mapping[str, Any], site: Site) -> IRouter:
        """Check the limits in `settings` and make the router.

        Raises:
            ValueError: a key is not the name of a limit, or its value is no number from 1.
        """
        names = [limit.name for limit in fields(Limits)]
        for key, value in settings.items():
            if key not in names:
                raise ValueError(f"rcml has no setting {key!r}; it has {', '.join(names)}")
            if type(value) not in {int, type(getattr(DEFAULTS, key))} or value < 1:
                raise ValueError(f"rcml: {key} must be a number from 1, not {value!r}")
        of_site = {name: site.limits[name] for name in names if name in site.limits}
        return RcmlRouter(site, Limits(**(of_site | dict(settings))))
