"""The one way in which b2bua refuses to start, and how an operator hears of it."""

from __future__ import annotations

import sys
from types import TracebackType


class StartError(Exception):
    """B2bua can't start: the text is for the operator, who needs no traceback with it."""


def explain_start_errors() -> None:
    """Let a `StartError` that nobody catches end the process with its text and status 1."""
    sys.excepthook = _explain


def _explain(
    kind: type[BaseException], problem: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(problem, StartError):
        # Twisted has put the log in the place of sys.stderr.
        print(f"b2bua: {problem}", file=sys.__stderr__)
    else:
        sys.__excepthook__(kind, problem, trace)
