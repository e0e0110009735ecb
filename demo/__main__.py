"""`python -m demo [--ladder FILE]`: place the call, draw it, and say which promises were kept.

The exit status is 0 only if all were.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from demo.cast import PARTIES
from demo.evidence import Evidence
from demo.ladder import LEGEND, draw
from demo.promises import Verdict, judge
from demo.scene import Scene
from demo.story import story

LIMIT = 60.0
"""Seconds after which the demo gives up, whatever it waits for."""
TAIL = 15
"""Lines of the logs that are shown when the call stopped short."""
PROMISE = 42
"""Columns of a promise."""
PLAIN = str.maketrans("│║┼╫╪╬├╟╞╠┤╢╡╣─┄═◀▶✓✗", "||+|+|||||||||-.=<>*x")
"""For terminals that do not know Unicode."""


def main() -> None:
    """Run the reactor for one call."""
    parser = argparse.ArgumentParser("demo", description="Place one real call and draw it.")
    parser.add_argument("--ladder", type=Path, metavar="FILE", help="write the plain ladder there")
    given = parser.parse_args()
    if shutil.which("sipp") is None:
        raise SystemExit("SIPp is missing, which plays the phones: apt-get install sip-tester")
    react(_run, [given.ladder])


async def _run(reactor: Any, file: Path | None) -> None:
    begun = time.monotonic()

    def tell(text: str) -> None:
        _print(f"{time.monotonic() - begun:5.1f} s  {text}")

    evidence = await _play(reactor, tell)
    verdicts = judge(evidence)
    arrows = story(evidence)
    if arrows:
        _print("", draw(PARTIES, arrows, colour=_has_colours()), "", f"        {LEGEND}")
    _print("", *map(_line, verdicts), "")
    if file is not None:
        file.write_text(f"{draw(PARTIES, arrows)}\n\n        {LEGEND}\n", encoding="utf-8")
    if evidence.problem:
        _print(f"The call stopped short, {evidence.problem}.", *evidence.log[-TAIL:], "")
    if evidence.problem or not all(verdict.is_kept for verdict in verdicts):
        missing = [verdict for verdict in verdicts if not verdict.is_kept]
        raise SystemExit(f"{len(missing)} of {len(verdicts)} promises were not kept.")
    _print(f"All of it happened, in {time.monotonic() - begun:.0f} seconds.")


async def _play(reactor: Any, tell: Callable[[str], None]) -> Evidence:
    with tempfile.TemporaryDirectory(prefix="b2bua-demo-") as folder:
        scene = Scene(reactor, Path(folder), tell)
        playing = Deferred.fromCoroutine(scene.play())
        cleared: Deferred[None] = Deferred()

        def interrupt() -> Deferred[None]:
            playing.cancel()
            return cleared

        limit = reactor.callLater(LIMIT, playing.cancel)
        trigger = reactor.addSystemEventTrigger("before", "shutdown", interrupt)
        try:
            await playing
        finally:
            if limit.active():
                limit.cancel()
            await scene.clear()
            cleared.callback(None)
        if not reactor.running:
            raise SystemExit("Interrupted.")
        reactor.removeSystemEventTrigger(trigger)
    return scene.evidence


def _line(verdict: Verdict) -> str:
    mark, colour = ("✓", "32") if verdict.is_kept else ("✗", "31")
    if _has_colours():
        mark = f"\033[{colour}m{mark}\033[0m"
    return f"  {mark} {verdict.promise:<{PROMISE}}  {verdict.found}"


def _has_colours() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _print(*lines: str) -> None:
    text = "\n".join(lines)
    if "utf" not in (sys.stdout.encoding or "").lower():
        text = text.translate(PLAIN)
    print(text, flush=True)


if __name__ == "__main__":
    main()
