"""The verbs: one file each, and the one dict that names them.

A verb file holds a frozen value, `read` (element to value, all validation, no I/O) and `run` (value
to call).  `read` returns None for an element that asks for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from b2bua.rcml.flow import Verb
from b2bua.rcml.reading import Reading
from b2bua.rcml.verbs import dial, gather, hangup, pause, play, redirect, reject, say

Read = Callable[[etree._Element, Reading], Verb | None]

VERBS: dict[str, Read] = {
    "Dial": dial.read,
    "Gather": gather.read,
    "Hangup": hangup.read,
    "Pause": pause.read,
    "Play": play.read,
    "Redirect": redirect.read,
    "Reject": reject.read,
    "Say": say.read,
}
