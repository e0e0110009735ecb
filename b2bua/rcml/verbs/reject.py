"""<Reject>: refuse a call that was not answered; in a whisper, decline it (rcml.md 8.6)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from b2bua.rcml.flow import SCHEMA, End, Flow, Next
from b2bua.rcml.reading import Reading

ATTRIBUTES = frozenset({"reason"})

REFUSALS = {"rejected": (603, "Decline"), "busy": (486, "Busy Here")}


@dataclass(frozen=True, slots=True)
class Reject:
    """`reason` is a key of `REFUSALS`; `is_first` says that no verb stands before it."""

    reason: str = "rejected"
    is_first: bool = True

    async def run(self, flow: Flow) -> Next:
        """Refuse the call, or hang up where it is too late for that."""
        if flow.call is None:
            return End.HANG_UP
        if not self.is_first or flow.call.is_answered:
            flow.party.notify(SCHEMA, "<Reject> came too late: it hangs up")
            return End.HANG_UP
        await flow.call.refuse(*REFUSALS[self.reason])
        return End.OVER


def read(element: etree._Element, reading: Reading) -> Reject:
    """Read a <Reject> element."""
    reading.attributes(element, ATTRIBUTES)
    reading.no_children(element)
    reading.no_text(element)
    reason = reading.word(element, "reason", "rejected", "|".join(REFUSALS))
    is_first = element.getprevious() is None
    return Reject(reason, is_first)
