"""Connection overrides: what a URL's fragment says of timeouts and retries (rcml.md 7.3).

`#rc=2&rp=5xx,rt&ct=1000` asks for two retries, on a 5xx status and on a read timeout, and for one
second to connect.  A value out of range is clamped, one that cannot be read is left out, and each
is worth a warning; nothing in a fragment makes a request fail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from b2bua.routing.plan import Answer
from b2bua.webhooks.faults import Phase, WebFault

RETRY_POLICIES = ("4xx", "5xx", "ct", "rt")

_NUMBER = re.compile(r"-?[0-9]{1,18}")
_MILLISECONDS = {"ct": 10_000, "rt": 15_000, "tt": 15_000}
_LEAST_MILLISECONDS = 100
_MOST_RETRIES = 5


@dataclass(frozen=True, slots=True)
class Overrides:
    """One fragment, read.

    Times are in seconds, None where the fragment does not say.  `retry_on` holds RETRY_POLICIES.
    """

    connect: float | None = None
    read: float | None = None
    total: float | None = None
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})
    sni: bool = True
    warnings: tuple[str, ...] = ()

    def wants_retry(self, outcome: Answer | WebFault) -> bool:
        """Whether an attempt that ended so is worth another one."""
        if isinstance(outcome, WebFault):
            return outcome.phase is not Phase.OTHER and outcome.phase.value in self.retry_on
        return f"{outcome.status // 100}xx" in self.retry_on


@lru_cache(maxsize=1024)
def read_overrides(fragment: str) -> Overrides:
    """Read a fragment, without its `#`.  Unknown keys are left alone: a fragment may mean more."""
    values = dict(pair.partition("=")[::2] for pair in fragment.split("&") if "=" in pair)
    warnings: list[str] = []

    def number(key: str, least: int, most: int) -> int | None:
        text = values.get(key)
        if text is None:
            return None
        if _NUMBER.fullmatch(text) is None:
            warnings.append(f"{key} is not a number")
            return None
        clamped = min(max(int(text), least), most)
        if clamped != int(text):
            warnings.append(f"{key} is not {least} to {most}: {clamped} taken")
        return clamped

    def seconds(key: str) -> float | None:
        milliseconds = number(key, _LEAST_MILLISECONDS, _MILLISECONDS[key])
        return None if milliseconds is None else milliseconds / 1000

    connect, read, total = seconds("ct"), seconds("rt"), seconds("tt")
    retries = number("rc", 0, _MOST_RETRIES)
    return Overrides(
        connect,
        read,
        total,
        1 if retries is None else retries,
        _policies(values.get("rp", "ct"), warnings),
        _sni(values.get("sni", "y"), warnings),
        tuple(warnings),
    )


def _policies(text: str, warnings: list[str]) -> frozenset[str]:
    named = {name.strip().lower() for name in text.split(",")}
    if "all" in named:
        return frozenset(RETRY_POLICIES)
    known = named.intersection(RETRY_POLICIES)
    if known != named:
        warnings.append("rp names a policy that is not 4xx, 5xx, ct, rt or all")
    return frozenset(known) or frozenset({"ct"})


def _sni(text: str, warnings: list[str]) -> bool:
    if text.lower() not in {"y", "n"}:
        warnings.append("sni is neither y nor n")
    return text.lower() != "n"
