"""`b2bua registrations`: which phones are registered, and how they are reached."""

from __future__ import annotations

import argparse
import json
import sys

from b2bua.cli import control

SUMMARY = "print which phones are registered, and how they are reached"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--user", default="", metavar="NAME", help="those of one user")
    control.arguments(parser)


def run(parsed: argparse.Namespace) -> int:
    """Print them; 1 if the daemon can't be asked."""
    try:
        told = control.ask(parsed, "GET", "/registrations")
    except control.UnreachableError as problem:
        print(problem, file=sys.stderr)
        return 1
    contacts = [one for one in told if parsed.user in ("", one["user"])]
    if parsed.json:
        print(json.dumps(contacts))
        return 0
    for one in contacts:
        way = one["way"] if one["is_reachable"] else f"{one['way']} (closed)"
        print(f"{one['user']}  {one['contact']}  by {way}  for {one['expires_in']} s")
    return 0
