"""Whispers: a document that runs on the callee's side before the bridge (rules W-1 to W-9)."""

from __future__ import annotations

from b2bua.rcml.fetch import Library
from b2bua.rcml.flow import End, Flow, Follow
from b2bua.rcml.interpreter import walk
from b2bua.rcml.limits import Limits
from b2bua.routing.interfaces import Gone, Party, Web
from b2bua.routing.plan import Screen


def whisper(follow: Follow, web: Web, limits: Limits, country: str = "") -> Screen:
    """Return the screen that runs the document at `follow` with a callee.

    A document that runs to its end accepts the call.  Everything else declines it: <Hangup> and
    <Reject>, a document that can't be had or that holds what a whisper may not, a callee who is
    gone (rule W-4).
    """

    async def screen(party: Party) -> bool:
        flow = Flow(party, Library(web), limits, country=country)
        try:
            return await walk(flow, follow) is End.RAN_OUT
        except Gone:
            return False

    return screen
