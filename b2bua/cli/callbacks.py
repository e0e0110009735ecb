"""`b2bua callbacks`: what the running daemon still has to deliver, or gave up."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from b2bua.app.log_lines import one_line
from b2bua.cli import control

SUMMARY = "list, show, replay or drop callbacks"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="those that wait and those that are dead, oldest first"
    )
    listing.add_argument("--state", choices=("pending", "dead"), default="")
    listing.add_argument("--account", default="", metavar="SID")
    listing.add_argument("--call", default="", metavar="SID")
    listing.add_argument("--limit", type=int, default=100)
    listing.set_defaults(action=_list)
    showing = actions.add_parser("show", help="everything of one")
    showing.add_argument("token")
    showing.set_defaults(action=_show)
    replaying = actions.add_parser("replay", help="send dead ones again; those that pause, now")
    replaying.add_argument("token", nargs="*")
    replaying.add_argument("--dead", action="store_true", help="all dead ones")
    replaying.set_defaults(action=_replay)
    dropping = actions.add_parser("drop", help="forget them")
    dropping.add_argument("token", nargs="+")
    dropping.set_defaults(action=_drop)
    for each in (listing, showing, replaying, dropping):
        control.arguments(each)


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked; 1 if the daemon can't or won't."""
    try:
        return int(parsed.action(parsed))
    except control.UnreachableError as problem:
        print(problem, file=sys.stderr)
        return 1


def _list(parsed: argparse.Namespace) -> int:
    query = {
        "state": parsed.state,
        "account": parsed.account,
        "call": parsed.call,
        "limit": parsed.limit,
    }
    rows = control.ask(parsed, "GET", "/callbacks", query)
    if parsed.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        told = [row["token"], row["state"], row["call_sid"], f"{row['event']}#{row['sequence']}"]
        tries = f"{row['tries']} tries" + (f", {row['problem']}" if row["problem"] else "")
        due = (
            f", due {moment(row['due_at'])}" if row["state"] == "pending" and row["due_at"] else ""
        )
        print(one_line("  ".join([*told, row["url"], tries + due])))
    return 0


def _show(parsed: argparse.Namespace) -> int:
    row = control.ask(parsed, "GET", f"/callbacks/{parsed.token}")
    print(json.dumps(row, indent=None if parsed.json else 2))
    return 0


def _replay(parsed: argparse.Namespace) -> int:
    tokens: list[str] = parsed.token
    if parsed.dead:
        query = {"state": "dead", "limit": 10_000}
        tokens = [
            *tokens,
            *(row["token"] for row in control.ask(parsed, "GET", "/callbacks", query)),
        ]
    return _each(parsed, "POST", "/replay", tokens, "replayed")


def _drop(parsed: argparse.Namespace) -> int:
    return _each(parsed, "DELETE", "", parsed.token, "dropped")


def _each(parsed: argparse.Namespace, method: str, tail: str, tokens: list[str], done: str) -> int:
    problems = 0
    for token in tokens:
        try:
            control.ask(parsed, method, f"/callbacks/{token}{tail}")
        except control.UnreachableError as problem:
            print(f"{token}: {problem}", file=sys.stderr)
            problems += 1
    print(f"{len(tokens) - problems} {done}")
    return 1 if problems else 0


def moment(epoch_seconds: Any) -> str:
    """Return a time in UTC, as operators read it."""
    return datetime.fromtimestamp(float(epoch_seconds), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
