"""`b2bua notifications`: the errors and warnings of calls, newest first."""

from __future__ import annotations

import argparse
import json
import sys

from b2bua.app.log_lines import one_line
from b2bua.cli import control
from b2bua.cli.callbacks import moment

SUMMARY = "print what went wrong in calls, newest first"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--account", default="", metavar="SID")
    parser.add_argument("--call", default="", metavar="SID")
    parser.add_argument("--limit", type=int, default=100)
    control.arguments(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print them; 1 if the daemon can't be asked."""
    query = {"account": parsed.account, "call": parsed.call, "limit": parsed.limit}
    try:
        notes = control.ask(parsed, "GET", "/notifications", query)
    except control.UnreachableError as problem:
        print(problem, file=sys.stderr)
        return 1
    if parsed.json:
        print(json.dumps(notes))
        return 0
    for note in notes:
        head = [
            moment(note["at"]),
            note["level"],
            str(note["code"]),
            note["call_sid"],
            note["text"],
        ]
        print(one_line("  ".join(head)))
        if request := note["request"]:
            print(one_line(f"    asked  {request['method']} {request['url']}"))
        if response := note["response"]:
            told = [str(response[name]) for name in ("status", "fault") if response.get(name)]
            body = str(response.get("body", ""))
            told += [json.dumps(body[:200])] if body else []
            print(one_line("    told   " + "  ".join(told)))
    return 0
